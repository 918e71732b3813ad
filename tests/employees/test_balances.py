"""The ledger: never below zero, equal to its sum, the same after every repeat."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bitrix24.models import Portal
from employees.balances import ledger as balances
from employees.models import BalanceEntry
from journal.events import EventKind
from journal.models import AuditEvent
from journal.services import verify_chain
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, make_clerk, make_director, make_portal
from tests.employees.threads import at_once

ROBOT = "robot:signx_send"


def top_up(portal: Portal, units: int, reason: str = "Счёт 41 от 20.11.2026") -> BalanceEntry:
    return balances.top_up(portal, units=units, reason=reason, actor="support:anna", at=NOON)


def hold(portal: Portal, document_id: int, units: int = 1) -> BalanceEntry | None:
    return balances.hold(
        portal,
        units=units,
        document_id=document_id,
        document_label=f"7kqm-29xd-{document_id:04d}",
        actor=ROBOT,
        at=NOON,
    )


def capture(document_id: int) -> BalanceEntry | None:
    return balances.capture(document_id, actor="system", at=NOON)


def release(document_id: int) -> BalanceEntry | None:
    return balances.release(document_id, reason="Declined", actor="system", at=NOON)


def code_of(work, *arguments, **named) -> ErrorCode | None:
    try:
        work(*arguments, **named)
    except SignXError as error:
        return error.code
    return None


def test_a_document_takes_one_unit_aside_and_spends_it(office):
    top_up(office, 5)

    hold(office, 71)
    assert balances.summary(office, NOON) == balances.BalanceSummary(4, 1, 0)

    capture(71)
    assert balances.summary(office, NOON) == balances.BalanceSummary(4, 0, 1)


def test_what_is_not_signed_is_given_back(office):
    top_up(office, 5)
    hold(office, 71, units=2)

    release(71)

    assert balances.summary(office, NOON) == balances.BalanceSummary(5, 0, 0)


def test_nothing_is_held_from_an_empty_balance(office):
    assert code_of(hold, office, 71) == ErrorCode.BALANCE_EMPTY
    top_up(office, 1)
    assert code_of(hold, office, 71, units=2) == ErrorCode.BALANCE_EMPTY

    assert balances.available(office) == 1
    assert not BalanceEntry.objects.filter(kind=BalanceEntry.Kind.HOLD).exists()


@pytest.mark.parametrize("settle", [capture, release])
def test_repeats_change_nothing(office, settle):
    top_up(office, 5)

    assert hold(office, 71) == hold(office, 71)
    first = settle(71)
    before = balances.summary(office, NOON)

    assert settle(71) == first
    assert balances.summary(office, NOON) == before


def test_a_repeated_hold_is_not_refused_when_nothing_is_left(office):
    top_up(office, 1)
    entry = hold(office, 71)

    assert hold(office, 71) == entry


def test_what_was_spent_is_not_given_back_and_the_other_way_round(office):
    top_up(office, 5)
    hold(office, 71)
    hold(office, 72)
    capture(71)
    release(72)

    assert code_of(release, 71) == ErrorCode.STATUS_CONFLICT
    assert code_of(capture, 72) == ErrorCode.STATUS_CONFLICT
    assert code_of(hold, office, 72) == ErrorCode.STATUS_CONFLICT
    assert balances.summary(office, NOON) == balances.BalanceSummary(4, 0, 1)


def test_a_document_that_costs_nothing_leaves_no_row(office):
    assert hold(office, 71, units=0) is None
    assert capture(71) is None
    assert release(71) is None
    assert not BalanceEntry.objects.exists()


def test_spending_older_than_30_days_is_not_counted(office):
    top_up(office, 5)
    hold(office, 71)
    capture(71)

    assert balances.summary(office, NOON + timedelta(days=29)).spent_30_days == 1
    assert balances.summary(office, NOON + timedelta(days=31)).spent_30_days == 0


@pytest.mark.parametrize(("units", "reason"), [(0, "Счёт 41"), (-3, "Счёт 41"), (3, "  ")])
def test_a_top_up_needs_units_and_a_reason(office, units, reason):
    assert code_of(top_up, office, units, reason) == ErrorCode.INPUT_INVALID


@pytest.mark.parametrize(("units", "reason"), [(0, "Ошибка"), (-6, "Ошибка"), (1, "")])
def test_a_correction_keeps_the_rules(office, units, reason):
    top_up(office, 5)

    refused = code_of(
        balances.correct, office, units=units, reason=reason, actor="support:anna", at=NOON
    )

    assert refused == ErrorCode.INPUT_INVALID
    assert balances.available(office) == 5


def test_a_correction_takes_away_what_is_there(office):
    top_up(office, 5)

    balances.correct(office, units=-5, reason="Возврат", actor="support:anna", at=NOON)

    assert balances.available(office) == 0


def test_portals_do_not_share(office, stranger):
    top_up(office, 5)

    assert balances.available(stranger.portal) == 0
    assert code_of(hold, stranger.portal, 71) == ErrorCode.BALANCE_EMPTY


def test_every_entry_is_an_event_without_peoples_words(office):
    top_up(office, 5, reason="Просил Ильин Пётр")
    hold(office, 71)
    release(71)

    events = AuditEvent.objects.for_portal(office).in_order()
    assert {event.kind for event in events} == {EventKind.BALANCE_CHANGED}
    assert [event.data["entry"] for event in events] == ["top_up", "hold", "release"]
    assert [event.data["available"] for event in events] == [5, 4, 5]
    assert events[1].data == {
        "entry": "hold",
        "units": -1,
        "available": 4,
        "held": 1,
        "document": "7kqm-29xd-0071",
    }
    assert "Ильин" not in str([event.data for event in events])
    assert events[0].personal_data == {"reason": "Просил Ильин Пётр"}


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_the_ledger(office, change):
    top_up(office, 5)
    rows = BalanceEntry.objects.all()

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(units=500) if change == "update" else rows.delete()

    assert balances.available(office) == 5


def test_the_database_refuses_a_balance_below_zero(office):
    with pytest.raises(IntegrityError), transaction.atomic():
        BalanceEntry.objects.create(
            portal=office,
            kind=BalanceEntry.Kind.CORRECTION,
            units=-1,
            available_after=-1,
            held_after=0,
            reason="Ошибка",
            actor="support:anna",
            at=NOON,
        )


def test_the_first_install_gives_free_signatures_once(office, settings):
    settings.FREE_SIGNATURES = 5

    assert balances.give_free_signatures(office) is not None
    assert balances.give_free_signatures(office) is None

    assert balances.available(office) == 5


def test_who_has_paid_before_gets_the_free_signatures_too(office, settings):
    settings.FREE_SIGNATURES = 5
    top_up(office, 3)

    balances.give_free_signatures(office)

    assert balances.available(office) == 8


@pytest.mark.parametrize(("units", "is_low"), [(10, True), (11, False)])
def test_ten_signatures_are_few(office, units, is_low):
    top_up(office, units)

    assert balances.summary(office, NOON).is_low is is_low


def test_a_reason_is_kept_without_the_space_around_it(office):
    top_up(office, 1, reason=" Счёт 41\n")
    balances.correct(office, units=1, reason=" Сверка ", actor="support:anna", at=NOON)

    assert [entry.reason for entry in BalanceEntry.objects.order_by("pk")] == ["Счёт 41", "Сверка"]


def test_free_signatures_may_be_none(office, settings):
    settings.FREE_SIGNATURES = 0

    assert balances.give_free_signatures(office) is None
    assert balances.available(office) == 0


def test_administrators_are_warned_at_10_and_at_0(office):
    administrator = make_director(office)
    make_clerk(office)
    top_up(office, 12)

    for document_id in range(71, 83):
        hold(office, document_id)

    warnings = Delivery.objects.filter(kind="balance_warning").order_by("pk")
    assert [warning.payload["method"] for warning in warnings] == ["im.notify.system.add"] * 2
    params = [warning.payload["params"] for warning in warnings]
    assert {each["USER_ID"] for each in params} == {administrator.bitrix_user_id}
    assert "10" in params[0]["MESSAGE"]
    assert "10" not in params[1]["MESSAGE"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["top_up", "correct", "hold", "capture", "release"]),
        st.integers(min_value=1, max_value=4),  # document
        st.integers(min_value=-3, max_value=3),  # units
    ),
    max_size=25,
)


class Expected:
    """The ledger as a person would keep it, in three dictionaries."""

    def __init__(self) -> None:
        self.available = 0
        self.holds: dict[int, int] = {}
        self.settled: dict[int, str] = {}

    @property
    def held(self) -> int:
        return sum(units for key, units in self.holds.items() if key not in self.settled)

    def take(self, what: str, document: int, units: int) -> bool:
        """Applies a step; whether it was allowed."""
        if what in {"top_up", "correct"}:
            is_allowed = units > 0 if what == "top_up" else units != 0
            if not is_allowed or self.available + units < 0:
                return False
            self.available += units
            return True
        if what == "hold":
            return self._hold(document, abs(units))
        if document not in self.holds:
            return True
        if self.settled.setdefault(document, what) != what:
            return False
        if what == "release" and self.holds[document]:
            self.available += self.holds[document]
            self.holds[document] = 0
        return True

    def _hold(self, document: int, units: int) -> bool:
        if document in self.holds:
            return self.settled.get(document) != "release"
        if units > self.available:
            return False
        if units:
            self.holds[document] = units
            self.available -= units
        return True


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_sequence_keeps_the_ledger_true(office, steps):
    expected = Expected()
    work = {
        "top_up": lambda document, units: top_up(office, units),
        "correct": lambda document, units: balances.correct(
            office, units=units, reason="Сверка", actor="support:anna", at=NOON
        ),
        "hold": lambda document, units: hold(office, document, abs(units)),
        "capture": lambda document, units: capture(document),
        "release": lambda document, units: release(document),
    }
    with transaction.atomic():
        for what, document, units in steps:
            was_allowed = code_of(work[what], document, units) is None

            assert was_allowed == expected.take(what, document, units)
            ledger = BalanceEntry.objects.for_portal(office)
            assert balances.available(office) == expected.available == ledger.available() >= 0
            assert balances.summary(office, NOON).held == expected.held >= 0
        assert verify_chain(office).checked == BalanceEntry.objects.for_portal(office).count()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_holds_at_once_never_overdraw():
    portal = make_portal()
    top_up(portal, 3)

    outcomes = at_once(lambda number: hold(portal, 71 + number), callers=8)

    refused = [outcome for outcome in outcomes if outcome == ErrorCode.BALANCE_EMPTY]
    assert len(refused) == 5
    assert balances.summary(portal, NOON) == balances.BalanceSummary(0, 3, 0)
    assert BalanceEntry.objects.for_portal(portal).available() == 0
    assert verify_chain(portal).ok


@pytest.mark.django_db(transaction=True)
def test_the_same_document_at_once_is_held_once():
    portal = make_portal()
    top_up(portal, 3)

    outcomes = at_once(lambda number: hold(portal, 71), callers=6)

    assert len({entry.pk for entry in outcomes}) == 1
    assert balances.available(portal) == 2


@pytest.mark.django_db(transaction=True)
def test_spending_and_giving_back_at_once_has_one_winner():
    portal = make_portal()
    top_up(portal, 1)
    hold(portal, 71)

    outcomes = at_once(lambda number: (capture if number % 2 else release)(71), callers=6)

    kinds = Counter(getattr(outcome, "kind", outcome) for outcome in outcomes)
    assert kinds[ErrorCode.STATUS_CONFLICT] == 3
    summary = balances.summary(portal, NOON)
    assert summary.held == 0
    assert (summary.available, summary.spent_30_days) in {(1, 0), (0, 1)}


@pytest.mark.django_db(transaction=True)
def test_installing_twice_at_once_gives_free_signatures_once():
    portal = make_portal()

    at_once(lambda number: balances.give_free_signatures(portal), callers=5)

    assert balances.available(portal) == 5


@pytest.mark.django_db(transaction=True)
def test_top_ups_and_corrections_at_once_add_up():
    portal = make_portal()
    top_up(portal, 3)

    def change(number: int) -> object:
        if number % 2:
            return top_up(portal, 10)
        return balances.correct(portal, units=-2, reason="Сверка", actor="support:anna", at=NOON)

    outcomes = at_once(change, callers=8)

    refused = outcomes.count(ErrorCode.INPUT_INVALID)
    assert balances.available(portal) == 3 + 4 * 10 - 2 * (4 - refused)
    assert BalanceEntry.objects.for_portal(portal).available() == balances.available(portal)
