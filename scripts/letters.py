"""Pictures of every letter, Russian and English, wide and narrow: docs/images/letters.

The letters are made by the product's own code from invented facts; a person looks at the pictures
before they are kept. Needs Chromium.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("SIGNX_SECRET_KEY", "pictures")
os.environ.setdefault("SIGNX_ENCRYPTION_KEYS", "cGljdHVyZXMtb2YtbGV0dGVycy1hcmUtbm8tc2VjcmU=")
os.environ["DJANGO_SETTINGS_MODULE"] = "signx.settings"

import django  # noqa: E402

django.setup()

from django.utils import translation  # noqa: E402
from django.utils.translation import gettext as _  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from documents.access.act_codes import Act  # noqa: E402
from documents.core.dates import date_time  # noqa: E402
from documents.news import letters  # noqa: E402
from tests.tools import program  # noqa: E402

OUTPUT = ROOT / "docs" / "images" / "letters"
WIDTHS = {"wide": 720, "narrow": 360}
COLOURS = 64
DUE = datetime(2026, 12, 8, 15, 0, tzinfo=UTC)
WORDS = {
    "ru": {
        "name": "Ильин Пётр Андреевич",
        "title": "Договор оказания услуг № 24-117",
        "organisation": "ООО «Северный Ветер»",
        "person": "Орлова Вера Павловна",
        "reason": "Стороны заключили новый договор на тех же условиях",
    },
    "en": {
        "name": "Peter Ilyin",
        "title": "Service contract No. 24-117",
        "organisation": "North Wind LLC",
        "person": "Vera Orlova",
        "reason": "The parties have made a new contract on the same terms",
    },
}


@dataclass(frozen=True)
class Sample:
    """One letter: its template, its subject, and the facts that it alone has."""

    picture: str
    template: str
    subject: str
    facts: dict[str, Any]


def samples() -> Iterator[Sample]:
    """In the active language."""
    yield Sample("invitation", "invitation", letters.INVITATION_SUBJECT, {})
    yield Sample("reminder", "invitation", letters.REMINDER_SUBJECT, {"is_reminder": True})
    for act in Act:
        facts = {"code": "482913", "act": act.value}
        yield Sample(f"code-{act.name.lower()}", "signing_code", letters.CODE_SUBJECTS[act], facts)
    files = [
        {"label": _("Signed document"), "name": "24-117.pdf", "size_bytes": 312_000},
        {"label": _("Signing report"), "name": "24-117-report.pdf", "size_bytes": 96_000},
    ]
    copy = {"files": files, "is_attached": True, "is_counterparty": True}
    yield Sample("signed-copy", "signed_copy", letters.COPY_SUBJECT, copy)
    for status, subject in letters.CLOSED_SUBJECTS.items():
        facts = {"status": status, "has_signed": False}
        yield Sample(f"closed-{status}", "closed", subject, facts)
    yield Sample("annulment", "annulment_request", letters.ANNULMENT_SUBJECT, {})


def html(sample: Sample, language: str) -> str:
    words = WORDS[language]
    facts = words | {
        "number": "7kqm-29xd-fhp3",
        "from": words["organisation"],
        "proposer": words["person"],
        "operator": "SIGNX",
        "support_email": "support@signx.example",
        "link": "https://signx.example/s/…/",
        "due": date_time(DUE, language),
        "until": date_time(DUE, language),
    }
    if sample.facts.get("status") == "expired":
        facts["reason"] = ""
    subject = str(sample.subject)
    return letters.compose(sample.template, subject, facts | sample.facts, to="").html


def small(screenshot: bytes) -> bytes:
    """Few colours: letters are flat, and the repository is not a gallery."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    output = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(output, "PNG", optimize=True)
    return output.getvalue()


def main() -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.png"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "google-chrome"),
            chromium_sandbox=os.geteuid() != 0,
        )
        for size, width in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": 400})
            for language in WORDS:
                with translation.override(language):
                    for sample in samples():
                        page.set_content(html(sample, language))
                        picture = small(page.screenshot(full_page=True))
                        name = f"{sample.picture}-{language}-{size}.png"
                        (OUTPUT / name).write_bytes(picture)
        browser.close()
    total = sum(path.stat().st_size for path in OUTPUT.glob("*.png"))
    print(f"{OUTPUT.relative_to(ROOT)}: {total // 1024} KB")


if __name__ == "__main__":
    main()
