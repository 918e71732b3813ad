"""Opening the application: who is believed, who is asked, and what the page gets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24.frame import session
from bitrix24.frame.session import REFUSED_ENTRIES
from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.wire import transport
from devportal import cast
from devportal.app import create_app
from devportal.application import frames
from devportal.wsgi_adapter import WSGIAdapter
from signx.limits import Rule, network_of, spend
from tests.bitrix24.conftest import AUTH, DOMAIN, STRANGER, bearer

pytestmark = pytest.mark.django_db


def hosts_asked(world) -> set[str]:
    return {record.host for record in world.requests.rows}


def test_a_page_of_an_installed_portal_knows_who_opened_it(portal, open_app):
    seen = open_app(cast.CLERK).json()

    assert seen == {
        "user": cast.CLERK,
        "name": seen["name"],
        "admin": False,
        "entity": "",
        "portal": cast.MEMBER_ID,
        "method": "GET",
        "posted": [],
        "language": "ru",
    }
    assert seen["name"]


def test_a_card_tab_names_its_deal(portal, open_app):
    place = {"placement": "CRM_DEAL_DETAIL_TAB", "options": frames.deal_options(cast.DEAL_MAIN)}

    seen = open_app(cast.CLERK, **place).json()

    assert seen["entity"] == str(cast.DEAL_MAIN)


def test_the_frame_is_allowed_to_the_verified_portal_alone(portal, open_app):
    response = open_app()

    policy = response.headers["Content-Security-Policy"]
    assert f"frame-ancestors http://{DOMAIN}" in policy
    assert STRANGER not in policy
    assert "X-Frame-Options" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies


@pytest.mark.parametrize(
    "changes",
    [
        {"AUTH_ID": None},
        {"AUTH_ID": "0" * 70},
        {"member_id": cast.OTHER_MEMBER_ID},
        {"member_id": None},
    ],
)
def test_a_forged_entry_is_refused_and_leaves_nothing(world, open_app, changes):
    response = open_app(changes=changes)

    assert response.status_code in {401, 403}
    assert not Portal.objects.exists()
    assert not FrameSession.objects.exists()
    assert hosts_asked(world) <= {AUTH}


def test_a_forged_domain_is_refused_before_it_is_asked_anything(world, open_app):
    response = open_app(domain=STRANGER)

    assert response.status_code == 403
    assert hosts_asked(world) == {AUTH}
    assert not Portal.objects.exists()


def test_a_domain_may_be_written_in_capitals(portal, open_app):
    assert open_app(domain=DOMAIN.upper()).status_code == 200


def test_an_entry_that_names_no_domain_is_refused(world, client):
    entry = frames.open_entry(world, world.portal, world.portal.users[cast.DIRECTOR])

    response = client.post("/b24/app", entry.fields)

    assert response.status_code == 403
    assert not Portal.objects.exists()


@pytest.mark.parametrize("token", ["x", "x" * 3000, "токен" * 10, "0" * 40 + "\0", "a b" * 20])
def test_what_cannot_be_a_token_is_not_asked_about(world, open_app, token):
    assert open_app(changes={"AUTH_ID": token}).status_code == 403
    assert hosts_asked(world) == set()


def test_an_unlisted_authorization_server_is_never_asked(world, open_app):
    """Nothing but devportal's hosts is mounted: asking another one would fail the entry."""
    response = open_app(changes={"SERVER_ENDPOINT": "https://oauth.attacker.example/rest/"})

    assert response.status_code == 200
    assert hosts_asked(world) == {AUTH, DOMAIN}


def test_a_token_of_another_application_is_refused(world, open_app, settings):
    settings.BITRIX24_CLIENT_ID = "local.ffffffffffffff.00000001"

    response = open_app()

    assert response.status_code == 403
    assert hosts_asked(world) == {AUTH}
    assert not Portal.objects.exists()


def test_the_tokens_in_the_database_are_not_readable(portal, world):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM bitrix24_portaltoken")
        rows = cursor.fetchall()

    assert rows
    stored = PortalToken.objects.get()
    assert stored.access_token not in str(rows)
    assert stored.refresh_token not in str(rows)


def test_an_employee_cannot_replace_the_application_token(portal, open_app):
    open_app(cast.CLERK, changes={"APPLICATION_TOKEN": "f" * 32})

    assert Portal.objects.get().application_token == portal.application_token


def test_an_administrator_brings_the_application_token(portal, open_app):
    open_app(changes={"APPLICATION_TOKEN": "f" * 32})

    assert Portal.objects.get().application_token == "f" * 32


def test_a_renamed_portal_is_still_the_same_portal(portal, world, open_app):
    old = world.portal.domain
    world.portal.domain = world.portal.renamed_domain

    assert open_app().status_code == 200

    renamed = Portal.objects.get()
    assert renamed.pk == portal.pk
    assert renamed.domain == f"new-{old}"


