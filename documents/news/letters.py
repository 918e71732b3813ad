"""Letters to signers, built at the moment of sending: invitation, code, signed copy.

Plain text and HTML say the same. No pictures from outside, no tracking, no address of the
recipient in a link; the secret of a letter lives in its delivery only until it is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.access.links import hash_token
from documents.core import files
from documents.core.dates import date_time
from documents.models import Annulment, CodeChannel, Document, Signer, StoredFile
from documents.news.invitations import Why
from outbox.base import Attachment, Letter, Sms
from outbox.models import Delivery
from outbox.sms import phone_digits

# What mail servers commonly take is 20–25 MB, and base64 adds a third.
ATTACHMENTS_LIMIT_BYTES = 14 * 1024 * 1024
ATTACHED = (StoredFile.Kind.SIGNED, StoredFile.Kind.AGREEMENT, StoredFile.Kind.REPORT)
OPEN = frozenset({Document.Status.SENDING, Document.Status.SENT})
INVITATION_SUBJECT = gettext_lazy("%(organisation)s asks you to sign “%(title)s”")
REMINDER_SUBJECT = gettext_lazy("Reminder: “%(title)s” waits for your signature")
COPY_SUBJECT = gettext_lazy("Signed: “%(title)s”")
ANNULMENT_SUBJECT = gettext_lazy("Proposal to annul “%(title)s”")
MOVED_SUBJECT = gettext_lazy("Your link to “%(title)s” does not work any more")
CODE_SUBJECTS: dict[Act, str | Promise] = {
    Act.SIGN: gettext_lazy("Code to sign “%(title)s”"),
    Act.DELEGATE: gettext_lazy("Code to hand over the signing of “%(title)s”"),
    Act.ANNUL: gettext_lazy("Code to annul “%(title)s”"),
    Act.KEEP: gettext_lazy("Code to keep “%(title)s” in force"),
}
# Short: in Cyrillic a message of 70 characters is one SMS.
_SMS_TEXTS: dict[Act, str | Promise] = {
    Act.SIGN: gettext_lazy("%(code)s is the code to sign document %(number)s. Tell it to nobody."),
    Act.DELEGATE: gettext_lazy("%(code)s is the code to hand over document %(number)s."),
    Act.ANNUL: gettext_lazy("%(code)s is the code to annul document %(number)s."),
    Act.KEEP: gettext_lazy("%(code)s is the code to keep document %(number)s in force."),
}
CLOSED_SUBJECTS: dict[str, str | Promise] = {
    Document.Status.DECLINED: gettext_lazy("The other side has declined: “%(title)s”"),
    Document.Status.EXPIRED: gettext_lazy("The term for signing is over: “%(title)s”"),
    Document.Status.CANCELLED: gettext_lazy("Withdrawn by the sender: “%(title)s”"),
    Document.Status.ANNULLED: gettext_lazy("Annulled: “%(title)s”"),
}


def build_invitation(delivery: Delivery) -> Letter | None:
    """The letter with the link. None once the document is closed or the link was replaced."""
    signer = _signer(delivery)
    token = delivery.open_secret().get("token", "")
    if signer.document.status not in OPEN or hash_token(token) != signer.link_hash:
        return None
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "link": settings.PUBLIC_URL + reverse("public:document", args=[token]),
            "due": date_time(signer.document.expires_at, signer.language),
            "message": signer.document.message,
            "is_reminder": delivery.payload.get("why") == Why.REMINDER,
            "is_new_link": delivery.payload.get("why") == Why.NEW_LINK,
        }
        subject = REMINDER_SUBJECT if facts["is_reminder"] else INVITATION_SUBJECT
        return _letter(signer, str(subject), "invitation", facts)


def build_signing_code(delivery: Delivery) -> Letter | Sms | None:
    """The letter or the SMS with the code. None when it has expired or a newer one was sent."""
    signer = _signer(delivery)
    act = Act(delivery.payload["act"])
    live = act_codes.live(signer, act, at=timezone.now())
    if live is None or live.created_at.isoformat() != delivery.payload["issued_at"]:
        return None
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "act": act.value,
            "code": delivery.open_secret()["code"],
            "until": date_time(live.expires_at, signer.language),
        }
        if delivery.channel == "sms":
            return Sms(phone_digits(signer.phone), _SMS_TEXTS[act] % facts)
        return _letter(signer, str(CODE_SUBJECTS[act]), "signing_code", facts)


def build_closed(delivery: Delivery) -> Letter:
    """How it ended without a signed file: nothing is asked any more, or it was annulled."""
    signer = _signer(delivery)
    document = signer.document
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "status": delivery.payload["status"],
            "reason": document.closed_reason,
            "due": date_time(document.expires_at, signer.language),
            "has_signed": signer.status == Signer.Status.SIGNED,
            "refuser": refuser_of(document),
            "link": document.verification_url,
        }
        return _letter(signer, str(CLOSED_SUBJECTS[facts["status"]]), "closed", facts)


def refuser_of(document: Document) -> str:
    """Who has declined, with the organisation; empty when nobody has."""
    refuser = document.signers.filter(status=Signer.Status.DECLINED).first()
    parts = (refuser.name, refuser.organisation) if refuser else ()
    return ", ".join(part for part in parts if part)


def build_annulment_request(delivery: Delivery) -> Letter | None:
    """The other side proposes to annul. None once it was answered or the link was replaced."""
    signer = _signer(delivery)
    token = delivery.open_secret().get("token", "")
    proposal = Annulment.objects.open().filter(pk=delivery.payload["annulment"]).first()
    if proposal is None or hash_token(token) != signer.link_hash:
        return None
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "proposer": proposal.proposed_by.name,
            "reason": proposal.reason,
            "link": settings.PUBLIC_URL + reverse("public:annul", args=[token]),
        }
        return _letter(signer, str(ANNULMENT_SUBJECT), "annulment_request", facts)


def build_address_moved(delivery: Delivery) -> Letter:
    """To the address that the sender has replaced: its link does not work, and why."""
    found = Signer.objects.select_related("document__portal", "document__sender")
    signer = found.get(pk=delivery.payload["about"])
    with translation.override(signer.language):
        to = delivery.open_secret()["address"]
        return compose("address_moved", str(MOVED_SUBJECT), _facts(signer), to=to)


def build_signed_copy(delivery: Delivery) -> Letter | None:
    """The signed file, the agreement and the report; too big ones stay behind the link."""
    signer = _signer(delivery)
    stored = files.of_kinds(signer.document, ATTACHED)
    if not stored:
        return None
    fits = sum(file.size_bytes for file in stored) <= ATTACHMENTS_LIMIT_BYTES
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "files": [_file_label(file) for file in stored],
            "is_attached": fits,
            "link": signer.document.verification_url,
            "is_counterparty": signer.side == Signer.Side.COUNTERPARTY,
        }
        attachments = tuple(_attachment(file) for file in stored) if fits else ()
        return _letter(signer, str(COPY_SUBJECT), "signed_copy", facts, attachments)


def _letter(
    signer: Signer,
    subject: str,
    name: str,
    facts: Mapping[str, Any],
    attachments: tuple[Attachment, ...] = (),
) -> Letter:
    return compose(name, subject, facts, to=signer.email, attachments=attachments)


def compose(
    name: str,
    subject: str,
    facts: Mapping[str, Any],
    *,
    to: str,
    attachments: tuple[Attachment, ...] = (),
) -> Letter:
    """Both bodies from templates/mail/<name>.txt and .html, in the active language."""
    title = " ".join((subject % {"title": facts["title"], "organisation": facts["from"]}).split())
    context = {**facts, "subject": title, "language": get_language() or "en"}
    return Letter(
        to=to,
        subject=title,
        text=render_to_string(f"mail/{name}.txt", context).strip() + "\n",
        html=render_to_string(f"mail/{name}.html", context),
        attachments=attachments,
        sender=_("%(organisation)s via SIGNX") % {"organisation": facts["from"]},
    )


def _facts(signer: Signer) -> dict[str, Any]:
    document = signer.document
    company = document.signers.filter(side=Signer.Side.COMPANY).first()
    organisation = company.organisation if company else ""
    person = document.sender.name if document.sender else (company.name if company else "")
    return {
        "name": signer.name,
        "title": document.title,
        "number": document.number,
        "organisation": organisation,
        "person": person,
        "from": organisation or person or settings.OPERATOR_NAME,
        "is_sms": signer.code_channel == CodeChannel.SMS,
        "operator": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
    }


def _signer(delivery: Delivery) -> Signer:
    found = Signer.objects.select_related("document__portal", "document__sender")
    return found.get(pk=delivery.payload["signer"])


def _file_label(stored: StoredFile) -> dict[str, Any]:
    labels = {
        StoredFile.Kind.SIGNED: _("Signed document"),
        StoredFile.Kind.AGREEMENT: _("Additional agreement"),
        StoredFile.Kind.REPORT: _("Signing report"),
    }
    kind = StoredFile.Kind(stored.kind)
    return {"label": labels[kind], "name": stored.name, "size_bytes": stored.size_bytes}


def _attachment(stored: StoredFile) -> Attachment:
    name = stored.name if stored.name.lower().endswith(".pdf") else f"{stored.name}.pdf"
    return Attachment(name, "application/pdf", files.content_of(stored))
