"""Public verification: a form for anybody's file, and the page behind the QR code of a stamp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from documents.access import public_limits
from documents.access.public_pages import private, problem, speaking
from documents.core.dates import date_time
from documents.core.editions import told_edition
from documents.models import Document, Signer, StoredFile
from documents.proof import verification
from documents.proof.verification import Finding
from signing.placement.stamps import LEVEL_NAMES
from signx.errors import SignXError
from signx.http import client_ip

FILES_LIMIT = 3
# The form around the files: boundaries, names, the CSRF token.
FORM_OVERHEAD_BYTES = 64 * 1024


# The body is weighed before the CSRF check would read it; _page checks the token itself.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify_page(request: HttpRequest) -> HttpResponse:
    """Check up to three files; nothing of them is kept."""
    with speaking(request, ""):
        return private(_page(request, None) if _is_light(request) else _too_heavy(request, None))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def record_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """What our record says of one document, and a field for the file to compare."""
    with speaking(request, ""):
        try:
            document = verification.find_record(public_id)
        except SignXError as error:
            return private(_unknown_number(request, error))
        is_light = _is_light(request)
        return private(_page(request, document) if is_light else _too_heavy(request, document))


def _unknown_number(request: HttpRequest, error: SignXError) -> HttpResponse:
    try:
        public_limits.count_unknown_number(client_ip(request), at=timezone.now())
    except SignXError as limit:
        return problem(request, limit)
    return problem(request, error, back=reverse("public:verify"))


@csrf_protect
def _page(request: HttpRequest, document: Document | None) -> HttpResponse:
    if request.method != "POST":
        return _render(request, document)
    uploads = request.FILES.getlist("files")
    if error := _refusal(uploads):
        return _render(request, document, error=error, status=422)
    try:
        public_limits.count_files(client_ip(request), len(uploads), at=timezone.now())
    except SignXError as limit:
        return problem(request, limit, back=request.path)
    return _render(request, document, findings=[_check(upload, document) for upload in uploads])


def _too_heavy(request: HttpRequest, document: Document | None) -> HttpResponse:
    """Answer without touching the body."""
    return _render(request, document, error=_too_big(), status=413)


def _is_light(request: HttpRequest) -> bool:
    announced = request.META.get("CONTENT_LENGTH") or "0"
    limit = FILES_LIMIT * settings.FILE_LIMIT_BYTES + FORM_OVERHEAD_BYTES
    return str(announced).isdigit() and int(announced) <= limit


def _refusal(uploads: Sequence[UploadedFile[Any]]) -> str:
    if not uploads:
        return _("Choose a PDF file first.")
    if len(uploads) > FILES_LIMIT:
        return _("Choose three files at most.")
    if any((upload.size or 0) > settings.FILE_LIMIT_BYTES for upload in uploads):
        return _too_big()
    return ""


def _too_big() -> str:
    megabytes = settings.FILE_LIMIT_BYTES // (1024 * 1024)
    return _("A file may be %(limit)s MB at most.") % {"limit": megabytes}


def _check(upload: UploadedFile[Any], document: Document | None) -> Finding:
    return verification.check_file(
        upload.name or "", upload.read(), expected=document, at=timezone.now()
    )


def _render(
    request: HttpRequest,
    document: Document | None,
    *,
    findings: Sequence[Finding] = (),
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "findings": [_finding(finding) for finding in findings],
        "error": error,
        "limit_megabytes": settings.FILE_LIMIT_BYTES // (1024 * 1024),
        "document": document,
        "back": request.path,
    }
    if document is not None:
        context |= _record(document)
    template = "verify/record.html" if document else "verify/verify.html"
    return render(request, template, context, status=status)


def _record(document: Document) -> dict[str, Any]:
    signed = document.files.filter(kind=StoredFile.Kind.SIGNED).first()
    is_signed = document.status in {Document.Status.COMPLETED, Document.Status.ANNULLED}
    return {
        "parties": _parties(document),
        "signed_sha256": signed.sha256 if signed and is_signed else "",
        "closed": _moment(document.ended_at) if document.ended_at else "",
        "edition": told_edition(document),
        "tone": _TONES.get(Document.Status(document.status), "mute"),
    }


_TONES = {
    Document.Status.COMPLETED: "ok",
    Document.Status.SENT: "info",
    Document.Status.SEALING: "info",
    Document.Status.DECLINED: "bad",
    Document.Status.ANNULLED: "bad",
}


def _parties(document: Document) -> list[dict[str, Any]]:
    signers = document.signers.select_related("signature")
    return [_party(signer) for signer in signers]


def _party(signer: Signer) -> dict[str, Any]:
    is_signed = signer.status == Signer.Status.SIGNED
    signature = getattr(signer, "signature", None) if is_signed else None
    return {
        "name": verification.masked_name(signer.name),
        "organisation": signer.organisation,
        "level": LEVEL_NAMES.get(signature.level, "") if signature else "",
        "is_signed": is_signed,
        "decided": _moment(signature.signed_at) if signature else "",
    }


def _finding(finding: Finding) -> dict[str, Any]:
    document = finding.document
    return {
        "finding": finding,
        "document": document,
        "edition": told_edition(document) if document else None,
        "kind": StoredFile.Kind(finding.stored.kind).label if finding.stored else "",
        # A signed file names its people itself; a report or an agreement only carries our seal.
        "parties": _parties(document) if document and finding.is_companion else (),
        "signatures": [
            {
                "check": check,
                "at": _moment(check.signed_at) if check.signed_at else "",
                "stamped_at": _moment(check.timestamp_at) if check.timestamp_at else "",
                "revoked_at": _moment(check.revoked_at) if check.revoked_at else "",
            }
            for check in finding.signatures
        ],
    }


def _moment(at: Any) -> str:
    return date_time(at, translation.get_language() or "en")
