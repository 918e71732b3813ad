"""`manage.py register_robots`: bring the robots on the portals up to date with the code."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from bitrix24.models import Portal
from robots.models import RobotSwitch
from robots.registration.switches import administrator_of, switch_states
from robots.registry import ROBOTS
from robots.services import restore_robots
from signx.errors import SignXError


class Command(BaseCommand):
    help = (
        "Register the robots that are switched on, on every active portal or on one. Needed "
        "after a robot's inputs or texts were changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portal", default="", help="only this portal, by its host name")
        parser.add_argument("--all", action="store_true", help="switch every robot on first")

    def handle(self, *args: Any, **options: Any) -> None:
        portals = Portal.objects.active().order_by("domain")
        if options["portal"]:
            portals = portals.filter(domain=options["portal"])
            if not portals:
                raise CommandError(f"there is no active portal {options['portal']}")
        for portal in portals:
            self._register(portal, switch_all=options["all"])

    def _register(self, portal: Portal, *, switch_all: bool) -> None:
        if switch_all:
            for code in ROBOTS:
                RobotSwitch.objects.update_or_create(
                    portal=portal, code=code, defaults={"is_on": True}
                )
        try:
            restore_robots(portal, administrator_of(portal))
        except SignXError as error:
            self.stderr.write(f"{portal.domain}: {error}")
            return
        for row in switch_states(portal):
            self.stdout.write(f"{portal.domain}: {row.code} {row.state} {row.error}".rstrip())
