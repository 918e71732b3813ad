"""The journal app: after every migration its tables are made append-only again."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    name = "journal"
    verbose_name = _("Journal")
    default = True

    def ready(self) -> None:
        from journal import wiring
        from journal.append_only import after_migrate

        wiring.wire()
        post_migrate.connect(after_migrate, sender=self)
