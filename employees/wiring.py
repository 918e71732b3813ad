"""What employees give to the parts below them: letters, a step of the wizard, a listener."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitrix24 import news
from bitrix24.installation import wizard
from employees.people import directory, portal_letters
from employees.signatures import letters
from outbox import kinds


def wire() -> None:
    """Called once, when all apps are loaded."""
    news.listen(directory.portal_changed)
    wizard.register_step(directory.import_administrator, _("Your employee card and rights"))
    kinds.register("employee_code", build=letters.build_employee_code)
    kinds.register("confirmation_request", build=letters.build_confirmation_request)
    # Looked at daily: one for each mark before the end.
    kinds.register("certificate_ends", build=letters.build_certificate_ends, is_kept=True)
    kinds.register("certificate_notice", is_kept=True)
    kinds.register("access_lost", build=portal_letters.build_access_lost)
