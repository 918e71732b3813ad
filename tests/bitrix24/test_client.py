"""Calls to a portal: errors, limits, batches, renamed portals, files, the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bitrix24.models import MethodBudget, Portal, PortalToken, RestCall
from bitrix24.rest import client, methods
from bitrix24.rest.client import Command
from bitrix24.wire import rest_log, transport
from bitrix24.wire.errors import BitrixError
from devportal import cast
from devportal.wsgi_adapter import WSGIAdapter
from signx.errors import ErrorCode
from tests.bitrix24.conftest import AUTH, DOMAIN, STRANGER

pytestmark = pytest.mark.django_db
DEAL = {"entityTypeId": 2, "id": cast.DEAL_MAIN}


def asked(world, since: int) -> list[tuple[str, str, int]]:
    return [(row.host, row.path, row.status) for row in world.requests.rows[since:]]


def moved_to(origin: str) -> Callable[[dict[str, Any], Any], list[bytes]]:
    """What answers under a portal's old name."""

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("302 Found", [("Location", origin + environ["PATH_INFO"])])
        return []

    return answer


def disk_file(portal: Portal, file_id: str) -> methods.DiskFile:
    return methods.parse_disk_file(methods.run(portal, methods.disk_file_command(file_id)))


def token_of(user_id: int) -> PortalToken:
    return PortalToken.objects.get(bitrix_user_id=user_id)


# --- Errors ---


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("crm.item.get", {"entityTypeId": 2, "id": 999999}, ErrorCode.NOT_FOUND),
        ("disk.file.get", {"id": 999999}, ErrorCode.NOT_FOUND),
        ("no.such.method", {}, ErrorCode.RIGHT_MISSING),
        ("bizproc.event.send", {"event_token": "a|b|c.d"}, ErrorCode.RIGHT_MISSING),
        ("placement.bind", {}, ErrorCode.INPUT_INVALID),
    ],
)
def test_refusals_become_our_codes(portal, method, params, code):
    with pytest.raises(BitrixError) as caught:
        client.call(portal, method, params)

    assert caught.value.code == code
    assert caught.value.bitrix_code is not None


@pytest.mark.parametrize("fault", ["http_502", "html_body", "drop_before", "drop_after"])
def test_no_usable_answer_is_an_unreachable_portal(portal, world, fault):
    world.faults.set({fault: 1.0})

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "crm.item.get", DEAL)

    assert caught.value.code == ErrorCode.PORTAL_UNREACHABLE
    assert RestCall.objects.latest("pk").error


# --- Limits ---


def test_a_portal_that_is_asked_too_much_rests(portal, world, pauses):
    world.faults.set({"rate_limit": 1.0})
    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile")
    since = len(world.requests.rows)
    world.faults.clear()

    with pytest.raises(BitrixError) as again:
        client.call(portal, "profile")

    assert caught.value.code == again.value.code == ErrorCode.PORTAL_BUSY
    assert again.value.retry_at == caught.value.retry_at > timezone.now()
    assert asked(world, since) == []


def test_rests_grow_until_the_portal_answers(portal, world, pauses, time_machine):
    rests = []
    world.faults.set({"rate_limit": 1.0})
    for _round in range(3):
        with pytest.raises(BitrixError) as caught:
            client.call(Portal.objects.get(), "profile")
        rests.append((caught.value.retry_at - timezone.now()).total_seconds())
        time_machine.move_to(caught.value.retry_at + timedelta(seconds=0.1), tick=False)

    world.faults.clear()
    client.call(Portal.objects.get(), "profile")

    # The first rest is short enough to be waited for.
    assert [1 <= pauses[0] <= 1.5, 2 <= rests[0] <= 3, 4 <= rests[1] <= 6, 8 <= rests[2] <= 12] == [
        True
    ] * 4
    assert Portal.objects.get().busy_streak == 0


def test_a_method_that_used_up_its_time_rests_alone(portal, world):
    world.faults.set({"operation_limit": 1.0})
    with pytest.raises(BitrixError) as caught:
        client.call(portal, "crm.item.get", DEAL)
    world.faults.clear()
    since = len(world.requests.rows)

    answer = client.batch(portal, {"item": Command("crm.item.get", DEAL), "me": Command("profile")})

    assert caught.value.retry_at > timezone.now() + timedelta(seconds=30)
    assert answer.errors["item"].code == ErrorCode.PORTAL_BUSY
    assert int(answer.take("me")["ID"]) == cast.DIRECTOR
    assert len(asked(world, since)) == 1
    MethodBudget.objects.update(rests_until=timezone.now())
    assert client.call(portal, "crm.item.get", DEAL)


