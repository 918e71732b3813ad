"""The balance page and the days it draws."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from bitrix24.models import Portal
from employees.balances import ledger
from employees.balances.spending import DAYS, chart, spent_by_day
from tests.frame.desk import Desk


def spend(portal: Portal, document_id: int, *, days_ago: int, units: int = 1) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    ledger.hold(
        portal, units=units, document_id=document_id, document_label="x", actor="robot:x", at=at
    )
    ledger.capture(document_id, actor="system", at=at)


def test_page_tells_left_held_and_spent(director: Desk, office: Portal) -> None:
    spend(office, 1, days_ago=3)
    ledger.hold(
        office, units=2, document_id=2, document_label="x", actor="employee:12", at=timezone.now()
    )

    html = director.read("/app/employees/balance")

    assert "<b>17</b>" in html
    assert "<b>2</b>" in html
    assert "<b>1</b>" in html
    assert director.employee.name in html


def test_history_is_for_those_who_change_settings(clerk: Desk, office: Portal) -> None:
    html = clerk.read("/app/employees/balance")

    assert "signatures left" in html
    assert "History" not in html


def test_empty_balance_says_what_to_do(director: Desk, office: Portal) -> None:
    ledger.correct(office, units=-20, reason="Проверка", actor="support", at=timezone.now())

    assert "new documents cannot be sent" in director.read("/app/employees/balance")


def test_days_are_summed_in_units_and_end_at_thirty(office: Portal) -> None:
    spend(office, 1, days_ago=0, units=2)
    spend(office, 2, days_ago=0)
    spend(office, 3, days_ago=DAYS - 1)
    spend(office, 4, days_ago=DAYS)

    spent = spent_by_day(office, timezone.now())

    assert len(spent) == DAYS
    assert spent[timezone.localdate()] == 3
    assert sum(spent.values()) == 4


def test_other_portals_spending_is_not_counted(office: Portal, stranger: Desk) -> None:
    spend(office, 1, days_ago=0)

    assert sum(spent_by_day(office, timezone.now()).values()) == 1
    assert sum(spent_by_day(stranger.employee.portal, timezone.now()).values()) == 0


def test_bars_fit_the_picture() -> None:
    today = timezone.localdate()
    drawn = chart({today - timedelta(days=1): 0, today: 7})

    assert [bar.height for bar in drawn.bars] == [2, drawn.height]
    assert all(bar.y + bar.height == drawn.height for bar in drawn.bars)
    assert drawn.bars[-1].x + drawn.bars[-1].width == drawn.width
