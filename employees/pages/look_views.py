"""Language and theme of a person's own frames."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bitrix24.frame.session import choose_look
from employees.people.decorators import EmployeeRequest, employee_required
from signx.errors import ErrorCode, SignXError

_BACK = {"settings": "documents:settings", "signature": "employees:signature"}
_THEMES = ("light", "dark")


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def look(request: EmployeeRequest) -> HttpResponse:
    """Keeps the choice and draws the page anew in it. Raises INPUT_INVALID."""
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language not in dict(settings.LANGUAGES) or theme not in _THEMES:
        raise SignXError(ErrorCode.INPUT_INVALID, reason=_("choose from the list"))
    choose_look(request.frame, language=language, is_dark=theme == "dark")
    page = reverse(_BACK.get(request.POST.get("back", ""), _BACK["signature"]))
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"sx-look": {"language": language, "theme": theme}})
    response["HX-Location"] = json.dumps({"path": page, "target": "#sx-root"})
    return response
