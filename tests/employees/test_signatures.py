"""A signature is turned on by its owner, confirmed by support, used by robots, stopped at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from employees.models import EmployeeRight, Right, SignatureProfile
from employees.signatures.consent import CONSENT_VERSION
from employees.signatures.profiles import (
    confirm_signature,
    forbid_robots,
    request_code,
    request_confirmation,
    seconds_to_next_code,
    stop_signature,
    turn_on_signature,
)
from journal.models import AuditEvent
from journal.services import verify_chain
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, SUPPORT, make_profile

State = SignatureProfile.State
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def sent_code() -> str:
    """What stands in the newest letter."""
    return Delivery.objects.filter(kind="employee_code").latest("pk").open_secret()["code"]


def turn_on(employee, *, email="", robots_allowed=True, at=NOON) -> SignatureProfile:
    request_code(employee, email=email or employee.email, at=at)
    return turn_on_signature(employee, code=sent_code(), robots_allowed=robots_allowed, at=at)


def refusal(work, *arguments, **named) -> ErrorCode:
    with pytest.raises(SignXError) as caught:
        work(*arguments, **named)
    return caught.value.code


def kinds(office) -> list[str]:
    return list(AuditEvent.objects.for_portal(office).in_order().values_list("kind", flat=True))


def test_the_whole_way(office, director):
    profile = request_code(director, email="orlova@kontora.example", at=NOON)
    assert profile.state == State.CODE_SENT

    profile = turn_on_signature(
        director, code=sent_code(), robots_allowed=True, at=NOON + HOUR / 30
    )
    assert profile.state == State.TURNED_ON
    assert profile.consent_text_version == CONSENT_VERSION

    request_confirmation(director, at=NOON + HOUR)
    profile = confirm_signature(profile, by=SUPPORT, at=NOON + 2 * HOUR)

    assert (profile.state, profile.confirmed_by) == (State.CONFIRMED, SUPPORT)
    assert kinds(office) == [
        "signature_code_sent",
        "signature_turned_on",
        "signature_confirmation_requested",
        "signature_confirmed",
    ]
    assert verify_chain(office).ok


def test_addresses_and_names_stay_out_of_the_chain(office, director):
    turn_on(director)
    request_confirmation(director, at=NOON)

    chained = str(list(AuditEvent.objects.values()))

    assert str(director.bitrix_user_id) in chained
    assert "orlova" not in chained
    assert "Орлова" not in chained


def test_the_code_lies_encrypted_and_only_in_the_delivery(director):
    request_code(director, email=director.email, at=NOON)
    code = sent_code()

    delivery = Delivery.objects.filter(kind="employee_code").values().get()

    assert code not in str(delivery["payload"])
    assert director.email not in str(delivery["payload"])


@pytest.mark.parametrize("email", ["", "orlova", "orlova@", "a@b.example\nBcc: x@y.example"])
def test_an_address_that_is_none_is_refused(director, email):
    assert refusal(request_code, director, email=email, at=NOON) == ErrorCode.INPUT_INVALID
    assert not Delivery.objects.exists()


def test_a_wrong_code_turns_nothing_on(director):
    request_code(director, email=director.email, at=NOON)
    wrong = f"{(int(sent_code()) + 1) % 1_000_000:06d}"

    refused = refusal(turn_on_signature, director, code=wrong, robots_allowed=True, at=NOON)

    assert refused == ErrorCode.CODE_WRONG
    assert SignatureProfile.objects.get().state == State.CODE_SENT


def test_nothing_was_requested(director):
    arguments = {"code": "123456", "robots_allowed": True, "at": NOON}

    assert refusal(turn_on_signature, director, **arguments) == ErrorCode.SIGNATURE_MISSING
    turn_on(director)
    assert refusal(turn_on_signature, director, **arguments) == ErrorCode.CODE_EXPIRED


def test_a_code_of_a_colleague_does_not_fit(director, clerk):
    request_code(director, email="shared@kontora.example", at=NOON)
    code_of_director = sent_code()
    at = NOON
    request_code(clerk, email="shared@kontora.example", at=at)
    while sent_code() == code_of_director:  # one in a million: both codes are the same
        at += timedelta(minutes=1)
        request_code(clerk, email="shared@kontora.example", at=at)

    refused = refusal(turn_on_signature, clerk, code=code_of_director, robots_allowed=True, at=at)

    assert refused == ErrorCode.CODE_WRONG


def test_a_second_code_waits_a_minute(director):
    request_code(director, email=director.email, at=NOON)

    assert refusal(request_code, director, email=director.email, at=NOON) == ErrorCode.CODE_TOO_SOON
    assert seconds_to_next_code(director, at=NOON) == 60
    assert Delivery.objects.filter(kind="employee_code").count() == 1


def test_an_active_signature_works_on_while_a_new_address_is_proved(director):
    make_profile(director)

    request_code(director, email="new@kontora.example", at=NOON)
    profile = SignatureProfile.objects.get()
    assert (profile.state, profile.email) == (State.CONFIRMED, director.email)

    profile = turn_on_signature(director, code=sent_code(), robots_allowed=True, at=NOON)
    assert (profile.state, profile.email) == (State.TURNED_ON, "new@kontora.example")
    assert profile.confirmed_at is None


def test_the_same_address_stays_confirmed(director):
    make_profile(director, robots_allowed=False)

    profile = turn_on(director, robots_allowed=True)

    assert (profile.state, profile.robots_allowed) == (State.CONFIRMED, True)


def test_support_gets_one_letter_a_day(director):
    turn_on(director)
    for hours in (0, 5, 23, 25):
        request_confirmation(director, at=NOON + hours * HOUR)

    assert Delivery.objects.filter(kind="confirmation_request").count() == 2


def test_confirmation_is_not_asked_for_what_is_not_on(director):
    assert refusal(request_confirmation, director, at=NOON) == ErrorCode.SIGNATURE_MISSING
    request_code(director, email=director.email, at=NOON)
    assert refusal(request_confirmation, director, at=NOON) == ErrorCode.SIGNATURE_MISSING


def test_confirming_twice_is_confirming_once(office, director):
    profile = turn_on(director)

    confirm_signature(profile, by=SUPPORT, at=NOON)
    confirm_signature(profile, by="support:oleg", at=NOON + HOUR)

    assert SignatureProfile.objects.get().confirmed_by == SUPPORT
    assert kinds(office).count("signature_confirmed") == 1


def test_support_confirms_the_address_it_has_seen_and_no_other(director):
    seen = turn_on(director)
    turn_on(director, email="attacker@other.example", at=NOON + HOUR)

    refused = refusal(confirm_signature, seen, by=SUPPORT, at=NOON + HOUR)

    assert refused == ErrorCode.STATUS_CONFLICT
    assert SignatureProfile.objects.get().state == State.TURNED_ON


def test_a_stopped_signature_needs_everything_anew(office, director):
    make_profile(director)

    profile = stop_signature(director, by=director, at=NOON)
    stop_signature(director, by=director, at=NOON + HOUR)

    assert (profile.state, profile.robots_allowed, profile.stopped_at) == (
        State.STOPPED,
        False,
        NOON,
    )
    assert kinds(office) == ["signature_stopped"]
    assert turn_on(director, at=NOON + HOUR).state == State.TURNED_ON


def test_a_code_sent_before_the_stop_does_not_turn_it_on_again(director):
    make_profile(director)
    request_code(director, email=director.email, at=NOON)
    code = sent_code()
    stop_signature(director, by=director, at=NOON)

    refused = refusal(turn_on_signature, director, code=code, robots_allowed=True, at=NOON)

    assert refused == ErrorCode.CODE_EXPIRED
    assert SignatureProfile.objects.get().state == State.STOPPED


@pytest.mark.parametrize("work", [stop_signature, forbid_robots])
def test_who_may_stop_it(director, clerk, stranger, work):
    make_profile(director)

    assert refusal(work, director, by=clerk, at=NOON) == ErrorCode.RIGHT_MISSING
    assert refusal(work, director, by=stranger, at=NOON) == ErrorCode.NOT_FOUND
    assert SignatureProfile.objects.get().robots_allowed

    EmployeeRight.objects.create(employee=clerk, right=Right.SETTINGS)
    work(director, by=clerk, at=NOON)
    assert not SignatureProfile.objects.get().robots_allowed


def test_robots_are_forbidden_without_a_code(office, director):
    make_profile(director)

    forbid_robots(director, by=director, at=NOON)
    profile = forbid_robots(director, by=director, at=NOON)

    assert (profile.state, profile.robots_allowed) == (State.CONFIRMED, False)
    assert kinds(office) == ["signature_robots_forbidden"]
