"""Who hears of what: chat notices by the portal's matrix, signed copies, support's alarm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from bitrix24.rest.chat import plain, queue_notice
from documents.access.recipients import payload_for
from documents.models import Document, PortalSettings, Signer
from documents.news.outputs import status_text
from employees.models import Employee
from outbox.base import Letter
from outbox.models import Delivery
from outbox.services import queue

SENDER, RESPONSIBLE, SIGNER = "sender", "responsible", "signer_company"
# Event -> who is told in the portal's chat. Events are statuses and the acts of signers.
DEFAULT_MATRIX: dict[str, tuple[str, ...]] = {
    "sent": (RESPONSIBLE,),
    "viewed": (),
    "signed": (RESPONSIBLE,),
    "mail_rejected": (RESPONSIBLE, SENDER),
    "completed": (RESPONSIBLE, SENDER, SIGNER),
    "declined": (RESPONSIBLE, SENDER, SIGNER),
    "expired": (RESPONSIBLE, SENDER, SIGNER),
    "cancelled": (RESPONSIBLE, SENDER, SIGNER),
    "failed": (RESPONSIBLE, SENDER),
    "annulled": (RESPONSIBLE, SENDER, SIGNER),
    "address_changed": (RESPONSIBLE, SENDER),
    "delegated": (RESPONSIBLE, SENDER),
    "annulment_proposed": (RESPONSIBLE, SENDER, SIGNER),
    "annulment_refused": (RESPONSIBLE, SENDER, SIGNER),
}


def recipients(document: Document, event: str) -> list[Employee]:
    """Each person once. When a matrix row names only people a document does not have, its
    company signer is told: nobody may be left blind by an empty field."""
    chosen = PortalSettings.objects.of(document.portal).notices
    roles: Iterable[str] = chosen.get(event, DEFAULT_MATRIX.get(event, ()))
    people = [person for role in roles if (person := _person(document, role)) is not None]
    if not people and roles and (fallback := _person(document, SIGNER)) is not None:
        people = [fallback]
    return list({person.pk: person for person in people if person.is_active}.values())


def askable(document: Document) -> list[Employee]:
    """Who gets a signer's request for help: whom the matrix names for undelivered letters, else
    the people of the document, else the administrators. A request is never lost in an empty row."""
    people = recipients(document, "mail_rejected")
    own = (_person(document, role) for role in (SENDER, RESPONSIBLE, SIGNER))
    people = people or [person for person in own if person is not None and person.is_active]
    admins = Employee.objects.for_portal(document.portal).filter(
        is_portal_admin=True, is_active=True
    )
    return list({person.pk: person for person in people or admins}.values())


def queue_notices(
    document: Document, event: str, *, signer: Signer | None = None, occasion: str = ""
) -> None:
    """A notice for everyone whom the matrix names; `occasion` tells repetitions of an event apart.

    The tag names document, event and person: a notice takes the place of every other one with its
    tag, whoever that was for (`im.notify.system.add`, TAG).
    """
    people = recipients(document, event)
    if not people:
        return
    text = notice_text(document, event, signer)
    for person in people:
        _queue_notice(document, event + occasion, signer, person, text)


def notice_text(document: Document, event: str, signer: Signer | None = None) -> str:
    """The notice in the portal's language and markup."""
    with translation.override(document.portal.language):
        title = _("Document “%(title)s” (No. %(number)s)") % {
            "title": plain(document.title),
            "number": document.number,
        }
        news = plain(news_text(document, event, signer))
        link = _("Open")
    lines = [f"[b]{title}[/b]", news, plain(document.error)]
    lines = list(dict.fromkeys(lines))  # the news may be the error itself
    lines.append(f"[url={document.verification_url}]{link}[/url]")
    return "#BR#".join(line for line in lines if line)


def queue_signed_copies(document: Document) -> None:
    """The signed file by mail to both sides; `documents.news.letters` builds the letter."""
    for signer in document.signers.exclude(email=""):
        queue(
            key=copy_key(signer),
            kind="signed_copy",
            channel="mail",
            lane="mail",
            payload=payload_for(signer, document=document.pk),
            subject=document.subject,
        )


