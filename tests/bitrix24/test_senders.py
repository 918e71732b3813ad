"""The outbox's way into a portal: batches, refusals, and effects that are not doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.utils import timezone

from bitrix24 import senders
from bitrix24.models import Portal, PortalToken
from bitrix24.rest import methods
from bitrix24.rest.client import BLIP_PAUSES_S
from bitrix24.senders import REQUEST_LENGTH, TRIES_TOGETHER
from bitrix24.wire.errors import BitrixError
from devportal import cast
from outbox import kinds, services
from outbox.base import Command
from outbox.models import Delivery
from signx.errors import ErrorCode

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", {"test_upload": kinds.Kind(build=build_upload)})


def build_upload(delivery: Delivery) -> Any:
    content = delivery.payload["content"].encode()
    return Command("disk.folder.uploadfile", {"name": delivery.payload["name"], "content": content})


def queue_command(portal: Portal, key: str, method: str, params: dict[str, Any]) -> Delivery:
    payload = {"method": method, "params": params}
    return services.queue(
        key=key, kind="plain", channel="portal", lane=portal.lane, payload=payload
    )


def queue_notice(portal: Portal, number: int) -> Delivery:
    params = {"USER_ID": cast.CLERK, "MESSAGE": f"Договор {number} подписан", "TAG": f"d-{number}"}
    return queue_command(portal, f"notice:{number}", "im.notify.system.add", params)


def queue_comment(portal: Portal, text: str) -> Delivery:
    fields = {"ENTITY_ID": cast.DEAL_MAIN, "ENTITY_TYPE": "deal", "COMMENT": text}
    return queue_command(
        portal, f"comment:{text[:40]}", "crm.timeline.comment.add", {"fields": fields}
    )


def queue_file(portal: Portal, name: str, content: str = "%PDF-1.7") -> Delivery:
    return services.queue(
        key=f"upload:{name}",
        kind="test_upload",
        channel="disk",
        lane=portal.lane,
        payload={"name": name, "content": content},
    )


def deliver_unheard(world) -> None:
    """Everything has its effect on the portal, and no answer comes back."""
    world.faults.set({"drop_after": 1.0})
    services.deliver_due()
    world.faults.clear()


def assert_on_disk(world, *files: Delivery) -> None:
    """The result of each is the Disk id of its bytes."""
    for file in files:
        file.refresh_from_db()
        stored = world.portal.disk.objects[int(file.result)]
        assert stored.content == file.payload["content"].encode()


def later(**ago: float):
    return timezone.now() + timedelta(**ago)


def test_a_portals_commands_go_in_one_request(portal, world):
    notices = [queue_notice(portal, number) for number in range(7)]
    since = len(world.requests.rows)

    services.deliver_due()

    assert len(world.requests.rows) - since == 1
    assert len(world.portal.notifications) == 7
    for notice in notices:
        notice.refresh_from_db()
        assert notice.state == State.DONE
        assert notice.result


def test_portals_do_not_share_a_lane(portal, install, world):
    other = install(1)
    queue_notice(portal, 1)
    queue_command(other, "x", "im.notify.system.add", {"USER_ID": 12, "MESSAGE": "Другой портал"})

    services.deliver_due()

    assert [row.text for row in world.other_portal.notifications] == ["Другой портал"]
    assert len(world.portal.notifications) == 1


def test_a_refusal_for_good_is_not_tried_again(portal, world):
    good = queue_notice(portal, 1)
    spent = {"event_token": "w|a|s.0000", "return_values": {}}
    bad = queue_command(portal, "reply:1", "bizproc.event.send", spent)

    services.deliver_due()

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == (State.DONE, State.DEAD)
    assert bad.error_code == "right_missing"


def test_an_outage_is_waited_out(portal, world):
    notice = queue_notice(portal, 1)
    world.faults.set({"http_502": 1.0})
    services.deliver_due()
    world.faults.clear()

    assert services.deliver_due(later(seconds=5)) == 0
    services.deliver_due(later(seconds=40))

    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == (State.DONE, 2)


def test_a_busy_portal_costs_no_attempts(portal, world):
    notice = queue_notice(portal, 1)
    world.faults.set({"rate_limit": 1.0})
    services.deliver_due()

    notice.refresh_from_db()
    assert notice.attempts == 0
    assert notice.error_code == "portal_busy"
    assert notice.next_attempt_at < later(seconds=3)


def test_nothing_is_sent_to_a_resting_portal(portal, world):
    Portal.objects.update(paused_until=later(minutes=1))
    queue_notice(portal, 1)
    queue_file(portal, "a.pdf")
    since = len(world.requests.rows)

    services.deliver_due()

    assert len(world.requests.rows) == since
    assert not Delivery.objects.exclude(next_attempt_at=Portal.objects.get().paused_until).exists()


def test_an_uninstalled_portal_gets_nothing(portal, world):
    Portal.objects.update(status=Portal.Status.UNINSTALLED)
    notice, file = queue_notice(portal, 1), queue_file(portal, "a.pdf")
    since = len(world.requests.rows)

    services.deliver_due()

    for delivery in (notice, file):
        delivery.refresh_from_db()
        assert (delivery.state, delivery.error_code) == (State.DEAD, "portal_unreachable")
    assert len(world.requests.rows) == since


def test_a_comment_whose_answer_was_lost_is_found_in_the_timeline(portal, world):
    comment = queue_comment(portal, "Договор 7kqm-29xd-fhp3 подписан всеми")
    deliver_unheard(world)
    comment.refresh_from_db()
    assert comment.state == State.PENDING

    services.deliver_due(later(seconds=60))

    comment.refresh_from_db()
    standing = world.portal.comments_on("deal", cast.DEAL_MAIN)
    assert [row.text for row in standing] == ["Договор 7kqm-29xd-fhp3 подписан всеми"]
    assert (comment.state, comment.result) == (State.DONE, standing[0].id)


def test_a_comment_that_never_arrived_is_written_on_the_repeat(portal, world):
    queue_comment(portal, "Договор подписан")
    world.faults.set({"drop_before": 1.0})
    services.deliver_due()
    world.faults.clear()

    services.deliver_due(later(seconds=60))

    assert len(world.portal.comments_on("deal", cast.DEAL_MAIN)) == 1


def test_a_card_that_does_not_show_its_comments_gets_its_comment(portal, world, monkeypatch):
    queue_comment(portal, "Договор подписан")
    world.faults.set({"drop_before": 1.0})
    services.deliver_due()
    world.faults.clear()
    unreadable = Command("crm.item.get", {"entityTypeId": 2, "id": 999})
    monkeypatch.setattr(methods, "timeline_comments_command", lambda *_card: unreadable)

    services.deliver_due(later(seconds=60))

    assert len(world.portal.comments_on("deal", cast.DEAL_MAIN)) == 1


def test_a_file_lands_on_disk_and_its_id_is_the_result(portal, world):
    file = queue_file(portal, "Договор № 24 — подписан.pdf", "%PDF-1.7 подпись")

    services.deliver_due()

    file.refresh_from_db()
    stored = world.portal.disk.objects[int(file.result)]
    assert stored.content == "%PDF-1.7 подпись".encode()
    assert str(stored.parent_id) == portal.disk_folder_id
    assert services.result_of(file.key) == file.result


def test_a_file_whose_answer_was_lost_is_found_not_doubled(portal, world):
    file = queue_file(portal, "Отчёт.pdf")
    deliver_unheard(world)

    services.deliver_due(later(seconds=60))

    file.refresh_from_db()
    found = [row.id for row in world.portal.disk.objects.values() if row.name == "Отчёт.pdf"]
    assert found == [int(file.result)]


def test_the_files_of_a_document_go_in_one_request(portal, world):
    files = [queue_file(portal, f"{name}.pdf", f"%PDF {name}") for name in ("а", "б", "в")]
    since = len(world.requests.rows)

    services.deliver_due()

    assert [row.path for row in world.requests.rows[since:]] == ["/rest/batch.json"]
    assert_on_disk(world, *files)


def test_files_whose_answer_was_lost_are_found_in_one_request(portal, world):
    files = [queue_file(portal, f"{number}.pdf") for number in range(3)]
    deliver_unheard(world)
    since = len(world.requests.rows)

    services.deliver_due(later(seconds=60))

    assert len(world.requests.rows) - since == 2
    ids = {row.name: str(row.id) for row in world.portal.disk.objects.values() if row.is_file}
    assert len(ids) == 3
    for file in files:
        file.refresh_from_db()
        assert file.result == ids[file.payload["name"]]


def test_a_refused_file_does_not_keep_its_neighbours(portal, world, monkeypatch):
    Portal.objects.update(disk_folder_id="")
    good, bad = queue_file(portal, "a.pdf"), queue_file(portal, "b.pdf")
    in_no_folder = Command(
        "disk.folder.uploadfile", {"id": "999999", "name": "b.pdf", "content": b"%PDF"}
    )
    builders = {good.pk: build_upload(good), bad.pk: in_no_folder}
    kind = kinds.Kind(build=lambda row: builders[row.pk])
    monkeypatch.setitem(kinds.KINDS, "test_upload", kind)

    services.deliver_due()

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == (State.DONE, State.DEAD)
    assert bad.error_code == "not_found"


def test_files_that_waited_through_a_reinstallation_find_the_new_folder(portal, world):
    files = [queue_file(portal, name) for name in ("a.pdf", "b.pdf")]
    Portal.objects.update(disk_folder_id="999999")
    since = len(world.requests.rows)

    services.deliver_due()

    assert_on_disk(world, *files)
    assert Portal.objects.get().disk_folder_id == portal.disk_folder_id
    assert len(world.requests.rows) - since == 3  # refused, asked for the folder, sent


def test_a_new_folder_that_cannot_be_asked_for_is_asked_for_again(portal, world, monkeypatch):
    file = queue_file(portal, "a.pdf")
    Portal.objects.update(disk_folder_id="999999")
    away = BitrixError(ErrorCode.PORTAL_UNREACHABLE, "away")
    with monkeypatch.context() as patch:
        patch.setattr(methods, "app_folder_id", Mock(side_effect=away))
        services.deliver_due()
    file.refresh_from_db()
    assert file.state == State.PENDING

    services.deliver_due(later(seconds=60))

    assert_on_disk(world, file)


def test_a_file_too_large_for_base64_goes_in_two_steps_beside_the_small_ones(
    portal, world, monkeypatch
):
    monkeypatch.setattr("bitrix24.rest.methods.BASE64_LIMIT_BYTES", 100)
    small, large = queue_file(portal, "a.pdf"), queue_file(portal, "b.pdf", "%PDF " * 100)

    services.deliver_due()

    assert_on_disk(world, small, large)


def test_a_file_of_the_same_name_that_is_not_ours_stays_what_it_is(portal, world):
    queue_file(portal, "Отчёт.pdf", "%PDF-1.7 чужой отчёт")
    services.deliver_due()

    ours = services.queue(
        key="upload:another",
        kind="test_upload",
        channel="disk",
        lane=portal.lane,
        payload={"name": "Отчёт.pdf", "content": "%PDF-1.7"},
    )
    services.deliver_due()

    ours.refresh_from_db()
    stored = {row.name: row.content for row in world.portal.disk.objects.values() if row.is_file}
    assert world.portal.disk.objects[int(ours.result)].content == b"%PDF-1.7"
    assert stored["Отчёт.pdf"] == "%PDF-1.7 чужой отчёт".encode()


def test_comments_in_doubt_are_looked_for_in_one_request(portal, world):
    comments = [queue_comment(portal, f"Договор {number} подписан") for number in range(3)]
    deliver_unheard(world)
    since = len(world.requests.rows)

    services.deliver_due(later(seconds=60))

    for comment in comments:
        comment.refresh_from_db()
        assert comment.state == State.DONE
    assert len(world.requests.rows) - since == 1
    assert len(world.portal.comments_on("deal", cast.DEAL_MAIN)) == 3


def test_comments_in_doubt_are_looked_for_along_with_what_is_sent_anyway(portal, world):
    lost = queue_comment(portal, "Договор 1 подписан")
    deliver_unheard(world)
    fresh, notice = queue_comment(portal, "Договор 2 подписан"), queue_notice(portal, 1)
    since = len(world.requests.rows)

    services.deliver_due(later(seconds=60))

    assert len(world.requests.rows) - since == 1
    for delivery in (lost, fresh, notice):
        delivery.refresh_from_db()
        assert delivery.state == State.DONE
    texts = sorted(row.text for row in world.portal.comments_on("deal", cast.DEAL_MAIN))
    assert texts == ["Договор 1 подписан", "Договор 2 подписан"]


def test_who_has_failed_often_travels_alone(portal, world):
    notices = [queue_notice(portal, number) for number in range(3)]
    Delivery.objects.filter(pk=notices[0].pk).update(attempts=TRIES_TOGETHER)
    since = len(world.requests.rows)

    services.deliver_due()

    paths = sorted(row.path for row in world.requests.rows[since:])
    assert paths == ["/rest/batch.json", "/rest/im.notify.system.add.json"]


def test_a_worker_holds_only_so_much_of_files_at_once(portal, world, monkeypatch):
    held: list[int] = []
    upload = senders._upload

    def watched(portal, files, alone):
        held.append(sum(len(file.content) for file in files.values()))
        return upload(portal, files, alone)

    monkeypatch.setattr(senders, "FILES_LENGTH", 1000)
    monkeypatch.setattr(senders, "_upload", watched)
    for number in range(6):
        queue_file(portal, f"{number}.pdf", "%PDF " * 120)

    services.deliver_due(later(seconds=1))

    assert not Delivery.objects.exclude(state=State.DONE).exists()
    assert held == [1200, 1200, 1200]


def test_a_portal_without_access_costs_no_attempts_until_the_week_is_over(portal, world):
    notice = queue_notice(portal, 1)
    PortalToken.objects.update(dead_at=timezone.now())
    services.deliver_due()
    notice.refresh_from_db()
    assert (notice.attempts, notice.state) == (0, State.PENDING)

    services.deliver_due(later(days=8))

    notice.refresh_from_db()
    assert (notice.attempts, notice.error_code) == (1, "portal_unreachable")


def test_a_folder_that_was_never_learned_is_learned_now(portal, world):
    Portal.objects.update(disk_folder_id="")
    file = queue_file(portal, "a.pdf")

    services.deliver_due()

    file.refresh_from_db()
    assert file.state == State.DONE
    assert Portal.objects.get().disk_folder_id == portal.disk_folder_id


def test_large_commands_travel_alone(portal, world):
    text = "x" * REQUEST_LENGTH
    queue_comment(portal, text)
    queue_notice(portal, 1)
    queue_notice(portal, 2)
    since = len(world.requests.rows)

    services.deliver_due()

    paths = sorted(row.path for row in world.requests.rows[since:])
    assert paths == ["/rest/batch.json", "/rest/crm.timeline.comment.add.json"]


def test_after_one_file_fails_for_the_portals_sake_the_rest_is_put_off(portal, world):
    files = [queue_file(portal, f"{number}.pdf", "%PDF " * 200_000) for number in range(4)]
    world.faults.set({"http_502": 1.0})
    since = len(world.requests.rows)

    services.deliver_due()

    for file in files:
        file.refresh_from_db()
    # The first file alone was tried, the second and third time in place.
    assert len(world.requests.rows) - since == 1 + len(BLIP_PAUSES_S)
    assert [file.attempts for file in files] == [1, 0, 0, 0]
    world.faults.clear()
    services.deliver_due(later(seconds=60))
    assert not Delivery.objects.exclude(state=State.DONE).exists()