# --- Batches ---


def test_a_batch_keeps_its_errors_apart(portal):
    answer = client.batch(
        portal,
        {
            "deal": Command("crm.item.get", DEAL),
            "nothing": Command("crm.item.get", {"entityTypeId": 2, "id": 999999}),
            "contact": methods.contact_command("$result[deal][item][contactId]"),
        },
    )

    assert answer.errors.keys() == {"nothing"}
    assert answer.errors["nothing"].code == ErrorCode.NOT_FOUND
    assert methods.parse_contact(answer.take("contact")).id == cast.CONTACT_MAIN
    with pytest.raises(BitrixError):
        answer.take("nothing")


def test_a_halted_batch_does_not_reach_what_follows(portal, world):
    commands = {
        "nothing": Command("crm.item.get", {"entityTypeId": 2, "id": 999999}),
        "deal": Command("crm.item.get", DEAL),
    }

    answer = client.batch(portal, commands, halt=True)

    assert answer.results == {}
    with pytest.raises(BitrixError) as caught:
        answer.take("deal")
    assert caught.value.code == ErrorCode.PORTAL_UNREACHABLE


def test_more_than_fifty_commands_take_more_requests(portal, world):
    since = len(world.requests.rows)

    answer = client.batch(portal, {f"c{n}": Command("profile") for n in range(120)})

    assert len(answer.results) == 120
    assert len(asked(world, since)) == 3


def test_read_many_keeps_the_order(portal):
    deal, missing, user = methods.read_many(
        portal,
        methods.crm_item_command(2, cast.DEAL_MAIN),
        methods.contact_command(404),
        methods.user_command(cast.CLERK),
    )

    assert methods.parse_crm_item(deal).contact_id == cast.CONTACT_MAIN
    assert isinstance(missing, BitrixError)
    assert methods.parse_user(user).id == cast.CLERK


def test_a_refused_batch_says_not_which_method_should_rest(portal, world, pauses):
    world.faults.set({"operation_limit": 1.0})
    with pytest.raises(BitrixError) as caught:
        client.batch(portal, {"me": Command("profile")})
    world.faults.clear()

    assert caught.value.code == ErrorCode.PORTAL_BUSY
    assert caught.value.retry_at < timezone.now() + timedelta(seconds=10)
    assert not portal.method_budgets.exists()


# --- Renamed portals ---


def test_a_renamed_portal_is_followed_where_the_authorization_server_says(portal, world):
    world.portal.domain = world.portal.renamed_domain
    transport.mount(f"http://{DOMAIN}/", WSGIAdapter(moved_to(f"http://new-{DOMAIN}")))

    profile = client.call(portal, "profile")

    assert int(profile["ID"]) == cast.DIRECTOR
    assert Portal.objects.get().client_endpoint == f"http://new-{DOMAIN}/rest/"
    assert (AUTH, "/rest/app.info", 200) in asked(world, 0)


def test_a_redirect_that_nobody_confirms_is_not_followed(portal, world):
    """The portal's old name is in other hands: it sends us away, the server says it never moved."""
    world.faults.set({"hijacked_302": 1.0})
    since = len(world.requests.rows)

    with pytest.raises(BitrixError):
        client.call(portal, "profile")

    assert asked(world, since) == [
        (DOMAIN, "/rest/profile.json", 302),
        (AUTH, "/rest/app.info", 200),
    ]
    assert Portal.objects.get().domain == DOMAIN


# --- Files ---


def test_a_machine_link_gives_the_bytes(portal, world):
    folder = portal.disk_folder_id
    content = bytes(range(256)) * 100

    file_id = methods.upload_file(portal, folder, "Договор № 24.pdf", content)

    file = disk_file(portal, file_id)
    assert file.name == "Договор № 24.pdf"
    assert file.size == len(content)
    assert client.download(portal, file.download_url) == content


