"""Where Bitrix24's queue server calls the robots."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bitrix24.calls import incoming
from robots import services


@csrf_exempt  # called by a server: application_token is checked instead
@require_POST
def robot_call(request: HttpRequest, code: str) -> JsonResponse:
    """200 as soon as the call is stored: the portal neither repeats a call nor reads the body."""
    at = timezone.now()
    payload = incoming.parse(request)
    call = services.receive_call(code, payload, at)
    return JsonResponse({"call": call.pk if call else None})
