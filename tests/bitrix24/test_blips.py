"""A request that came to nothing: repeated in place when it may be a blip, else left to its row."""

from __future__ import annotations

import time

import pytest

from bitrix24.models import RestCall
from bitrix24.rest import client, methods
from bitrix24.rest.client import Command
from bitrix24.wire.errors import BitrixError
from devportal import cast

pytestmark = pytest.mark.django_db
BLIPS = ("drop_before", "drop_after", "http_502", "html_body", "rate_limit")


@pytest.fixture
def blip(world, monkeypatch, pauses):
    """Turns a fault on that is over when somebody has waited for it."""
    waited = time.sleep

    def passing(seconds: float) -> None:
        waited(seconds)
        world.faults.clear()

    monkeypatch.setattr(time, "sleep", passing)
    return lambda name: world.faults.set({name: 1.0})


def asked_since(world, since: int) -> int:
    return len(world.requests.rows) - since


@pytest.mark.parametrize("fault", BLIPS)
def test_a_read_that_failed_in_passing_is_repeated_at_once(portal, world, blip, pauses, fault):
    blip(fault)
    since = len(world.requests.rows)

    profile = client.call(portal, "profile")

    assert int(profile["ID"]) == cast.DIRECTOR
    assert asked_since(world, since) == 2
    assert len(pauses) == 1
    assert pauses[0] < 2


def test_a_batch_of_reads_is_repeated_too(portal, world, blip):
    blip("http_502")

    answer = client.batch(portal, {"a": Command("profile"), "b": Command("user.get", {"ID": 1})})

    assert set(answer.results) == {"a", "b"}


def test_what_would_happen_twice_is_never_repeated_in_place(portal, world, blip):
    fields = {"ENTITY_ID": cast.DEAL_MAIN, "ENTITY_TYPE": "deal", "COMMENT": "Подписан"}
    comment = Command("crm.timeline.comment.add", {"fields": fields})
    since = len(world.requests.rows)

    blip("drop_after")
    with pytest.raises(BitrixError):
        client.call(portal, comment.method, comment.params)
    with pytest.raises(BitrixError):
        client.batch(portal, {"read": Command("profile"), "written": comment})

    assert asked_since(world, since) == 2


def test_a_portal_that_answers_nothing_is_not_asked_more_than_need_be(portal, world, pauses):
    world.faults.set({"http_502": 1.0})
    for _call in range(3):
        with pytest.raises(BitrixError):
            client.call(portal, "profile")
    since = len(world.requests.rows)

    with pytest.raises(BitrixError):
        client.call(portal, "profile")

    assert asked_since(world, since) == 1


def test_a_failure_that_took_long_is_no_blip(portal, world, pauses, monkeypatch):
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    world.sleep = lambda seconds: now.append(now.pop() + seconds)
    world.faults.set({"slow": 1.0, "http_502": 1.0})
    since = len(world.requests.rows)

    with pytest.raises(BitrixError):
        client.call(portal, "profile")

    assert asked_since(world, since) == 1


def test_a_method_that_has_to_rest_is_not_waited_for(portal, world, pauses):
    world.faults.set({"operation_limit": 1.0})

    with pytest.raises(BitrixError) as refused:
        client.call(portal, "profile")

    assert refused.value.retry_at is not None
    assert pauses == []


def test_a_file_whose_answer_was_lost_is_downloaded_again(portal, world, blip):
    file_id = methods.upload_file(portal, portal.disk_folder_id, "a.pdf", b"%PDF-1.7")
    file = methods.parse_disk_file(methods.run(portal, methods.disk_file_command(file_id)))
    link = file.download_url
    blip("drop_after")

    assert client.download(portal, link) == b"%PDF-1.7"


def test_a_file_that_gets_a_new_name_each_time_is_not_sent_twice(portal, world, blip):
    blip("drop_after")

    with pytest.raises(BitrixError):
        methods.upload_file(portal, portal.disk_folder_id, "a.pdf", b"%PDF", is_unique=True)

    assert [row.name for row in world.portal.disk.objects.values() if row.is_file] == ["a.pdf"]


def test_the_log_says_which_requests_had_no_answer(portal, world, pauses):
    world.faults.set({"html_body": 1.0})

    with pytest.raises(BitrixError):
        client.call(portal, "profile")

    assert [call.error for call in RestCall.objects.order_by("-pk")[:3]] == ["no answer"] * 3
