"""Every event can be told in one sentence, also when its personal details are gone."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from employees.models import Right
from journal import services
from journal.events import EventKind
from journal.models import AuditEvent
from journal.sentences import RIGHT_NAMES, sentence

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def event(office, kind: EventKind, data=None, personal=None) -> AuditEvent:
    return services.record(
        office, kind, actor="employee:1", subject=("employee", "12"), data=data, personal=personal
    )


def test_a_sentence_names_whom_it_is_about(office):
    told = event(
        office,
        EventKind.SIGNATURE_CODE_SENT,
        personal={"name": "Орлова Вера Павловна", "address": "orlova@kontora.example"},
    )

    assert sentence(told) == (
        "Орлова Вера Павловна: a code to turn on the signature was sent to orlova@kontora.example"
    )


def test_without_a_reason_the_shorter_sentence_is_told(office):
    told = event(office, EventKind.SIGNER_DECLINED, personal={"name": "Ильин Пётр"})

    assert sentence(told) == "Ильин Пётр refused to sign"


def test_after_erasure_the_kind_is_told(office):
    event(office, EventKind.SIGNER_SIGNED, personal={"name": "Ильин Пётр"})
    services.erase_personal(office, ("employee", "12"), actor="support:anna")

    assert sentence(AuditEvent.objects.get(number=1)) == "Signed"


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_can_be_told_with_nothing_known(office, kind):
    assert sentence(event(office, kind)) == str(kind.label)


def test_a_kind_of_a_later_version_is_told_as_it_is(office):
    told = event(office, EventKind.SIGNER_SIGNED)
    told.kind = "signer_teleported"

    assert sentence(told) == "signer_teleported"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"entry": "top_up", "units": 50, "available": 55}, "Balance topped up by 50, now 55"),
        (
            {"entry": "hold", "units": -1, "available": 4, "document": "7kqm-29xd-fhp3"},
            "Held for document 7kqm-29xd-fhp3: 1, left 4",
        ),
        ({"entry": "correction", "units": -2, "available": 3}, "Balance corrected by -2, now 3"),
    ],
)
def test_the_balance_is_told_in_numbers(office, data, told):
    assert sentence(event(office, EventKind.BALANCE_CHANGED, data=data)) == told


def test_words_of_people_are_not_templates(office):
    told = event(
        office, EventKind.SIGNER_DECLINED, personal={"name": "Ильин", "reason": "{name} {data}"}
    )

    assert sentence(told) == "Ильин refused to sign: “{name} {data}”"


def test_every_right_has_a_name(office):
    assert set(RIGHT_NAMES) == set(Right.values)
    told = event(office, EventKind.RIGHT_GIVEN, data={"right": "send"}, personal={"name": "Зайцев"})

    assert sentence(told) == "Зайцев was given the right: Send documents"
