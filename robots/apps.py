"""Robots of business processes and their calls."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RobotsConfig(AppConfig):
    name = "robots"
    verbose_name = _("Robots")

    def ready(self) -> None:
        from robots import wiring

        wiring.wire()
