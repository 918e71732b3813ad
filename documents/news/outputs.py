"""What a process gets back: the robots' outputs, in the portal's language."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from documents.models import Document, Signer, StoredFile
from documents.news import uploads
from outbox.models import Delivery
from outbox.services import result_of
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind
Status = Document.Status


def values(document: Document) -> dict[str, str]:
    """The robots' outputs for a document, in the portal's language; empty where not known yet."""
    with translation.override(document.portal.language):
        outcome = {
            "source_document_id": document.source_id,
            "document_id": document.public_id,
            "status_code": str(document.status),
            "status_text": status_text(document),
            "response_code": document.error_code or "ok",
            "response_text": document.error or _("Accepted without errors."),
            "error": document.error,
            **dict.fromkeys(uploads.OUTPUTS, ""),
            "document_url": document.verification_url,
        }
    return outcome | file_values(document)


def failure_values(source_id: str, error: SignXError, portal: Portal) -> dict[str, str]:
    """The robots' outputs when no document was made."""
    with translation.override(portal.language):
        sentence = error.sentence
        status_label = str(Status.FAILED.label)
    return {
        "source_document_id": source_id,
        "document_id": "",
        "status_code": Status.FAILED.value,
        "status_text": status_label,
        "response_code": error.code.value,
        "response_text": sentence,
        "error": sentence,
        **dict.fromkeys(uploads.OUTPUTS, ""),
        "document_url": "",
    }


def status_text(document: Document) -> str:
    """The status in words, with all who are awaited now or why it ended; in the active language."""
    label = str(document.get_status_display())
    if document.status == Status.SENT:
        statuses = [signer.status for signer in document.signers.all()]
        return _("%(status)s: %(names)s (signed %(signed)d of %(all)d)") % {
            "status": label,
            "names": ", ".join(signer.name for signer in document.awaited_signers),
            "signed": statuses.count(Signer.Status.SIGNED),
            "all": len(statuses),
        }
    if document.closed_reason:
        return _("%(status)s: %(reason)s") % {"status": label, "reason": document.closed_reason}
    return label


def file_values(document: Document) -> dict[str, str]:
    """Disk ids of a completed document's files; an upload given up is an honest failure."""
    if document.status not in {Status.COMPLETED, Status.ANNULLED}:
        return {}
    found = {name: _disk_id(document, kind) for name, kind in uploads.OUTPUTS.items()}
    if all(delivery.state != Delivery.State.DEAD for delivery in uploads.of(document)):
        return found
    error = SignXError(ErrorCode.PORTAL_UNREACHABLE)
    with translation.override(document.portal.language):
        sentence = error.sentence
    return found | {
        "response_code": error.code.value,
        "response_text": sentence,
        "error": sentence,
    }


def _disk_id(document: Document, kind: str) -> str:
    result = result_of(uploads.key_of(document, kind))
    return str(result) if result else ""
