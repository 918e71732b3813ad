"""The project's own app (commands, pages of the edge) and Django admin as the support desk."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class SignXConfig(AppConfig):
    name = "signx"
    verbose_name = "SIGNX"
    default = True

    def ready(self) -> None:
        from signx.management import checks  # noqa: F401  (registers them)


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "signx.admin_site.SupportSite"
