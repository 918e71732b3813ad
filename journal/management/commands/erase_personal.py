"""Erase personal details: `manage.py erase_personal PORTAL KIND ID --by anna --yes`.

The events stay and the chain holds; what they said of a person is gone for good.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from journal.models import PersonalDetail
from journal.services import erase_personal


class Command(BaseCommand):
    help = "Erase the personal details of every event about one subject, for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("portal", help="member_id or domain")
        parser.add_argument("kind", help='what the events are about: "document", "employee"')
        parser.add_argument("id", help="its id, as the journal shows it")
        parser.add_argument("--by", required=True, help="who asks for it, for the journal")
        parser.add_argument("--yes", action="store_true", help="erase; without it, only count")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["portal"]
        portal = Portal.objects.filter(Q(member_id=name) | Q(domain=name)).first()
        if portal is None:
            raise CommandError(_("There is no such portal: %s") % name)
        subject = (options["kind"], options["id"])
        if options["yes"]:
            erased = erase_personal(portal, subject, actor=f"support:{options['by']}")
            self.stdout.write(_("Erased in events: %d") % erased)
        else:
            found = PersonalDetail.objects.about(portal, *subject).count()
            self.stdout.write(_("Would be erased in events: %d. Add --yes to do it.") % found)
