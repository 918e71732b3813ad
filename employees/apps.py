"""People of the portals, their rights, signatures and balance."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmployeesConfig(AppConfig):
    name = "employees"
    verbose_name = _("Employees and balance")

    def ready(self) -> None:
        from employees import wiring

        wiring.wire()
