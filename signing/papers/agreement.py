"""The agreement on the use of a simple electronic signature: a versioned template.

Federal Law 63-FZ, article 9, part 2 asks for two rules above all: how the signer is determined
(section 5) and that the key is kept confidential (section 6).
"""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from xml.sax.saxutils import escape

from django.utils import translation
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from reportlab.platypus import Flowable, HRFlowable, Paragraph, Spacer

from signing.fonts.typeface import printable
from signing.hashes import sha256
from signing.paper import BLUE, build, styles

# Of the texts that come with the product; changes with every change of them.
TEMPLATE_VERSION = "2026.1"
LANGUAGES = ("ru", "en")


class Kind(StrEnum):
    """Which text: between two companies, or of an employee about personnel documents.

    Source of the second: Labour Code of the Russian Federation, article 22.2.
    """

    AGREEMENT = "agreement"
    HR_CONSENT = "hr_consent"


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


# The gaps a text may have, and those without which it would bind nobody.
GAPS = tuple(field.name for field in fields(AgreementValues))
_NEEDED = ("company", "counterparty", "address")


@dataclass(frozen=True)
class Template:
    """One text in one language, before it is filled. `text`: a title, then sections that begin
    with “# ”, their clauses parted by empty lines, gaps in braces."""

    version: str
    language: str
    text: str

    @property
    def sha256(self) -> str:
        """Of version and text: this is what a signer accepts."""
        return sha256(f"{self.version}\n{self.text}".encode())


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


def shipped(language: str, kind: Kind = Kind.AGREEMENT) -> Template:
    """The text that comes with the product. Another language than ours falls back to English."""
    language = known_language(language)
    return Template(TEMPLATE_VERSION, language, _shipped_text(language, kind))


def mistake_of(text: str) -> str | Promise:
    """What is wrong with a text, in words; empty when it can be filled and binds both sides."""
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        return _("A brace stands alone.")
    gaps = [(name, bool(form or conversion)) for _t, name, form, conversion in pieces if name]
    for name, is_formatted in gaps:
        if name not in GAPS or is_formatted:
            return format_lazy(_("There is no gap {{{name}}}."), name=name)
    if any(name == "" for _t, name, _f, _c in pieces):
        return _("A gap has no name.")
    if missing := [name for name in _NEEDED if name not in dict(gaps)]:
        return format_lazy(_("The gap {{{name}}} is missing."), name=missing[0])
    title, *sections = text.split("\n# ")
    if not sections or not title.strip() or len(title.strip().splitlines()) > 1:
        return _("Begin with a title of one line, then a section: “# Parties”.")
    return ""


def agreement_text(values: AgreementValues, template: Template) -> AgreementText:
    """The agreement filled with values."""
    title, *parts = template.text.split("\n# ")
    filled = {name: value or "—" for name, value in asdict(values).items()}
    with translation.override(template.language):
        subtitle = gettext("No. %(number)s of %(date)s, template version %(version)s") % {
            "number": values.number,
            "date": values.date,
            "version": template.version,
        }
    return AgreementText(
        title=title.strip(),
        subtitle=subtitle,
        version=template.version,
        template_hash=template.sha256,
        sections=tuple(_section(number, part, filled) for number, part in enumerate(parts, 1)),
    )


def agreement_pdf(values: AgreementValues, template: Template) -> bytes:
    """The agreement as A4 pages; the same values give the same bytes."""
    text = agreement_text(values, template)
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
def _shipped_text(language: str, kind: Kind) -> str:
    name = language if kind is Kind.AGREEMENT else f"{kind.value}_{language}"
    return (_TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def known_language(language: str) -> str:
    short = language[:2]
    return short if short in LANGUAGES else "en"


def _safe(text: str) -> str:
    return escape(printable(text))
