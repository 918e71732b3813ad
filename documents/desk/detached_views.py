"""Signatures made elsewhere on the card: attach one, take one away, take the whole package."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bitrix24.frame.session import check_signed_file, signed_file_url
from documents.access import visibility
from documents.access.visibility import visible_to
from documents.core import files
from documents.desk import frame_files
from documents.desk.card_views import acted
from documents.models import StoredFile
from documents.models.detached import DetachedSignature
from documents.proof import archive, detached
from employees.people.decorators import EmployeeRequest, employee_required
from employees.people.directory import from_frame
from signing.verification.detached import SIZE_LIMIT_BYTES
from signx.errors import ErrorCode, SignXError

PACKAGE, SIGNATURE = "document_package", "detached_signature"
# The form around the file: boundaries and names.
_FORM_OVERHEAD_BYTES = 64 * 1024


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def attach(request: EmployeeRequest, public_id: str) -> HttpResponse:
    _require_light(request)
    document = visibility.find(request.employee, public_id)
    name, content = _uploaded(request)
    kept = detached.attach(document, name, content, by=request.employee, at=timezone.now())
    return acted(request, document, _("The signature of %(name)s is attached."), kept.names)


@require_GET
@employee_required()
def package_link(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Sends htmx to a signed address that lives five minutes: a link cannot carry the header."""
    document = visibility.find(request.employee, public_id)
    return _sent_to(signed_file_url(PACKAGE, document.pk, request.frame, route="documents:package"))


@require_GET
@employee_required()
def shown_link(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """The very file that a signature made elsewhere must be for."""
    document = visibility.find(request.employee, public_id)
    stored = files.find(document, StoredFile.Kind.SHOWN)
    if stored is None or not detached.may_attach(document, request.employee):
        raise SignXError(ErrorCode.NOT_FOUND, "no shown file for this reader")
    return _sent_to(frame_files.file_address(stored, request.frame))


@require_GET
@employee_required()
def signature_link(request: EmployeeRequest, public_id: str, number: int) -> HttpResponse:
    document = visibility.find(request.employee, public_id)
    kept = DetachedSignature.objects.filter(document=document, pk=number).exclude(file="").first()
    if kept is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such signature of this document")
    return _sent_to(signed_file_url(SIGNATURE, kept.pk, request.frame, route="documents:sig_file"))


@require_GET
def package(request: HttpRequest, ticket: str) -> HttpResponse:
    """The package by its signed address. Raises SignXError: LINK_INVALID, NOT_FOUND."""
    frame, pk = check_signed_file(ticket, PACKAGE)
    document = visible_to(from_frame(frame)).select_related("portal").filter(pk=pk).first()
    if document is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such document for this reader")
    content = archive.archive_of(document, at=timezone.now())
    name = files.safe_name(document.title, f" — {document.number}", suffix="zip")
    return _attachment(content, name, "application/zip")


@require_GET
def signature_file(request: HttpRequest, ticket: str) -> HttpResponse:
    frame, pk = check_signed_file(ticket, SIGNATURE)
    visible = visible_to(from_frame(frame))
    kept = DetachedSignature.objects.filter(pk=pk, document__in=visible).exclude(file="").first()
    if kept is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such signature for this reader")
    return _attachment(files.content_of(kept), kept.name, "application/pkcs7-signature")


def _require_light(request: HttpRequest) -> None:
    """Before the body is read."""
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if not announced.isdigit() or int(announced) > SIZE_LIMIT_BYTES + _FORM_OVERHEAD_BYTES:
        detached.require_size(SIZE_LIMIT_BYTES + 1)


def _uploaded(request: HttpRequest) -> tuple[str, bytes]:
    upload = request.FILES.get("signature")
    content = upload.read() if upload else b""
    detached.require_size(len(content))
    return (upload.name or "" if upload else ""), content


def _sent_to(address: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _attachment(content: bytes, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    response["Cache-Control"] = "no-store"
    return response
