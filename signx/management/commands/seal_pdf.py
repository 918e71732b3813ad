"""`manage.py seal_pdf IN OUT --signer NAME… [--coordinates …]`: the engine by hand."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import CommandParser
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from employees.signatures.keys import platform_roots
from employees.signatures.seal_keys import platform_seal
from signing.base import Level, Party
from signing.hashes import sha256
from signing.intake import Intake, Limits, take_in
from signing.placement import coordinates
from signing.placement.stamps import stamp_lines
from signing.provider import SignatureOrder, SigningRequest
from signing.registry import provider
from signing.verify import verify_own
from signx.errors import SignXError
from signx.management import trial
from signx.management.pdf_files import KEEP_SIGNATURES, given_files, one_line

_PROVIDER = "embedded"
_NAME_LIMIT = 200


class Command(BaseCommand):
    help = (
        "Checks and cleans a PDF, stamps and signs it for each NAME with the platform's seal, "
        "verifies the result and writes it to OUT. For trying the engine: nobody confirms a "
        "signature made in this way, and no document is registered."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, metavar="IN")
        parser.add_argument("target", type=Path, metavar="OUT")
        parser.add_argument("--signer", action="append", required=True, metavar="NAME")
        parser.add_argument("--coordinates", default="", help="like 1=-1:20:250; 2=@Director")
        parser.add_argument("--keep-signatures", action="store_true", help=KEEP_SIGNATURES)
        parser.add_argument("--language", default=settings.LANGUAGE_CODE, choices=["ru", "en"])

    def handle(self, *args: Any, **options: Any) -> None:
        (given,) = given_files([options["source"]]) if not options["source"].is_dir() else (None,)
        if given is None or given.problem:
            raise CommandError(given.problem if given else _("It is not a file."))
        names = [one_line(name)[:_NAME_LIMIT] for name in options["signer"]]
        if not all(names):
            raise CommandError(_("A signer needs a name."))
        try:
            if trial.MARK in os.environ:
                call_command("migrate", interactive=False, verbosity=0)
            with translation.override(options["language"]):
                intake = take_in(
                    given.content,
                    Limits(bytes=settings.FILE_LIMIT_BYTES, pages=settings.PAGE_LIMIT),
                    keeps_signatures=options["keep_signatures"],
                )
                sealed = sealed_pdf(
                    intake, given.path.stem, names, options["coordinates"], timezone.now()
                )
            _write(options["target"], sealed)
        except SignXError as error:
            raise CommandError(f"{error.code.value}: {error.sentence}") from error
        except DatabaseError as error:
            raise CommandError(_("The database is not ready: manage.py setup.")) from error
        except OSError as error:
            raise CommandError(f"{options['target']}: {error.strerror}") from error
        except (Exception, MemoryError) as error:
            raise CommandError(f"internal_error: {type(error).__name__}") from error
        self.stdout.write(f"{options['target']}: {len(names)} × PAdES, SHA-256 {sha256(sealed)}")


def sealed_pdf(intake: Intake, title: str, names: list[str], where: str, at: datetime) -> bytes:
    """The file with one signature for each name, in the active language. Raises SignXError."""
    keys = [str(number) for number in range(1, len(names) + 1)]
    language = translation.get_language() or "en"
    placed = coordinates.place(
        coordinates.parse(where), intake.pdf, keys, language=language, document_title=title
    )
    engine = provider(_PROVIDER)
    signed = engine.prepare(SigningRequest("seal_pdf", placed.pdf, placed.places)).pdf
    for key, name in zip(keys, names, strict=True):
        signed = engine.sign(signed, _order(key, name, keys, at, language))
    verdict = verify_own(signed, roots=platform_roots(), at=at)
    count = len(intake.signatures) + len(names)
    if verdict.verdict == "invalid" or len(verdict.signatures) != count:
        raise CommandError(f"provider_failed: {', '.join(verdict.causes)}")
    return signed


def _order(key: str, name: str, keys: list[str], at: datetime, language: str) -> SignatureOrder:
    party = Party(
        key=key,
        name=name,
        role="",
        organisation="",
        level=Level.SIMPLE,
        confirmed_by=_("a command of the service's administrator"),
        side="company" if key == keys[0] else "counterparty",
    )
    zone = timezone.get_current_timezone()
    return SignatureOrder(
        key=key,
        name=name,
        reason=_("Trial signature"),
        stamp=stamp_lines(party, signed_at=at, document_number="", language=language, zone=zone),
        at=at,
        with_key=platform_seal(at),
        is_last=key == keys[-1],
    )


def _write(target: Path, content: bytes) -> None:
    """The whole file or none: written beside its place and moved there."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as handle:
        handle.write(content)
    try:
        Path(handle.name).chmod(0o644)
        os.replace(handle.name, target)  # noqa: PTH105
    except OSError:
        Path(handle.name).unlink()
        raise
