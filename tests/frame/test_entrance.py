"""Every page of the frame: for whom it opens, and for whom it does not."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from documents.models import Document
from tests.frame.desk import Desk

PAGES = [
    "/app/",
    "/app/documents/rows",
    "/app/deal",
    "/app/employees/",
    "/app/employees/me",
    "/app/employees/balance",
    "/app/journal/",
    "/app/settings/",
]
DOCUMENT_PARTS = ["", "/state", "/pages", "/files/source"]
DOCUMENT_ACTIONS = ["/remind", "/resend", "/withdraw"]
FOR_SETTINGS = [
    "/app/settings/",
    "/app/settings/documents",
    "/app/settings/notices",
    "/app/settings/robots/signx_send",
    "/app/employees/add",
    "/app/employees/balance/entries",
    "/app/employees/balance/export",
    "/app/employees/12/rights/send",
]
FOR_JOURNAL = ["/app/journal/", "/app/journal/events", "/app/journal/export"]
POSTED = {
    "/app/settings/documents",
    "/app/settings/notices",
    "/app/settings/robots/signx_send",
    "/app/employees/add",
    "/app/employees/12/rights/send",
    "/app/employees/balance/export",
    "/app/journal/export",
}


def frame_routes() -> list[str]:
    """Names of all routes that answer inside the frame."""
    names = []
    for space in ("documents", "employees", "journal", "robots_frame"):
        for pattern in get_resolver().namespace_dict[space][1].url_patterns:
            assert isinstance(pattern, URLPattern)
            names.append(f"{space}:{pattern.name}")
    return names


def filled(name: str) -> str:
    arguments: dict[str, object] = {
        "public_id": "2222222222",
        "bitrix_user_id": 12,
        "pk": 1,
        "kind": "signed",
        "right": "send",
        "code": "signx_send",
        "ticket": "forged",
        "number": 1,
        "step": "code",
    }
    wanted = get_resolver().namespace_dict[name.split(":")[0]][1].reverse_dict
    _forms = wanted.getlist(name.split(":")[1])[0][0][0][1]
    return reverse(name, kwargs={key: arguments[key] for key in _forms})


@pytest.mark.parametrize("name", frame_routes())
@pytest.mark.parametrize("token", ["", "Bearer forged", "Basic Zm9v"])
def test_no_route_opens_without_a_live_session(db: None, name: str, token: str) -> None:
    client = Client()
    headers = {"Authorization": token, "HX-Request": "true"}
    signed_address = "/files/" in filled(name) and filled(name).endswith(("forged", "forged/1"))

    answers = [
        client.get(filled(name), headers=headers),
        client.post(filled(name), headers=headers),
    ]

    allowed = {410, 405} if signed_address else {401, 405}
    assert {answer.status_code for answer in answers} <= allowed
    assert any(answer.status_code in {401, 410} for answer in answers)


@pytest.mark.parametrize("path", PAGES)
def test_page_opens_for_the_director_as_a_page_and_as_a_part(director: Desk, path: str) -> None:
    page = director.get(path, is_page=True)
    part = director.get(path)

    assert page.status_code == part.status_code == 200
    assert b"<html" not in part.content
    if path != "/app/documents/rows":
        assert page.content.count(b"<h1>") == 1
        assert director.token.encode() in page.content


def test_page_names_its_portal_and_forbids_everything_inline(director: Desk) -> None:
    answer = director.get("/app/", is_page=True)

    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors {director.frame.portal.origin}" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    html = answer.content.decode()
    assert " style=" not in html
    assert " onclick=" not in html
    assert "<script>" not in html


@pytest.mark.parametrize("rest", DOCUMENT_PARTS)
def test_document_of_another_portal_is_not_found(stranger: Desk, sent: Document, rest: str) -> None:
    assert stranger.get(f"/app/documents/{sent.public_id}{rest}").status_code == 404


@pytest.mark.parametrize("rest", DOCUMENT_ACTIONS)
def test_nobody_acts_on_a_document_of_another_portal(
    stranger: Desk, sent: Document, rest: str
) -> None:
    answer = stranger.post(
        f"/app/documents/{sent.public_id}{rest}", {"signer": "2", "reason": "чужой"}
    )

    sent.refresh_from_db()
    assert answer.status_code == 404
    assert sent.status == Document.Status.SENT


@pytest.mark.parametrize("path", FOR_SETTINGS)
def test_settings_need_the_right(clerk: Desk, path: str) -> None:
    answer = clerk.post(path) if path in POSTED else clerk.get(path)

    assert answer.status_code == 403
    assert b"right_missing" in answer.content


@pytest.mark.parametrize("path", FOR_JOURNAL)
def test_journal_needs_the_right(clerk: Desk, path: str) -> None:
    answer = clerk.post(path) if path in POSTED else clerk.get(path)

    assert answer.status_code == 403


def test_newcomer_sees_neither_others_documents_nor_their_pages(
    newcomer: Desk, sent: Document
) -> None:
    assert sent.title not in newcomer.read("/app/", tab="all")
    assert newcomer.get(f"/app/documents/{sent.public_id}").status_code == 404


def test_clerk_without_settings_cannot_open_a_colleague(clerk: Desk, director: Desk) -> None:
    assert clerk.get("/app/employees/12").status_code == 403
    assert clerk.get("/app/employees/21").status_code == 200


def test_session_ends_when_the_portal_tells_of_a_dismissal(clerk: Desk, sent: Document) -> None:
    clerk.employee.is_active = False
    clerk.employee.checked_at = timezone.now()
    clerk.employee.save()

    answer = clerk.post(f"/app/documents/{sent.public_id}/withdraw", {"reason": "напоследок"})

    sent.refresh_from_db()
    assert answer.status_code == 401
    assert sent.status == Document.Status.SENT


def test_error_outside_of_the_frame_is_a_page_for_people(db: None) -> None:
    answer = Client().get("/app/", headers={"Accept": "text/html", "Accept-Language": "en"})

    assert answer.status_code == 401
    assert b"session_expired" in answer.content
    assert b'name="viewport"' in answer.content
