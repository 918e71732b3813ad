"""Signatures made elsewhere: taken in for exactly the shown bytes, kept beside the document."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from documents.core import files, flow
from documents.models import Document, StoredFile
from documents.models.detached import DetachedSignature
from documents.proof.verification_facts import detached_facts
from employees.models import Employee, Right
from journal.events import EventKind
from journal.services import record
from signing.hashes import sha256
from signing.verification.detached import SIZE_LIMIT_BYTES, DetachedCheck, check_detached
from signx.errors import ErrorCode, SignXError

Status = Document.Status
# While people sign and after it; a draft may still be another file, a withdrawn one needs none.
OPEN_STATUSES = frozenset({Status.SENT, Status.SEALING, Status.COMPLETED})
LIMIT = 20
# The bytes are proven, only whose certificate it is or was stays open; the card says so.
_ACCEPTED_CAUSES = frozenset({"issuer_unknown", "certificate_expired"})
_NAME_LIMIT = 150


def trusted_roots() -> list[str]:
    """PEM certificates of the authorities whose signers we believe."""
    return [settings.QUALIFIED_ROOTS] if settings.QUALIFIED_ROOTS else []


def may_attach(document: Document, employee: Employee) -> bool:
    return document.status in OPEN_STATUSES and employee.has_right(Right.SEND)


def shown_to(employee: Employee, document: Document) -> dict[str, object]:
    """What the card's part about these signatures needs."""
    return {
        "detached": list(DetachedSignature.objects.filter(document=document)),
        "may_attach": may_attach(document, employee),
        "has_package": document.status in OPEN_STATUSES,
    }


def attach(
    document: Document, name: str, content: bytes, *, by: Employee, at: datetime
) -> DetachedSignature:
    """Check a .sig file and keep it; the same file again changes nothing.

    Raises SignXError: RIGHT_MISSING, STATUS_CONFLICT, INPUT_INVALID with the reason in words.
    """
    by.require(Right.SEND)
    if document.status not in OPEN_STATUSES:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"attach while {document.status}")
    shown = files.read(document, StoredFile.Kind.SHOWN)
    check = check_detached(content, shown, roots=trusted_roots(), at=at)
    _require_sound(check)
    path = files.put(document, "detached", content, suffix="sig")
    with transaction.atomic():
        flow.lock(document.pk)
        kept = DetachedSignature.objects.filter(document=document)
        if (same := kept.filter(sha256=sha256(content)).first()) is not None:
            return same
        if kept.count() >= LIMIT:
            raise _refused(_("This document has too many attached signatures already."))
        made = _row(document, name, content, path, check, by, at)
        made.signed_sha256 = sha256(shown)
        made.save()
        _record(document, made, by, at)
    return made


def require_size(size_bytes: int) -> None:
    """Raises SignXError(INPUT_INVALID) for nothing, and for more than a signature ever is."""
    if not 0 < size_bytes <= SIZE_LIMIT_BYTES:
        raise _refused(_("Choose a signature file (.sig) of up to 1 MB."))


def _require_sound(check: DetachedCheck) -> None:
    if set(check.causes) - _ACCEPTED_CAUSES:
        raise _refused(" ".join(check.reasons))


def _refused(reason: str) -> SignXError:
    return SignXError(ErrorCode.INPUT_INVALID, "detached signature", reason=reason)


def _row(
    document: Document,
    name: str,
    content: bytes,
    path: str,
    check: DetachedCheck,
    by: Employee,
    at: datetime,
) -> DetachedSignature:
    return DetachedSignature(
        document=document,
        name=files.safe_name(name.removesuffix(".sig")[:_NAME_LIMIT], suffix="sig"),
        file=path,
        sha256=sha256(content),
        size_bytes=len(content),
        level=check.level.value,
        signers=detached_facts(check)["signers"],
        causes=list(check.causes),
        added_by=by,
        added_at=at,
    )


def _record(document: Document, made: DetachedSignature, by: Employee, at: datetime) -> None:
    record(
        document.portal,
        EventKind.SIGNATURE_ATTACHED,
        actor=by.audit_name,
        subject=document.subject,
        data={
            "level": made.level,
            "sha256": made.sha256,
            "signed_sha256": made.signed_sha256,
            "causes": made.causes,
        },
        personal={"actor": by.name, "name": made.names},
        at=at,
    )