def test_older_portals_send_fewer_fields(portal, open_app):
    missing = ("SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE", "PLACEMENT")

    response = open_app(changes=dict.fromkeys(missing))

    assert response.status_code == 200


@pytest.mark.parametrize("text", ["[]", "{}", "not json", "[[[", '{"ID": {"a": 1}}', '"7"'])
def test_any_placement_options_open_the_page(portal, open_app, text):
    assert open_app(changes={"PLACEMENT_OPTIONS": text}).json()["entity"] == ""


@pytest.mark.parametrize("text", [r'{"ID": "3\u00001\ud8005"}', r'{"ENTITY_ID": "315\udfff"}'])
def test_what_no_database_takes_is_left_out_of_an_id(portal, open_app, text):
    place = {"PLACEMENT": "DEFA\0ULT", "PLACEMENT_OPTIONS": text}

    assert open_app(changes=place).json()["entity"] == "315"
    assert FrameSession.objects.latest("pk").placement == "DEFAULT"


@pytest.mark.parametrize("endpoint", ["http://[", "https://a:99999999/", "https://[::1:x]/", "//"])
def test_an_address_that_cannot_be_read_names_no_authorization_server(world, open_app, endpoint):
    response = open_app(changes={"SERVER_ENDPOINT": endpoint})

    assert response.status_code == 200
    assert hosts_asked(world) == {AUTH, DOMAIN}


@pytest.mark.parametrize("path", ["/b24/app", "/b24/install"])
def test_the_console_finds_the_addresses_alive(client, db, path):
    assert client.head(path).status_code == 200
    assert client.get(path).status_code == 200
    assert FrameSession.objects.count() == 0


def test_a_session_lives_an_hour_after_its_last_use(portal, open_app, client, time_machine):
    headers = bearer(open_app())
    start = timezone.now()

    for minutes, status in [(50, 404), (100, 404), (161, 401)]:
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        # Step 99 does not exist: 404 means that the session was accepted.
        assert client.post("/b24/install/step/99", headers=headers).status_code == status


def test_a_session_ends_after_twelve_hours_however_busy(portal, open_app, client, time_machine):
    headers = bearer(open_app())
    start = timezone.now()
    statuses = []

    for half_hours in range(1, 26):
        time_machine.move_to(start + timedelta(minutes=30 * half_hours), tick=False)
        statuses.append(client.post("/b24/install/step/99", headers=headers).status_code)

    assert statuses == [404] * 23 + [401] * 2


def test_a_session_header_from_another_site_is_not_taken(portal, open_app, client):
    headers = bearer(open_app()) | {"Origin": "https://attacker.example"}

    assert client.post("/b24/install/step/99", headers=headers).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer guess", "Basic dXNlcjpwYXNz"])
def test_without_a_session_there_is_no_page(portal, client, header):
    response = client.post("/b24/install/step/0", headers={"Authorization": header})

    assert response.status_code == 401
    assert response.json()["error"] == "session_expired"


def test_a_page_renews_its_session_and_stays_in_its_deal(portal, open_app, client, world):
    place = {"placement": "CRM_DEAL_DETAIL_TAB", "options": frames.deal_options(cast.DEAL_MAIN)}
    page = open_app(cast.CLERK, **place)
    FrameSession.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    fresh = world.auth.issue(world.portal, cast.CLERK)

    answer = client.post(
        "/b24/session",
        {"AUTH_ID": fresh.access_token, "member_id": cast.MEMBER_ID, "DOMAIN": DOMAIN},
        headers=bearer(page),
    )

    assert answer.status_code == 200
    renewed = FrameSession.objects.latest("pk")
    assert renewed.bitrix_user_id == cast.CLERK
    assert renewed.placement_entity_id == str(cast.DEAL_MAIN)
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    # Known, but not an administrator.
    assert client.post("/b24/install/step/0", headers=headers).status_code == 403


def test_a_strangers_token_does_not_renew_into_this_portal(portal, world, client):
    fresh = world.auth.issue(world.other_portal, cast.DIRECTOR)

    answer = client.post(
        "/b24/session", {"AUTH_ID": fresh.access_token, "member_id": cast.MEMBER_ID}
    )

    assert answer.status_code == 403


def test_an_unknown_portals_session_is_not_asked_about(world, client, db):
    fields = {"AUTH_ID": "0" * 70, "member_id": "1" * 32, "DOMAIN": DOMAIN}

    assert client.post("/b24/session", fields).status_code == 404
    assert hosts_asked(world) == set()


# --- Who knocks too often -------------------------------------------------------------------

OFFICE, ELSEWHERE = "81.2.69.160", "95.163.250.1"
FEW = Rule(REFUSED_ENTRIES.name, 5, REFUSED_ENTRIES.window)
JUNK = {"AUTH_ID": "0" * 70, "member_id": cast.MEMBER_ID, "DOMAIN": DOMAIN}


