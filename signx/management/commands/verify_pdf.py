"""`manage.py verify_pdf FILE… [--json]`: is each file what was signed?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.db import DatabaseError
from django.utils import timezone

from documents.proof import verification
from documents.proof.detached import trusted_roots
from documents.proof.verification import Finding
from documents.proof.verification_facts import detached_facts, facts_of
from signing.hashes import sha256
from signing.verification.detached import DetachedCheck, check_detached
from signx.management.pdf_files import GivenFile, add_arguments, given_files, one_line

# Exit codes; 2 belongs to wrong usage.
_EXIT = {"valid": 0, "invalid": 1, "unknown": 3}
_WORST_FIRST = ("invalid", "unknown", "valid")


class Command(BaseCommand):
    help = (
        "Checks signed PDF files as the verification page does. Exit code: 0 when every file is "
        "valid, 1 when one is false, 3 when one could not be verified."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--signature", type=Path, metavar="SIG", help="a detached signature of the one FILE"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signature = _signature(options["signature"], options["paths"])
        show = self._json if options["json"] else self._lines
        words = {"valid"}
        for given in given_files(options["paths"]):
            finding = _finding(given)
            detached = _detached(given, signature)
            show(finding, detached)
            words |= {finding.verdict} if detached is None else {detached.verdict}
        raise SystemExit(_EXIT[next(word for word in _WORST_FIRST if word in words)])

    def _json(self, finding: Finding, detached: DetachedCheck | None) -> None:
        self.stdout.write(json.dumps(facts_of(finding, detached), ensure_ascii=False))

    def _lines(self, finding: Finding, detached: DetachedCheck | None) -> None:
        self.stdout.write(f"{finding.verdict.upper()}  {finding.name}: {finding.headline}")
        for reason in finding.reasons:
            self.stdout.write(f"  - {reason}")
        for number, check in enumerate(finding.signatures, start=1):
            who = one_line(check.name or check.subject or check.field)
            when = f", {check.signed_at:%Y-%m-%d %H:%M:%S %Z}" if check.signed_at else ""
            self.stdout.write(f"  {number}. {check.verdict}: {who}{when}")
        if detached is not None:
            self._detached_lines(detached)

    def _detached_lines(self, detached: DetachedCheck) -> None:
        facts = detached_facts(detached)
        self.stdout.write(f"  .sig {facts['verdict']}: {' '.join(facts['reasons'])}".rstrip(": "))
        for signer in detached.signers:
            who = f"{one_line(signer.name)}, {signer.algorithm}, {signer.level}"
            self.stdout.write(f"    {signer.verdict}: {who}")


def _finding(given: GivenFile) -> Finding:
    """Never raises for what a file holds, and works before the database is made."""
    if given.problem:
        return _without_record(given, given.problem)
    at = timezone.now()
    try:
        return verification.check_file(given.name, given.content, expected=None, at=at)
    except DatabaseError:
        return verification.check_without_record(given.name, given.content, at=at)
    except (Exception, MemoryError) as error:
        return _without_record(given, f"{type(error).__name__}.")


def _without_record(given: GivenFile, reason: str) -> Finding:
    return Finding(
        name=given.name,
        sha256=sha256(given.content) if given.content else "",
        size_bytes=len(given.content),
        verdict="unknown",
        headline=verification.HEADLINES["unknown"],
        reasons=(reason,),
        signatures=(),
        stored=None,
        causes=("unreadable",),
    )


def _signature(path: Path | None, paths: list[Path]) -> bytes | None:
    if path is None:
        return None
    if len(paths) != 1 or paths[0].is_dir():
        raise CommandError("--signature belongs to one FILE.")
    (given,) = given_files([path])
    if given.problem:
        raise CommandError(f"{given.name}: {given.problem}")
    return given.content


def _detached(given: GivenFile, signature: bytes | None) -> DetachedCheck | None:
    if signature is None or given.problem:
        return None
    return check_detached(signature, given.content, roots=trusted_roots(), at=timezone.now())
