"""A person at the frame: requests as htmx sends them, with the session in a header."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from bitrix24.frame.session import Entry, open_frame
from employees.models import Employee


class Desk:
    """One open frame. `is_page` asks for the whole page, as the portal's entry does."""

    def __init__(self, employee: Employee, *, deal: int | None = None, language: str = "en"):
        self.client = Client()
        self.employee = employee
        self.frame, self.token = open_frame(
            Entry(
                portal=employee.portal,
                bitrix_user_id=employee.bitrix_user_id,
                user_name=employee.name,
                is_portal_admin=employee.is_portal_admin,
                language=language,
                placement="CRM_DEAL_DETAIL_TAB" if deal else "DEFAULT",
                options={"ID": str(deal)} if deal else {},
            )
        )

    def get(self, path: str, *, is_page: bool = False, **query: Any) -> HttpResponse:
        return self.client.get(path, query, headers=self._headers(is_page))  # type: ignore[return-value]

    def post(self, path: str, data: dict[str, Any] | None = None) -> HttpResponse:
        return self.client.post(path, data or {}, headers=self._headers(False))  # type: ignore[return-value]

    def read(self, path: str, **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, answer.content[:300])
        return answer.content.decode()

    def _headers(self, is_page: bool) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return headers if is_page else headers | {"HX-Request": "true"}
