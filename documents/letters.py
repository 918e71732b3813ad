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
from django.utils.translation import gettext as _

from documents import files
from documents.invitations import Why
from documents.models import Document, Signer, StoredFile
from documents.moments import moment
from documents.signer_links import hash_token
from documents.signer_services import live_code
from outbox.base import Attachment, Letter
from outbox.models import Delivery

# What mail servers commonly take is 20–25 MB, and base64 adds a third.
ATTACHMENTS_LIMIT_BYTES = 14 * 1024 * 1024
ATTACHED = (StoredFile.Kind.SIGNED, StoredFile.Kind.AGREEMENT, StoredFile.Kind.REPORT)
OPEN = frozenset({Document.Status.SENDING, Document.Status.SENT})


def build_invitation(delivery: Delivery) -> Letter | None:
    """The letter with the link. None once the document is closed or the link was replaced."""
    signer = _signer(delivery)
    token = delivery.open_secret().get("token", "")
    if signer.document.status not in OPEN or hash_token(token) != signer.link_hash:
        return None
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "link": settings.PUBLIC_URL + reverse("public:document", args=[token]),
            "due": moment(signer.document.expires_at, signer.language),
            "is_reminder": delivery.payload.get("why") == Why.REMINDER,
            "is_new_link": delivery.payload.get("why") == Why.NEW_LINK,
        }
        subject = _reminder_subject() if facts["is_reminder"] else _invitation_subject()
        return _letter(signer, subject, "invitation", facts)


def build_signing_code(delivery: Delivery) -> Letter | None:
    """The letter with the code. None when the code has expired or a newer one was sent."""
    signer = _signer(delivery)
    live = live_code(signer, at=timezone.now())
    if live is None or live.created_at.isoformat() != delivery.payload["issued_at"]:
        return None
    with translation.override(signer.language):
        facts = _facts(signer) | {
            "code": delivery.open_secret()["code"],
            "until": moment(live.expires_at, signer.language),
        }
        return _letter(signer, _("Code to sign “%(title)s”"), "signing_code", facts)


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
        return _letter(signer, _("Signed: “%(title)s”"), "signed_copy", facts, attachments)


def _letter(
    signer: Signer,
    subject: str,
    name: str,
    facts: Mapping[str, Any],
    attachments: tuple[Attachment, ...] = (),
) -> Letter:
    """Both bodies from templates/mail/<name>.txt and .html, in the active language."""
    title = " ".join((subject % {"title": facts["title"], "organisation": facts["from"]}).split())
    context = {**facts, "subject": title, "language": signer.language}
    return Letter(
        to=signer.email,
        subject=title,
        text=render_to_string(f"mail/{name}.txt", context).strip() + "\n",
        html=render_to_string(f"mail/{name}.html", context),
        attachments=attachments,
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
        "operator": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
    }


def _signer(delivery: Delivery) -> Signer:
    found = Signer.objects.select_related("document__portal", "document__sender")
    return found.get(pk=delivery.payload["signer"])


def _invitation_subject() -> str:
    return _("%(organisation)s asks you to sign “%(title)s”")


def _reminder_subject() -> str:
    return _("Reminder: “%(title)s” waits for your signature")


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
