"""What the connection to portals gives: channels of the outbox, steps, looks, due work."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitrix24 import senders, tasks
from bitrix24.calls import held
from bitrix24.installation import features, lifecycle, upkeep, wizard
from outbox import kinds
from signx import due_work


def wire() -> None:
    """Called once, when all apps are loaded."""
    kinds.register_channel("portal", senders.send_commands, chunk=50)
    kinds.register_channel("disk", senders.upload_files, chunk=9)
    wizard.register_step(features.look, _("Permissions and plan of the portal"))
    wizard.register_step(wizard.bind_events, _("Connection with the portal"))
    wizard.register_step(wizard.bind_placements, _("Tab in the deal card"))
    wizard.register_step(wizard.learn_folder, _("Folder for signed files on Disk"))
    upkeep.register(upkeep.HANDLERS)
    upkeep.register(upkeep.FEATURES)
    held.register(lifecycle.HELD_EVENT, lifecycle.receive_held)
    due_work.register(tasks.run_due, has_due=tasks.has_due)
