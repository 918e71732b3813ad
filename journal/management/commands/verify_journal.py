"""Check the journal's chains: `manage.py verify_journal [--portal DOMAIN] [--file FILE]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from journal import append_only, services
from journal.chain import ChainCheck
from journal.export import verify_lines


class Command(BaseCommand):
    help = "Check that no event of the journal was changed, removed or added afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--portal", help="member_id or domain; all portals without it")
        parser.add_argument("--file", help="an exported journal (JSON lines), checked offline")
        parser.add_argument(
            "--hash",
            default="",
            help="a hash that must be in the chain, as printed in a signing report",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            checks = {options["file"]: self._of_file(Path(options["file"]), options["hash"])}
        else:
            self._require_triggers()
            checks = self._of_portals(options["portal"], options["hash"])
        broken = [name for name, check in checks.items() if not self._report(name, check)]
        if broken:
            raise CommandError(_("The journal does not hold: %s") % ", ".join(broken))

    def _of_file(self, path: Path, anchor: str) -> ChainCheck:
        try:
            with path.open(encoding="utf-8") as lines:
                return verify_lines(lines, anchor=anchor)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("The file cannot be read: %s") % error) from error

    def _of_portals(self, name: str | None, anchor: str) -> dict[str, ChainCheck]:
        portals = Portal.objects.order_by("pk")
        if name:
            portals = portals.filter(member_id=name) | portals.filter(domain=name)
        if name and not portals:
            raise CommandError(_("There is no such portal: %s") % name)
        return {
            portal.domain: services.verify_chain(portal, anchor=anchor if name else "")
            for portal in portals
        }

    def _require_triggers(self) -> None:
        if names := append_only.missing(connection):
            raise CommandError(
                _("The database does not protect the journal, run migrate. Missing: %s")
                % ", ".join(names)
            )

    def _report(self, name: str, check: ChainCheck) -> bool:
        if check.ok:
            text = _("%(name)s: %(count)d events, sound, head %(hash)s")
            self.stdout.write(
                text % {"name": name, "count": check.checked, "hash": check.head_hash or "—"}
            )
        else:
            text = _("%(name)s: broken at event %(number)s. %(reason)s")
            self.stdout.write(
                text
                % {
                    "name": name,
                    "number": check.broken_at or "—",
                    "reason": check.reason.label if check.reason else "",
                }
            )
        return check.ok
