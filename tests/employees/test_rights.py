"""Rights and sending on behalf: who gives them, who may use them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from employees.models import Delegation, EmployeeRight, Right
from employees.people import delegations
from employees.people.delegations import count_delegated_document, owners_for
from employees.people.rights import give_right, take_right
from employees.signatures.signing_rights import signer_for_person
from journal.events import EventKind
from journal.models import AuditEvent
from journal.services import record
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, make_clerk, make_director, make_portal, make_profile
from tests.employees.threads import at_once

WEEK = timedelta(days=7)

pytestmark = pytest.mark.django_db


def refusal(work, *arguments, **named) -> ErrorCode:
    with pytest.raises(SignXError) as caught:
        work(*arguments, **named)
    return caught.value.code


def kinds() -> list[str]:
    return list(AuditEvent.objects.in_order().values_list("kind", flat=True))


def allow(owner, delegate, *, by=None, until=NOON + WEEK, limit=None) -> Delegation:
    return delegations.delegate(owner, delegate, by=by or owner, until=until, limit=limit, at=NOON)


def test_a_right_is_given_and_taken_once(director, clerk):
    for _time in range(2):
        give_right(clerk, Right.SEND, by=director, at=NOON)
    assert clerk.has_right(Right.SEND)

    for _time in range(2):
        take_right(clerk, Right.SEND, by=director, at=NOON)
    assert not clerk.has_right(Right.SEND)
    assert kinds() == ["right_given", "right_taken"]


def test_a_right_is_taken_from_one_person(director, clerk):
    colleague = make_clerk(director.portal, user_id=14)
    for employee in (clerk, colleague):
        give_right(employee, Right.SEND, by=director, at=NOON)

    take_right(clerk, Right.SEND, by=director, at=NOON)

    assert colleague.has_right(Right.SEND)


def test_the_journal_tells_who_gave_what_to_whom(director, clerk):
    give_right(clerk, Right.SEND, by=director, at=NOON)
    allow(director, clerk, limit=3)

    right, delegation = AuditEvent.objects.in_order()
    assert (right.actor, right.subject_id) == (director.audit_name, str(clerk.bitrix_user_id))
    assert right.data == {"right": "send"}
    assert right.personal_data == {"actor": director.name, "name": clerk.name}
    assert delegation.subject_id == str(director.bitrix_user_id)
    assert delegation.data == {
        "delegate": clerk.bitrix_user_id,
        "until": (NOON + WEEK).isoformat(),
        "limit": 3,
    }
    assert delegation.personal_data == {
        "actor": director.name,
        "name": director.name,
        "delegate": clerk.name,
    }


@pytest.mark.django_db(transaction=True)
def test_each_of_these_acts_is_a_transaction_with_its_event():
    """The journal takes nothing outside of one."""
    portal = make_portal()
    director, clerk = make_director(portal), make_clerk(portal)

    give_right(clerk, Right.SEND, by=director, at=NOON)
    take_right(clerk, Right.SEND, by=director, at=NOON)
    delegations.revoke(allow(director, clerk), by=director, at=NOON)

    assert kinds() == ["right_given", "right_taken", "delegation_given", "delegation_revoked"]


@pytest.mark.parametrize("work", [give_right, take_right])
def test_rights_are_given_by_those_who_may_change_settings(director, clerk, stranger, work):
    assert refusal(work, clerk, Right.SEND, by=clerk, at=NOON) == ErrorCode.RIGHT_MISSING
    assert refusal(work, clerk, Right.SEND, by=stranger, at=NOON) == ErrorCode.NOT_FOUND

    EmployeeRight.objects.create(employee=clerk, right=Right.SETTINGS)
    work(director, Right.SEND, by=clerk, at=NOON)


def test_a_dismissed_employee_has_no_rights(director):
    assert all(director.has_right(right) for right in Right)

    director.is_active = False

    assert not any(director.has_right(right) for right in Right)


def test_the_owner_lets_a_colleague_send(director, clerk):
    delegation = allow(director, clerk, limit=3)

    assert list(owners_for(clerk, NOON)) == [clerk, director]
    assert delegation.given_by == director
    assert kinds() == ["delegation_given"]


def test_only_the_owner_and_an_administrator_give_it(director, clerk, stranger):
    colleague = make_clerk(director.portal, user_id=14)
    EmployeeRight.objects.create(employee=colleague, right=Right.SETTINGS)

    assert refusal(allow, director, colleague, by=colleague) == ErrorCode.RIGHT_MISSING
    assert refusal(allow, director, clerk, by=stranger) == ErrorCode.NOT_FOUND
    assert refusal(allow, director, stranger) == ErrorCode.NOT_FOUND
    allow(clerk, colleague, by=director)


@pytest.mark.parametrize(
    "terms",
    [
        {"until": NOON},
        {"until": NOON - WEEK},
        {"until": NOON + timedelta(days=400)},
        {"limit": 0},
        {"limit": -1},
    ],
)
def test_terms_must_make_sense(director, clerk, terms):
    assert refusal(allow, director, clerk, **terms) == ErrorCode.INPUT_INVALID
    assert not Delegation.objects.exists()


def test_nobody_delegates_to_himself_or_to_the_dismissed(director, clerk):
    assert refusal(allow, director, director) == ErrorCode.INPUT_INVALID
    clerk.is_active = False
    assert refusal(allow, director, clerk) == ErrorCode.SIGNER_UNKNOWN


def test_nobody_sends_for_the_dismissed(director, clerk):
    allow(director, clerk)
    director.is_active = False
    director.save()

    assert list(owners_for(clerk, NOON)) == [clerk]


def test_it_ends_with_its_term(director, clerk):
    allow(director, clerk)

    assert director in owners_for(clerk, NOON + WEEK - timedelta(seconds=1))
    assert director not in owners_for(clerk, NOON + WEEK)


def test_it_ends_with_its_limit(director, clerk):
    allow(director, clerk, limit=2)

    for _document in range(2):
        count_delegated_document(director, clerk, at=NOON)

    assert director not in owners_for(clerk, NOON)
    assert refusal(count_delegated_document, director, clerk, at=NOON) == ErrorCode.RIGHT_MISSING


def test_only_a_delegation_of_the_signer_is_used_up(director, clerk):
    colleague = make_clerk(director.portal, user_id=14)
    of_colleague = allow(colleague, clerk, until=NOON + WEEK / 2, limit=1)
    of_director = allow(director, clerk, limit=1)

    count_delegated_document(director, clerk, at=NOON)

    of_colleague.refresh_from_db()
    of_director.refresh_from_db()
    assert (of_colleague.documents_used, of_director.documents_used) == (0, 1)


def test_the_one_that_ends_first_is_used_up_first(director, clerk):
    long = allow(director, clerk, until=NOON + 4 * WEEK)
    short = allow(director, clerk, limit=5)

    count_delegated_document(director, clerk, at=NOON)

    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.documents_used, short.documents_used) == (0, 1)


@pytest.mark.parametrize("who", ["owner", "delegate", "administrator"])
def test_who_takes_it_back(director, clerk, who):
    owner = make_clerk(director.portal, user_id=14)
    delegation = allow(owner, clerk)
    by = {"owner": owner, "delegate": clerk, "administrator": director}[who]

    for _time in range(2):
        delegations.revoke(delegation, by=by, at=NOON)

    assert owner not in owners_for(clerk, NOON)
    assert kinds() == ["delegation_given", "delegation_revoked"]


def test_who_does_not(director, clerk, stranger):
    delegation = allow(director, clerk)
    colleague = make_clerk(director.portal, user_id=14)

    assert refusal(delegations.revoke, delegation, by=colleague, at=NOON) == ErrorCode.RIGHT_MISSING
    assert refusal(delegations.revoke, delegation, by=stranger, at=NOON) == ErrorCode.NOT_FOUND


def test_a_person_sends_with_his_own_signature(director, clerk):
    make_profile(director)
    make_profile(clerk)
    EmployeeRight.objects.create(employee=clerk, right=Right.SIGN)

    assert signer_for_person(director, director, at=NOON) == director
    assert refusal(signer_for_person, clerk, clerk, at=NOON) == ErrorCode.RIGHT_MISSING
    EmployeeRight.objects.create(employee=clerk, right=Right.SEND)
    assert signer_for_person(clerk, clerk, at=NOON) == clerk


def test_a_person_sends_for_another_only_when_allowed(director, clerk, stranger):
    make_profile(director)
    EmployeeRight.objects.create(employee=clerk, right=Right.SEND)
    ask = signer_for_person

    assert refusal(ask, clerk, director, at=NOON) == ErrorCode.RIGHT_MISSING
    allow(director, clerk)
    assert ask(clerk, director, at=NOON) == director
    assert refusal(ask, stranger, director, at=NOON) == ErrorCode.NOT_FOUND
    assert refusal(ask, clerk, director, at=NOON + WEEK) == ErrorCode.RIGHT_MISSING


@pytest.mark.django_db(transaction=True)
def test_the_last_document_of_a_limit_goes_to_one_of_those_who_send_at_once():
    portal = make_portal()
    owner, delegate = make_clerk(portal, user_id=14), make_clerk(portal)
    allow(owner, delegate, limit=2)

    outcomes = at_once(lambda number: count_delegated_document(owner, delegate, at=NOON), callers=5)

    assert outcomes.count(ErrorCode.RIGHT_MISSING) == 3
    assert Delegation.objects.get().documents_used == 2


@pytest.mark.django_db(transaction=True)
def test_sending_and_revoking_at_once_do_not_wait_for_each_other_for_ever():
    portal = make_portal()
    owner, delegate = make_clerk(portal, user_id=14), make_clerk(portal)
    given = [allow(owner, delegate, limit=1000) for _number in range(5)]

    def send() -> None:
        with transaction.atomic():
            record(portal, EventKind.DOCUMENT_CREATED, actor="robot", subject=("document", "1"))
            count_delegated_document(owner, delegate, at=NOON)

    def revoke(number: int) -> None:
        for delegation in given:
            send() if number % 2 else delegations.revoke(delegation, by=owner, at=NOON)

    outcomes = at_once(revoke, callers=6)

    assert set(outcomes) <= {None, ErrorCode.RIGHT_MISSING}
    assert not Delegation.objects.in_force(NOON).exists()
