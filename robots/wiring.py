"""What robots give to the parts below them: listeners, a step of the wizard, a look, due work."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitrix24 import news
from bitrix24.calls import held
from bitrix24.installation import upkeep, wizard
from documents.core import listeners
from robots import services, tasks, wiping
from robots.registration import triggers
from robots.registration import upkeep as robots_upkeep
from signx import due_work


def wire() -> None:
    """Called once, when all apps are loaded."""
    listeners.on_move(triggers.document_moved)
    news.listen(wiping.portal_changed)
    news.listen(services.portal_changed)
    wizard.register_step(services.restore_robots, _("Robots for business processes"))
    upkeep.register(robots_upkeep.LOOK)
    held.register(services.HELD_CALL, services.receive_held)
    due_work.register(tasks.run_due, has_due=tasks.has_due)
