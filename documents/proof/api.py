"""The REST API of documents for programs outside.

Errors are `{"error": code, "message": sentence}`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from documents.access import public_limits
from documents.models import Document
from documents.proof import verification
from documents.proof.detached import trusted_roots
from documents.proof.verification_facts import facts_of
from signing.verification.detached import SIZE_LIMIT_BYTES, check_detached
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip

# The form around the files: boundaries and names.
_FORM_OVERHEAD_BYTES = 64 * 1024


class VerifyInput(serializers.Serializer[Any]):
    """`document`: the number that the file should belong to; `signature`: a detached .sig that
    was made for the file."""

    file = serializers.FileField(allow_empty_file=True)
    document = serializers.CharField(required=False, allow_blank=True, max_length=40)
    signature = serializers.FileField(required=False)


class VerifyView(APIView):
    """`POST /api/v1/verify`: is this file what was signed? For everybody; nothing is kept."""

    parser_classes = (MultiPartParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        _require_light(request)
        at, ip = timezone.now(), client_ip(request)
        given = VerifyInput(data=request.data)
        if not given.is_valid():
            raise _invalid(given)
        public_limits.count_files(ip, 1, at=at)
        file, signature = given.validated_data["file"], given.validated_data.get("signature")
        expected = _expected(given.validated_data.get("document", ""), ip)
        content = file.read()
        finding = verification.check_file(file.name, content, expected=expected, at=at)
        detached = None
        if signature is not None:
            roots = trusted_roots()
            detached = check_detached(signature.read(), content, roots=roots, at=at)
        return Response(facts_of(finding, detached))


def _require_light(request: Request) -> None:
    """Before the body is read."""
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    limit = settings.FILE_LIMIT_BYTES + SIZE_LIMIT_BYTES + _FORM_OVERHEAD_BYTES
    if not announced.isdigit() or int(announced) > limit:
        limit_text = _("A file may be %(limit)s MB at most.")
        reason = limit_text % {"limit": settings.FILE_LIMIT_BYTES // 1024**2}
        raise SignXError(ErrorCode.INPUT_INVALID, "verify", reason=reason)


def _expected(number: str, ip: str) -> Document | None:
    if not number:
        return None
    try:
        return verification.find_record(number)
    except SignXError:
        public_limits.count_unknown_number(ip, at=timezone.now())
        raise


def _invalid(given: VerifyInput) -> SignXError:
    field, errors = next(iter(given.errors.items()))
    return SignXError(ErrorCode.INPUT_INVALID, f"verify {field}", reason=f"{field}: {errors[0]}")
