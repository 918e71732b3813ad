"""What support sees of portals: whether they work and why not; never a token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from bitrix24.models import Portal, PortalToken, RestCall
from bitrix24.wire import limits
from bitrix24.wire.errors import from_answer

pytestmark = pytest.mark.django_db
PORTALS, CALLS = "/admin/bitrix24/portal/", "/admin/bitrix24/restcall/"


@pytest.fixture
def support(db) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("support", "s@signx.test", "tests-only"))
    return client


def gone() -> None:
    PortalToken.objects.update(dead_at=timezone.now())


def resting() -> None:
    Portal.objects.update(paused_until=timezone.now() + timedelta(minutes=1))


def blocked() -> None:
    error = from_answer("profile", "OVERLOAD_LIMIT", "", 503)
    limits.note_refusal(Portal.objects.get(), "profile", error, timezone.now())


def left() -> None:
    Portal.objects.update(status=Portal.Status.UNINSTALLED)


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (lambda: None, "Works"),
        (gone, "an administrator has to open the app"),
        (resting, "Paused at the portal"),
        (blocked, "Blocked by Bitrix24"),
        (left, "Uninstalled"),
    ],
)
def test_the_list_says_how_a_portal_is(portal, support, happened, words):
    happened()

    assert words in support.get(PORTALS).content.decode()


def test_no_page_shows_a_token(portal, support):
    token = PortalToken.objects.get()
    call = RestCall.objects.latest("pk")

    pages = [PORTALS, f"{PORTALS}{portal.pk}/change/", CALLS, f"{CALLS}{call.pk}/change/"]
    html = "".join(support.get(page).content.decode() for page in pages)

    assert portal.domain in html
    for secret in (token.access_token, token.refresh_token, portal.application_token):
        assert secret not in html


def test_support_looks_and_changes_nothing(portal, support):
    support.post(f"{PORTALS}{portal.pk}/change/", {"domain": "attacker.example"})

    assert Portal.objects.get().domain == portal.domain
    assert support.post(f"{PORTALS}{portal.pk}/delete/", {"post": "yes"}).status_code == 403
    assert support.get(f"{PORTALS}add/").status_code == 403
    assert support.post(f"{CALLS}{RestCall.objects.first().pk}/delete/").status_code == 403


def test_the_lists_cost_the_same_whatever_they_hold(
    portal, support, install, django_assert_max_num_queries
):
    install(1)

    with django_assert_max_num_queries(8):
        support.get(PORTALS)
    with django_assert_max_num_queries(10):
        support.get(CALLS)


@pytest.mark.databases
@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("", {"profile", "batch", "scope"}),
        ("?error=expired_token", {"profile"}),
        ("?status=4", {"profile"}),
        ("?status=5&error=query_limit_exceeded", {"batch"}),
        ("?status=9", set()),
    ],
)
def test_calls_are_found_by_what_went_wrong_without_reading_the_whole_log(support, chosen, found):
    for method, status, error in [
        ("profile", 401, "expired_token"),
        ("batch", 503, "QUERY_LIMIT_EXCEEDED"),
        ("scope", 200, ""),
    ]:
        RestCall.objects.create(
            at=timezone.now(), method=method, http_status=status, error=error, duration_ms=1
        )

    with CaptureQueriesContext(connection) as asked:
        page = support.get(CALLS + chosen)

    assert {row.method for row in page.context["cl"].result_list} == found
    assert "DISTINCT" not in " ".join(query["sql"] for query in asked if "restcall" in query["sql"])


WRONG = {
    "crm.item.get": (403, "ACCESS_DENIED"),
    "crm.documentgenerator.document.get": (401, "insufficient_scope"),
    "crm.contact.get": (400, "NOT_FOUND"),
    "disk.folder.uploadfile": (200, "ERROR_NOT_FOUND"),
    "user.get": (401, "PAYMENT_REQUIRED"),
    "app.info": (401, "invalid_client"),
    "batch": (500, "INTERNAL_SERVER_ERROR"),
    "profile": (None, "no answer"),
    "bizproc.event.send": (502, "no answer"),
    "oauth.token": (None, ""),
    "im.notify.personal.add": (400, "USER_ID_EMPTY"),
    "event.get": (302, "redirected"),
    "event.bind": (401, "expired_token"),
}


@pytest.fixture
def went_wrong(db) -> None:
    """One call for everything that can go wrong, and one that was answered."""
    for method, (status, error) in (WRONG | {"scope": (200, "")}).items():
        RestCall.objects.create(
            at=timezone.now(), method=method, http_status=status, error=error, duration_ms=1
        )


def found_by(support: Client, query: str) -> set[str]:
    return {row.method for row in support.get(CALLS + query).context["cl"].result_list}


@pytest.mark.databases
@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("rights", {"crm.item.get", "crm.documentgenerator.document.get"}),
        ("missing", {"crm.contact.get", "disk.folder.uploadfile"}),
        ("payment_required", {"user.get"}),
        ("unstable", {"batch"}),
        ("unanswered", {"profile", "bizproc.event.send", "oauth.token"}),
        ("other", {"im.notify.personal.add", "event.get"}),
        ("USER_ID_EMPTY", {"im.notify.personal.add"}),
    ],
)
def test_calls_are_found_by_the_kind_of_their_error(support, went_wrong, chosen, found):
    assert found_by(support, f"?error={chosen}") == found


def test_whatever_went_wrong_is_under_one_of_the_choices(support, went_wrong):
    page = html.fromstring(support.get(CALLS).content)
    choices = page.xpath("//nav[@id='changelist-filter']//a[contains(@href, '?error=')]/@href")

    found = [method for choice in choices for method in found_by(support, choice)]

    assert sorted(found) == sorted(WRONG)
