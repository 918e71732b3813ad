"""The support desk: what is stuck, why, and one safe «repeat»."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from outbox import services
from outbox.base import Outcome
from outbox.models import Delivery

pytestmark = pytest.mark.django_db
DESK = "/admin/outbox/delivery/"


@pytest.fixture
def support(client):
    user = User.objects.create_superuser("support", "support@signx.test", "tests-only")
    client.force_login(user)
    return client


def dead(channel, key: str, **changes) -> Delivery:
    channel.answer = lambda delivery: Outcome(done=False, code="mail_rejected", final=True)
    delivery = services.queue(
        key=key,
        kind=changes.pop("kind", "plain"),
        channel="test",
        lane="mail",
        payload={"method": "say"},
        at=timezone.now(),
        **changes,
    )
    services.deliver_due()
    channel.answer = lambda delivery: Outcome(done=True)
    return delivery


def test_the_desk_shows_the_cause_in_words_and_no_secrets(support, channel):
    delivery = dead(channel, "code:1", kind="secret", secret={"code": "483920"})

    row = support.get(
        f"{DESK}?state__exact=dead&cause=mail_rejected", headers={"Accept-Language": "en"}
    )
    card = support.get(f"{DESK}{delivery.pk}/change/")

    assert "The mail server refused the address" in row.content.decode()
    assert card.status_code == 200
    assert "483920" not in card.content.decode()
    assert "field-secret" not in card.content.decode()


def test_repeat_delivers_once_and_is_logged(support, channel):
    delivery = dead(channel, "effect:1")
    refused = dead(channel, "code:1", kind="secret", secret={"code": "483920"})
    action = {"action": "repeat", "_selected_action": [delivery.pk, refused.pk]}

    for _click in range(2):
        assert support.post(DESK, action).status_code == 302
    services.deliver_due()

    delivery.refresh_from_db()
    refused.refresh_from_db()
    assert (delivery.state, refused.state) == (Delivery.State.DONE, Delivery.State.DEAD)
    assert channel.effects == ["effect:1", "code:1", "effect:1"]
    assert LogEntry.objects.filter(object_id=str(delivery.pk)).count() == 1
    assert not LogEntry.objects.filter(object_id=str(refused.pk)).exists()


def test_deliveries_are_neither_added_nor_edited_nor_deleted_by_hand(support, channel):
    delivery = dead(channel, "effect:1")

    support.post(f"{DESK}{delivery.pk}/change/", {"state": "done", "key": "other"})

    delivery.refresh_from_db()
    assert (delivery.key, delivery.state) == ("effect:1", Delivery.State.DEAD)
    assert support.get(f"{DESK}add/").status_code == 403
    assert support.post(f"{DESK}{delivery.pk}/delete/", {"post": "yes"}).status_code == 403


def test_only_support_sees_the_desk(client, channel):
    client.force_login(User.objects.create_user("visitor"))

    assert client.get(DESK).status_code == 302
