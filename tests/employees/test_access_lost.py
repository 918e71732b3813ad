"""Administrators and support are told that SIGNX has lost its access to a portal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from bitrix24.models import Portal
from bitrix24.tokens import access
from employees.models import Employee
from employees.people.portal_letters import build_access_lost
from outbox.models import Delivery
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Portal:
    portal = factories.make_portal()
    Portal.objects.filter(pk=portal.pk).update(status=Portal.Status.ACTIVE)
    return portal


def administrator(portal: Portal, user_id: int, email: str, **changes: object) -> Employee:
    values = {"name": "Орлова Вера", "is_portal_admin": True} | changes
    return Employee.objects.create(portal=portal, bitrix_user_id=user_id, email=email, **values)


def letters() -> dict[str, str]:
    built = [
        build_access_lost(delivery) for delivery in Delivery.objects.filter(kind="access_lost")
    ]
    return {letter.to: letter.text for letter in built if letter is not None}


def test_everybody_who_can_help_gets_a_letter(office):
    administrator(office, 501, "orlova@vostok.example")
    administrator(office, 502, "former@vostok.example", is_active=False)
    administrator(office, 503, "clerk@vostok.example", is_portal_admin=False)
    administrator(office, 504, "")

    access.note_loss(office.pk)

    sent = letters()
    assert sent.keys() == {"orlova@vostok.example", settings.SUPPORT_EMAIL}
    assert office.domain in sent["orlova@vostok.example"]
    assert "SIGNX в левом меню" in sent["orlova@vostok.example"]


def test_one_loss_is_told_once_and_the_next_one_again(office, time_machine):
    administrator(office, 501, "orlova@vostok.example")
    access.note_loss(office.pk)
    access.note_loss(office.pk)
    assert Delivery.objects.filter(kind="access_lost").count() == 2

    access.note_return(office.pk)
    time_machine.move_to(Portal.objects.get().created_at + timedelta(days=1), tick=False)
    access.note_loss(office.pk)

    assert Delivery.objects.filter(kind="access_lost").count() == 4


def test_a_letter_that_is_no_longer_needed_is_not_sent(office):
    administrator(office, 501, "orlova@vostok.example")
    access.note_loss(office.pk)

    access.note_return(office.pk)

    assert letters() == {}
