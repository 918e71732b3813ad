"""One-time codes: five tries, ten a day, one live, bound to what they confirm."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from employees.models import CodeAddress, OneTimeCode
from employees.signatures import codes
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON
from tests.employees.threads import at_once

ADDRESS = "Ilin@Zakazchik.example"
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def issue(at=NOON, **changes) -> str:
    values = {
        "purpose": "sign_document",
        "subject": "signer:9",
        "address": ADDRESS,
        "bound_to": "a" * 64,
        "at": at,
    }
    return codes.issue(**(values | changes))


def check(code: str, at=NOON, **changes) -> None:
    values = {"purpose": "sign_document", "subject": "signer:9", "bound_to": "a" * 64, "at": at}
    codes.check(**(values | changes), code=code)


def refusal(work, *arguments, **named) -> tuple[ErrorCode, dict]:
    with pytest.raises(SignXError) as caught:
        work(*arguments, **named)
    return caught.value.code, caught.value.context


def other_than(code: str, step: int = 1) -> str:
    return f"{(int(code) + step) % 1_000_000:06d}"


def test_a_right_code_is_taken_once():
    code = issue()

    assert len(code) == 6
    assert code.isdecimal()
    check(code)

    assert refusal(check, code)[0] == ErrorCode.CODE_EXPIRED


def test_a_code_may_be_typed_with_spaces():
    code = issue()

    check(f" {code[:3]} {code[3:]} ")


def test_only_a_keyed_hash_is_kept():
    code = issue()

    row = OneTimeCode.objects.get()
    assert code not in str(vars(row))
    assert len(row.code_hash) == 64
    assert row.address == "ilin@zakazchik.example"


def test_five_tries_and_no_sixth():
    code = issue()

    left = [refusal(check, other_than(code, step))[1]["left"] for step in range(1, 6)]

    assert left == [4, 3, 2, 1, 0]
    assert refusal(check, code)[0] == ErrorCode.CODE_EXPIRED


def test_the_fifth_try_may_be_right():
    code = issue()
    for step in range(1, 5):
        refusal(check, other_than(code, step))

    check(code)


@pytest.mark.parametrize("typed", ["", "abc", "１２３４５６", "0" * 500, "\x00"])
def test_nonsense_is_a_wrong_try(typed):
    issue()

    code, context = refusal(check, typed)

    assert (code, context) == (ErrorCode.CODE_WRONG, {"left": 4})


def test_a_code_lives_five_minutes():
    code = issue()

    assert refusal(check, code, at=NOON + 5 * MINUTE)[0] == ErrorCode.CODE_EXPIRED
    check(code, at=NOON + 5 * MINUTE - timedelta(seconds=1))


@pytest.mark.parametrize(
    "other",
    [
        {"bound_to": "b" * 64},
        {"subject": "signer:10"},
        {"purpose": "turn_on_signature"},
    ],
)
def test_a_code_fits_nothing_but_what_it_was_made_for(other):
    code = issue()

    assert refusal(check, code, **other)[0] == ErrorCode.CODE_EXPIRED

    assert OneTimeCode.objects.get().tries == 0
    check(code)


def test_a_new_code_takes_the_place_of_the_old_one():
    old = issue()
    new = issue(at=NOON + MINUTE)

    if old != new:
        assert refusal(check, old, at=NOON + MINUTE)[0] == ErrorCode.CODE_WRONG
    check(new, at=NOON + MINUTE)
    assert OneTimeCode.objects.live().count() == 0


def test_a_new_code_waits_a_minute():
    issue()

    code, context = refusal(issue, at=NOON + timedelta(seconds=45.5))

    assert (code, context) == (ErrorCode.CODE_TOO_SOON, {"seconds": 15})
    assert codes.seconds_to_next(purpose="sign_document", subject="signer:9", at=NOON) == 60
    assert codes.seconds_to_next(purpose="sign_document", subject="signer:1", at=NOON) == 0


def test_a_code_that_was_refused_leaves_the_live_one_alone():
    code = issue()
    refusal(issue, at=NOON + timedelta(seconds=10))

    check(code, at=NOON + timedelta(seconds=11))


def test_ten_codes_a_day_whoever_asks():
    for number in range(10):
        issue(at=NOON + number * MINUTE, subject=f"signer:{number % 3}")

    late = NOON + timedelta(hours=23)
    assert refusal(issue, at=late)[0] == ErrorCode.CODE_LIMIT
    other = refusal(issue, at=late, purpose="turn_on_signature", address=ADDRESS.upper())
    assert other[0] == ErrorCode.CODE_LIMIT
    issue(at=late, address="other@zakazchik.example")
    issue(at=NOON + timedelta(hours=24, minutes=1))


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ilin@mail.ru", "i***@mail.ru"),
        ("i@mail.ru", "i***@mail.ru"),
        ("+7 914 555-01-12", "+7***12"),
        ("89145550112", "8***12"),
        ("12345", "***"),
        ("", "***"),
    ],
)
def test_addresses_are_masked(address, masked):
    assert codes.mask_address(address) == masked


@pytest.mark.django_db(transaction=True)
def test_a_try_is_counted_although_the_work_around_it_fails():
    code = issue()

    with pytest.raises(SignXError):
        check(other_than(code))

    assert OneTimeCode.objects.get().tries == 1


@pytest.mark.django_db(transaction=True)
def test_a_check_inside_a_transaction_is_a_mistake_of_ours():
    code = issue()

    with pytest.raises(RuntimeError), transaction.atomic():
        check(code)

    assert OneTimeCode.objects.get().tries == 0


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_all_counted():
    code = issue()

    outcomes = at_once(lambda number: check(other_than(code, number + 1)), callers=8)

    assert Counter(outcomes) == {ErrorCode.CODE_WRONG: 5, ErrorCode.CODE_EXPIRED: 3}
    assert OneTimeCode.objects.get().tries == 5


@pytest.mark.django_db(transaction=True)
def test_a_right_code_typed_twice_at_once_is_taken_once():
    code = issue()

    outcomes = at_once(lambda number: check(code), callers=4)

    assert Counter(outcomes) == {None: 1, ErrorCode.CODE_EXPIRED: 3}


@pytest.mark.django_db(transaction=True)
def test_codes_asked_for_at_once_are_one():
    outcomes = at_once(lambda number: issue(), callers=5)

    assert outcomes.count(ErrorCode.CODE_TOO_SOON) == 4
    assert OneTimeCode.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_subject_with_two_addresses_at_once_has_one_live_code():
    outcomes = at_once(lambda number: issue(address=f"a{number}@zakazchik.example"), callers=4)

    assert outcomes.count(ErrorCode.CODE_TOO_SOON) == 3
    assert OneTimeCode.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_an_address_holds_at_once():
    for number in range(8):
        issue(subject=f"signer:{number}", at=NOON + number * MINUTE)
    later = NOON + timedelta(hours=1)

    outcomes = at_once(lambda number: issue(subject=f"late:{number}", at=later), callers=6)

    assert outcomes.count(ErrorCode.CODE_LIMIT) == 4


def test_old_codes_are_forgotten_with_their_addresses(settings):
    settings.CODE_DAYS = 30
    issue()
    issue(NOON + timedelta(days=20), subject="signer:10", address="new@zakazchik.example")

    for _twice in range(2):
        codes.forget_old_codes(NOON + timedelta(days=30, seconds=1))

    assert [row.subject for row in OneTimeCode.objects.all()] == ["signer:10"]
    assert [row.address for row in CodeAddress.objects.all()] == ["new@zakazchik.example"]
    check(issue(NOON + timedelta(days=31)), NOON + timedelta(days=31))


def test_forgetting_gives_nobody_more_codes_a_day(settings):
    settings.CODE_DAYS = 2
    for number in range(10):
        issue(NOON + timedelta(hours=number), subject=f"signer:{number}")

    codes.forget_old_codes(NOON + timedelta(hours=12))

    assert refusal(issue, NOON + timedelta(hours=12))[0] == ErrorCode.CODE_LIMIT