def test_a_large_file_goes_in_two_steps(portal, world, settings):
    content = b"%PDF-" + b"x" * methods.BASE64_LIMIT_BYTES
    since = len(world.requests.rows)

    file_id = methods.upload_file(portal, portal.disk_folder_id, "scan.pdf", content)

    assert disk_file(portal, file_id).size == len(content)
    paths = [row[1] for row in asked(world, since)]
    assert paths[:2] == ["/rest/disk.folder.uploadfile.json", "/rest/upload.json"]


@pytest.mark.parametrize(
    "url",
    [
        f"http://{STRANGER}/rest/download.json?auth=x&token=y",
        "http://127.0.0.1/rest/download.json",
        f"http://{DOMAIN}@{STRANGER}/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_link_that_leaves_the_portal_is_not_followed(portal, world, url):
    since = len(world.requests.rows)

    with pytest.raises(BitrixError):
        client.download(portal, url)

    assert asked(world, since) == []


def test_a_spoilt_link_is_an_error_not_a_file(portal, world):
    file_id = methods.upload_file(portal, portal.disk_folder_id, "a.pdf", b"%PDF-1.7")
    url = disk_file(portal, file_id).download_url

    with pytest.raises(BitrixError) as caught:
        client.download(portal, f"{url}0")

    assert caught.value.code == ErrorCode.RIGHT_MISSING


def test_a_file_over_the_limit_is_not_read_whole(portal, settings):
    settings.FILE_LIMIT_BYTES = 1000
    file_id = methods.upload_file(portal, portal.disk_folder_id, "a.pdf", b"x" * 1001)

    with pytest.raises(BitrixError):
        client.download(portal, disk_file(portal, file_id).download_url)


# --- The log ---


def test_the_log_shows_what_was_asked_without_secrets_or_persons(portal, world):
    contact = methods.parse_contact(methods.run(portal, methods.contact_command(cast.CONTACT_MAIN)))
    notice = "Иванов Пётр подписал договор"
    methods.run(portal, methods.notify_command(cast.CLERK, notice, tag="sign-1"))
    methods.upload_file(portal, portal.disk_folder_id, "Иванов.pdf", b"%PDF-1.7 secret words")

    rows = RestCall.objects.all()
    assert {"crm.item.get", "im.notify.system.add", "oauth.token"} - {
        row.method for row in rows
    } == {"oauth.token"}
    text = " ".join(f"{row.request} {row.response} {row.error}" for row in rows)
    token = token_of(cast.DIRECTOR)
    hidden = [
        token.access_token,
        token.refresh_token,
        portal.application_token,
        contact.name.split()[0],
        contact.emails[0],
        contact.phones[0],
        "Иванов",
        "secret words",
    ]
    assert [word for word in hidden if word in text] == []
    assert '"entityTypeId": 3' in text


@pytest.mark.parametrize("location", ["https://[", "https://a:999999/", "", "//"])
def test_a_redirect_that_cannot_be_read_leads_nowhere(portal, location):
    def elsewhere(_environ, start_response):
        start_response("302 Found", [("Location", location)])
        return [b""]

    transport.mount(f"http://{DOMAIN}/", WSGIAdapter(elsewhere))

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile")

    assert caught.value.code == ErrorCode.PORTAL_UNREACHABLE


def test_a_file_link_that_cannot_be_read_is_no_link(portal, world):
    since = len(world.requests.rows)

    with pytest.raises(BitrixError):
        client.download(portal, f"http://{DOMAIN}:999999/rest/download.json")

    assert len(world.requests.rows) == since


def test_the_log_shows_no_number_that_may_be_a_person(portal):
    shown = rest_log.shown({"id": 315, "iin": 990101300123, "phone": 77011234567.0, "on": True})

    assert json.loads(shown) == {
        "id": 315,
        "iin": "number(12)",
        "phone": "number(13)",
        "on": True,
    }


def test_the_log_takes_whatever_a_portal_answers(portal):
    rest_log.write(
        portal,
        method="profile",
        at=timezone.now(),
        duration_ms=1,
        http_status=200,
        error="",
        request=None,
        response=json.loads(r'{"status": "a\ud800b\u0000", "\udfff": Infinity}'),
    )

    assert "ab" in RestCall.objects.latest("pk").response
