"""Stands where other apps listen and show pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from bitrix24.frame.session import frame_required
from bitrix24.models import Portal

HEARD: list[tuple[str, str]] = []


def heard(portal: Portal, what: str) -> None:
    HEARD.append((portal.member_id, what))


def broken(portal: Portal, what: str) -> None:
    raise RuntimeError("the listener broke")


@frame_required
def page(request: HttpRequest) -> HttpResponse:
    """What a page of the application sees of the one who opened it."""
    frame = request.frame
    return JsonResponse(
        {
            "user": frame.bitrix_user_id,
            "name": frame.user_name,
            "admin": frame.is_portal_admin,
            "entity": frame.placement_entity_id,
            "portal": frame.portal.member_id,
            "method": request.method,
            "posted": sorted(request.POST),
            "language": request.LANGUAGE_CODE,
        }
    )