@pytest.fixture
def few(monkeypatch):
    """The rule with a smaller number: five refusals show as much as sixty."""
    monkeypatch.setattr(session, "REFUSED_ENTRIES", FEW)


@pytest.mark.parametrize("path", ["/b24/app", "/b24/install", "/b24/session"])
def test_a_flood_of_forged_entries_asks_nobody_any_more(portal, world, client, few, path):
    since = len(world.requests.rows)

    answers = [client.post(path, JUNK, REMOTE_ADDR=OFFICE) for _try in range(FEW.uses + 3)]

    assert len(world.requests.rows) - since == FEW.uses
    assert {answer.status_code for answer in answers[: FEW.uses]} == {401}
    last = answers[-1]
    assert (last.status_code, last.json()["error"]) == (429, "limit_reached")
    assert 0 < int(last.headers["Retry-After"]) <= 600


def test_a_limit_is_readable_in_the_frame(portal, client):
    spend(REFUSED_ENTRIES, network_of(OFFICE), at=timezone.now(), uses=REFUSED_ENTRIES.uses)

    page = client.post(
        f"/b24/app?DOMAIN={DOMAIN}&PROTOCOL=0",
        JUNK,
        REMOTE_ADDR=OFFICE,
        headers={"Accept": "text/html"},
    )

    assert "limit_reached" in page.content.decode()
    assert f"frame-ancestors http://{DOMAIN}" in page.headers["Content-Security-Policy"]


def test_a_whole_office_behind_one_address_opens_the_application(portal, world, client, few):
    entry = frames.open_entry(world, world.portal, world.portal.users[cast.CLERK])
    at_nine = range(FEW.uses + 3)

    answers = [client.post(entry.url, entry.fields, REMOTE_ADDR=OFFICE) for _one in at_nine]

    assert {answer.status_code for answer in answers} == {200}


def test_a_flood_locks_out_its_own_network_for_minutes_and_nobody_else(
    portal, world, client, time_machine
):
    spend(REFUSED_ENTRIES, network_of(OFFICE), at=timezone.now(), uses=REFUSED_ENTRIES.uses)
    entry = frames.open_entry(world, world.portal, world.portal.users[cast.CLERK])

    def opened(address: str) -> int:
        return client.post(entry.url, entry.fields, REMOTE_ADDR=address).status_code

    assert (opened(OFFICE), opened(ELSEWHERE)) == (429, 200)
    time_machine.move_to(timezone.now() + REFUSED_ENTRIES.window)
    assert opened(OFFICE) == 200


def test_an_authorization_server_that_is_away_counts_against_nobody(portal, world, client, few):
    def away(_environ, start_response):
        start_response("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<html>"]

    entry = frames.open_entry(world, world.portal, world.portal.users[cast.CLERK])
    transport.mount(f"http://{AUTH}/", WSGIAdapter(away))
    for _try in range(FEW.uses + 1):
        assert client.post(entry.url, entry.fields, REMOTE_ADDR=OFFICE).status_code == 502

    transport.mount(f"http://{AUTH}/", WSGIAdapter(create_app(world)))

    assert client.post(entry.url, entry.fields, REMOTE_ADDR=OFFICE).status_code == 200


@pytest.mark.parametrize(
    ("query", "ancestors"),
    [
        ("DOMAIN=acme.bitrix24.kz&PROTOCOL=1", "https://acme.bitrix24.kz"),
        ("DOMAIN=crm.corp.example:8443&PROTOCOL=0", "http://crm.corp.example:8443"),
        ("DOMAIN=a.example%3B+script-src+*&PROTOCOL=1", "'none'"),
        ("DOMAIN=*&PROTOCOL=1", "'none'"),
        ("DOMAIN=https://a.example&PROTOCOL=1", "'none'"),
        ("DOMAIN=a.example%0d%0aX-Evil:1&PROTOCOL=1", "'none'"),
        ("", "'none'"),
    ],
)
def test_a_refusal_is_readable_in_the_frame_and_injects_nothing(client, db, query, ancestors):
    """The claimed host is not verified: it may frame the reason, and only if it reads as a host."""
    response = client.post(f"/b24/app?{query}", {"member_id": "x"})

    policy = response.headers["Content-Security-Policy"]
    assert response.status_code == 403
    assert f"frame-ancestors {ancestors}" in policy
    assert "script-src *" not in policy
    assert "X-Evil" not in response.headers


def test_the_authorization_server_that_the_portal_names_is_asked_if_it_is_listed(
    world, open_app, settings
):
    settings.BITRIX24_AUTH_SERVERS = ["http://oauth.elsewhere.test", f"http://{AUTH}"]

    response = open_app(changes={"SERVER_ENDPOINT": f"http://{AUTH}/rest/"})

    assert response.status_code == 200
    assert Portal.objects.get().auth_server == f"http://{AUTH}"
