"""Check 3 of the robots: the first thing that is missing is the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from employees.models import EmployeeRight, Right, SignatureProfile
from employees.people.delegations import delegate
from employees.signatures.signing_rights import signer_for_robots
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, make_clerk, make_profile

State = SignatureProfile.State

pytestmark = pytest.mark.django_db


def ask(signer, responsible=None):
    return signer_for_robots(signer.portal, signer.bitrix_user_id, responsible=responsible, at=NOON)


def refusal(signer, responsible=None) -> SignXError:
    with pytest.raises(SignXError) as caught:
        ask(signer, responsible)
    return caught.value


def test_an_active_confirmed_signature_is_used(director):
    make_profile(director)

    assert ask(director) == director


def test_the_dismissed_do_not_sign(director):
    make_profile(director)
    director.is_active = False
    director.save()

    assert refusal(director).code == ErrorCode.SIGNER_UNKNOWN


@pytest.mark.parametrize("state", [None, State.CODE_SENT, State.STOPPED])
def test_a_signature_that_is_not_on_is_missing(director, state):
    if state:
        make_profile(director, state=state)

    assert refusal(director).code == ErrorCode.SIGNATURE_MISSING


def test_support_must_have_confirmed_the_address(director):
    make_profile(director, state=State.TURNED_ON)

    assert refusal(director).code == ErrorCode.SIGNATURE_NOT_CONFIRMED


def test_robots_must_be_allowed(director):
    make_profile(director, robots_allowed=False)

    assert refusal(director).code == ErrorCode.RIGHT_MISSING


def test_the_signer_must_have_the_right_to_sign(clerk):
    make_profile(clerk)
    assert refusal(clerk).code == ErrorCode.RIGHT_MISSING

    EmployeeRight.objects.create(employee=clerk, right=Right.SIGN)
    assert ask(clerk) == clerk


def test_the_responsible_has_the_right_to_send(director, clerk):
    make_profile(director)
    EmployeeRight.objects.create(employee=clerk, right=Right.SEND)

    assert ask(director, clerk) == director


def test_or_is_delegated_by_the_signer(director, clerk):
    make_profile(director)
    delegate(director, clerk, by=director, until=NOON + timedelta(days=1), limit=None, at=NOON)

    assert ask(director, clerk) == director


def test_else_the_sentence_names_the_responsible(director, clerk):
    make_profile(director)

    error = refusal(director, clerk)

    assert error.code == ErrorCode.RIGHT_MISSING
    with override("en"):
        assert error.sentence.startswith(clerk.name)
    assert clerk.name not in error.detail


def test_a_delegation_by_somebody_else_does_not_help(director, clerk):
    make_profile(director)
    other = make_clerk(director.portal, user_id=14)
    delegate(other, clerk, by=director, until=NOON + timedelta(days=1), limit=None, at=NOON)

    assert refusal(director, clerk).code == ErrorCode.RIGHT_MISSING


def test_a_dismissed_responsible_sends_nothing(director, clerk):
    make_profile(director)
    EmployeeRight.objects.create(employee=clerk, right=Right.SEND)
    clerk.is_active = False

    assert refusal(director, clerk).code == ErrorCode.RIGHT_MISSING


def test_a_responsible_of_another_portal_is_not_found(director, stranger):
    make_profile(director)

    assert refusal(director, stranger).code == ErrorCode.NOT_FOUND
