"""What people do on the page «New document», for the tests that look at it."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from lxml import html

from documents.drafts import services
from documents.models import Document, Draft, new_public_id
from tests import factories
from tests.frame.desk import Desk

NEW = "/app/new"
PDF = factories.paper


def address(draft: Draft, rest: str = "") -> str:
    return f"{NEW}/{draft.public_id}{rest}"


def upload(
    desk: Desk, pdf: bytes | None = None, name: str = "Договор_24-117.pdf", key: str = ""
) -> HttpResponse:
    file = SimpleUploadedFile(name, PDF().pdf if pdf is None else pdf)
    return desk.post(NEW, {"file": file, "key": key or new_public_id()})


def begun(desk: Desk, pdf: bytes | None = None) -> Draft:
    """A draft whose file was checked."""
    answer = upload(desk, pdf)
    assert answer.status_code == 200, answer.content.decode()[:400]
    services.take_in_due()
    return Draft.objects.of(desk.employee).first()


def filled(**changes: Any) -> dict[str, Any]:
    """What a person types for one counterparty."""
    return {
        "title": "Договор оказания услуг № 24-117",
        "kind": "",
        "signer": "12",
        "signing_order": "company_first",
        "among": "together",
        "coordinates": "",
        "level": "simple",
        "code_channel": "email",
        "expires_in_days": "10",
        "agreement": "N",
        "crm_entity": "",
        "message": "",
        "rows": ["0"],
        **typed(0),
    } | changes


def typed(row: int, **changes: str) -> dict[str, str]:
    person = {
        "how": "typed",
        "name": "Ильин Пётр Андреевич",
        "email": f"ilin{row}@zakazchik.example",
        "organisation": "ООО «Заказчик»",
        "tax_number": "7707083893",
        "phone": "+7 912 000-11-22",
    } | changes
    return {f"p{row}-{name}": value for name, value in person.items()}


def send(desk: Desk, draft: Draft, **changes: Any) -> str:
    answer = desk.post(address(draft, "/send"), filled(**changes))
    assert answer.status_code == 200, answer.content.decode()[:400]
    return answer.content.decode()


def fault(page: str, field: str) -> str:
    """The sentence beside a field."""
    found = html.fromstring(f"<div>{page}</div>").xpath(f"//*[@id='id_{field}_error']")
    return " ".join(found[0].text_content().split()) if found else ""


def document_of(draft: Draft) -> Document:
    draft.refresh_from_db()
    assert draft.document is not None
    return draft.document


def pictures(desk: Desk, draft: Draft, **changes: Any) -> list[str]:
    page = desk.post(address(draft), filled(**changes)).content.decode()
    return re.findall(r'src="([^"]+)"', page)
