"""What documents give to the parts below them: kinds of deliveries, listeners, pages, due work."""

from __future__ import annotations

from bitrix24 import news
from bitrix24.frame import pages
from bitrix24.installation import wizard
from documents import tasks
from documents.core import listeners, wiping
from documents.desk import list_views
from documents.drafts import services as drafts
from documents.news import (
    announcements,
    bounces,
    employee_notices,
    invitations,
    letters,
    notices,
    replies,
    timeline,
    uploads,
)
from outbox import kinds
from signx import due_work


def wire() -> None:
    """Called once, when all apps are loaded."""
    listeners.on_move(announcements.document_moved)
    listeners.on_act(announcements.signer_acted)
    news.listen(wiping.portal_changed)
    pages.register(pages.MAIN, list_views.documents_page)
    pages.register(wizard.TAB, list_views.deal_tab)
    due_work.register(tasks.follow_due, has_due=tasks.has_due)
    due_work.register(drafts.take_in_due, has_due=drafts.has_due)
    _wire_processes()
    _wire_people()


def _wire_processes() -> None:
    """What goes to business processes, to the Disk and to the CRM."""
    kinds.register(replies.REPLY, build=replies.build_reply, settled=replies.reply_settled)
    kinds.register(replies.LOG_LINE, build=replies.build_log_line)
    kinds.register(timeline.KIND, build=timeline.build_comment)
    # A robot that asks for the status gets the file's id.
    kinds.register(uploads.KIND, build=uploads.build_upload, is_kept=True)


def _wire_people() -> None:
    """What goes to signers and to support."""
    kinds.register(
        invitations.KIND, build=letters.build_invitation, settled=tasks.invitation_settled
    )
    kinds.register(
        "portal_invitation",
        build=employee_notices.build_portal_invitation,
        settled=tasks.invitation_settled,
    )
    kinds.register(
        "signing_code", build=letters.build_signing_code, settled=bounces.message_settled
    )
    kinds.register("portal_code", build=employee_notices.build_portal_code)
    # The signer's page tells that the copy was sent.
    kinds.register(
        "signed_copy",
        build=letters.build_signed_copy,
        settled=bounces.message_settled,
        is_kept=True,
    )
    kinds.register("closed", build=letters.build_closed, settled=bounces.message_settled)
    kinds.register(
        "annulment_request",
        build=letters.build_annulment_request,
        settled=bounces.message_settled,
    )
    kinds.register("address_moved", build=letters.build_address_moved)
    # One for each document whose sealing is late.
    kinds.register("support_letter", build=notices.build_support_letter, is_kept=True)
