"""The agreement on the use of a simple electronic signature: a versioned template.

Federal Law 63-FZ, article 9, part 2 asks for two rules above all: how the signer is determined
(section 5) and that the key is kept confidential (section 6).
"""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable, HRFlowable, Paragraph, Spacer

from signing.hashes import sha256
from signing.paper import BLUE, build, styles
from signing.typeface import printable

# Changes with every change of the texts; agreements accepted under another version end.
TEMPLATE_VERSION = "2026.1"
LANGUAGES = ("ru", "en")
_TEXTS = Path(__file__).parent / "agreement_texts"


@dataclass(frozen=True)
class AgreementValues:
    """What fills the template. `address` is the signer's full e-mail or phone, not masked.

    `date` is already in words of the language; `channel` tells how codes arrive.
    """

    number: str
    date: str
    company: str
    company_signer: str
    counterparty: str
    address: str
    channel: str
    service: str
    operator: str
    operator_details: str


@dataclass(frozen=True)
class Section:
    """A numbered heading with its clauses, each with its own number («5.1»)."""

    number: int
    heading: str
    clauses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AgreementText:
    """The filled agreement, in pieces for a page or a paper."""

    title: str
    subtitle: str
    version: str
    template_hash: str
    sections: tuple[Section, ...]


def template_hash(language: str) -> str:
    """SHA-256 of the template of a language, before it is filled."""
    return sha256(f"{TEMPLATE_VERSION}\n{_template(_known(language))}".encode())


def agreement_text(values: AgreementValues, language: str) -> AgreementText:
    """The agreement filled with values. Another language than ours falls back to English."""
    language = _known(language)
    title, *parts = _template(language).split("\n# ")
    filled = {name: value or "—" for name, value in asdict(values).items()}
    with translation.override(language):
        subtitle = _("No. %(number)s of %(date)s, template version %(version)s") % {
            "number": values.number,
            "date": values.date,
            "version": TEMPLATE_VERSION,
        }
    return AgreementText(
        title=title.strip(),
        subtitle=subtitle,
        version=TEMPLATE_VERSION,
        template_hash=template_hash(language),
        sections=tuple(_section(number, part, filled) for number, part in enumerate(parts, 1)),
    )


def agreement_pdf(values: AgreementValues, language: str) -> bytes:
    """The agreement as A4 pages; the same values give the same bytes."""
    text = agreement_text(values, language)
    story: list[Flowable] = [
        Paragraph(_safe(text.title), styles()["title"]),
        Paragraph(_safe(text.subtitle), styles()["subtitle"]),
        Spacer(1, 6),
        HRFlowable(width="100%", thickness=1, color=BLUE, spaceAfter=4),
    ]
    for section in text.sections:
        heading = f"{section.number}. {section.heading}"
        story.append(Paragraph(_safe(heading), styles()["heading"]))
        story += [
            Paragraph(f"{number}. {_safe(clause)}", styles()["clause"])
            for number, clause in section.clauses
        ]
    output = io.BytesIO()
    build(output, story, title=text.title, mark=f"{text.subtitle} · {text.template_hash[:16]}")
    return output.getvalue()


def _section(number: int, part: str, filled: dict[str, str]) -> Section:
    heading, *paragraphs = (piece.strip() for piece in part.split("\n\n"))
    clauses = (
        (f"{number}.{index}", paragraph.format_map(filled))
        for index, paragraph in enumerate(filter(None, paragraphs), start=1)
    )
    return Section(number, heading, tuple(clauses))


@cache
def _template(language: str) -> str:
    return (_TEXTS / f"{language}.txt").read_text(encoding="utf-8")


def _known(language: str) -> str:
    short = language[:2]
    return short if short in LANGUAGES else "en"


def _safe(text: str) -> str:
    return escape(printable(text))