def queue_moved(signer: Signer, old_email: str, *, at: datetime) -> None:
    """A short letter to the address that a sender has replaced: its owner may be the one whom the
    document is for, and then somebody else is asked in his name."""
    queue(
        key=f"moved:{signer.pk}:{at.timestamp():.6f}",
        kind="address_moved",
        channel="mail",
        lane="mail",
        payload={"document": signer.document_id, "about": signer.pk},
        secret={"address": old_email},
        subject=signer.document.subject,
        at=at,
    )


def copy_key(signer: Signer) -> str:
    return f"signed_copy:{signer.pk}"


def queue_closing_news(document: Document) -> None:
    """News of the end for the other sides: who was asked learns that nothing is asked any more.
    An employee hears of it in the portal's chat, as of everything else."""
    asked = document.signers.filter(side=Signer.Side.COUNTERPARTY, invited_at__isnull=False)
    for signer in asked.exclude(status=Signer.Status.DECLINED).select_related("employee"):
        if signer.employee is not None:
            text = notice_text(document, document.status)
            _queue_notice(document, document.status, signer, signer.employee, text)
            continue
        queue(
            key=f"closed:{signer.pk}:{document.status}",
            kind="closed",
            channel="mail",
            lane="mail",
            payload=payload_for(signer, status=str(document.status)),
            subject=document.subject,
        )


def tell_support(document: Document, error_code: str) -> bool:
    """One letter about a document whose sealing takes too long; False when it is queued already.

    Under the document's lock."""
    key = f"sealing_delayed:{document.pk}"
    if Delivery.objects.filter(key=key).exists():
        return False
    queue(
        key=key,
        kind="support_letter",
        channel="mail",
        lane="mail",
        payload={"document": document.pk, "error_code": error_code},
        subject=document.subject,
    )
    return True


def build_support_letter(delivery: Delivery) -> Letter | None:
    """The alarm of a sealing that is late; nothing to send once the document is completed."""
    document = Document.objects.select_related("portal").get(pk=delivery.payload["document"])
    if document.status != Document.Status.SEALING:
        return None
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Document %(number)s cannot be finalised") % {"number": document.number}
        text = _(
            "All parties have signed document %(number)s of %(portal)s, but its files are not "
            "made after %(attempts)d attempts. Last error: %(code)s. SIGNX goes on trying; "
            "nothing that was signed is lost."
        ) % {
            "number": document.number,
            "portal": document.portal.domain,
            "attempts": document.step_attempts,
            "code": delivery.payload["error_code"] or "—",
        }
    return Letter(
        to=settings.SUPPORT_EMAIL, subject=subject, text=text, html=linebreaks(text), attachments=()
    )


def news_text(document: Document, event: str, signer: Signer | None) -> str:
    """One sentence about the event, in the active language."""
    name = signer.name if signer is not None else ""
    if event == "viewed":
        return _("Opened by %(name)s") % {"name": name}
    if event == "signed":
        return _("Signed by %(name)s") % {"name": name}
    if event == "mail_rejected":
        return _("A letter to %(name)s was not accepted. Check the address.") % {"name": name}
    if event == "address_changed":
        return _("The address of %(name)s was changed. The old link does not work.") % {
            "name": name
        }
    if event == "delegated":
        return _("The signing was handed over to %(name)s.") % {"name": name}
    if event == "annulment_proposed":
        return _("%(name)s proposes to annul the document. Open it in SIGNX to answer.") % {
            "name": name
        }
    if event == "annulment_refused":
        return _("%(name)s does not agree to annul the document.") % {"name": name}
    return status_text(document)


def _person(document: Document, role: str) -> Employee | None:
    if role == SENDER:
        return document.sender
    if role == RESPONSIBLE:
        return document.responsible
    company = document.signers.filter(side=Signer.Side.COMPANY).select_related("employee").first()
    return company.employee if company is not None else None


def _queue_notice(
    document: Document, event: str, signer: Signer | None, person: Employee, text: str
) -> None:
    who = f"-{signer.key}" if signer is not None else ""
    queue_notice(
        document.portal,
        person.bitrix_user_id,
        text,
        key=f"notice:{document.pk}:{event}{who}:{person.pk}",
        kind="notice",
        tag=f"signx-{document.public_id}-{event}{who}-{person.bitrix_user_id}",
        subject=document.subject,
    )
