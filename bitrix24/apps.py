"""Portals and the connection to them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Bitrix24Config(AppConfig):
    name = "bitrix24"
    verbose_name = _("Portals")

    def ready(self) -> None:
        from bitrix24 import wiring

        wiring.wire()
