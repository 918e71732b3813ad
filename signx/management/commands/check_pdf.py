"""`manage.py check_pdf FILE… [--json] [--keep-signatures]`: would each file be taken for signing,
and what would go?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from signing.hashes import sha256
from signing.intake import NOTES, REMOVALS, Limits, take_in
from signx.errors import ErrorCode, SignXError
from signx.management.pdf_files import (
    KEEP_SIGNATURES,
    GivenFile,
    add_arguments,
    given_files,
    one_line,
)


class Command(BaseCommand):
    help = (
        "Checks files as they are checked on arrival; nothing is written. Exit code: 0 when every "
        "file is taken, 1 when one is refused."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)
        parser.add_argument("--keep-signatures", action="store_true", help=KEEP_SIGNATURES)

    def handle(self, *args: Any, **options: Any) -> None:
        are_taken = True
        for given in given_files(options["paths"]):
            facts = {"name": given.name, **_taken_in(given, options["keep_signatures"])}
            are_taken = are_taken and facts["verdict"] == "taken"
            self.stdout.write(
                json.dumps(facts, ensure_ascii=False) if options["json"] else line(facts)
            )
        raise SystemExit(0 if are_taken else 1)


def line(facts: dict[str, Any]) -> str:
    if facts["verdict"] == "refused":
        return one_line(f"REFUSED  {facts['name']}: {facts['reason']} [{facts['code']}]")
    said = [f"{facts['pages']} p.", *(REMOVALS[what] for what in facts["removed"])]
    said += [NOTES[what] for what in facts["notes"]]
    said += [_signed_by(one) for one in facts["signatures"]]
    return one_line(f"TAKEN  {facts['name']}: {'; '.join(str(part) for part in said)}")


def _signed_by(signature: dict[str, str]) -> str:
    name = signature["name"] or signature["subject"]
    return _("Signed before: %(name)s") % {"name": name}


def _taken_in(given: GivenFile, keeps_signatures: bool) -> dict[str, Any]:
    """Never raises for what a file holds."""
    if given.problem:
        return _refused(ErrorCode.DOCUMENT_NOT_FOUND, "unreadable", given.problem)
    try:
        limits = Limits(bytes=settings.FILE_LIMIT_BYTES, pages=settings.PAGE_LIMIT)
        intake = take_in(given.content, limits, keeps_signatures=keeps_signatures)
    except SignXError as error:
        cause = error.detail.split(" ")[0]
        return _refused(error.code, cause, str(error.context.get("reason", error.sentence)))
    except (Exception, MemoryError) as error:
        return _refused(ErrorCode.INTERNAL_ERROR, type(error).__name__, type(error).__name__)
    return {
        "verdict": "taken",
        "pages": intake.page_count,
        "removed": list(intake.removed),
        "notes": list(intake.notes),
        "has_text": intake.has_text,
        "signatures": [asdict(one) for one in intake.signatures],
        "sha256": sha256(given.content),
        "clean_sha256": intake.clean_sha256,
        "clean_size_bytes": len(intake.pdf),
    }


def _refused(code: ErrorCode, cause: str, reason: str) -> dict[str, Any]:
    return {"verdict": "refused", "code": code.value, "cause": cause, "reason": one_line(reason)}
