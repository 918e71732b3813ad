"""The journal and the balance as CSV: what the page shows, for those who may see the page."""

from __future__ import annotations

import csv
import io

import pytest
from django.http import StreamingHttpResponse

from bitrix24.models import Portal
from documents.models import Document
from employees.balances import ledger
from employees.models import BalanceEntry, EmployeeRight, Right
from employees.pages.balance_views import EXPORT_PAGE
from journal.events import EventKind
from journal.models import AuditEvent
from journal.pages.export_views import PAGE_SIZE
from journal.services import record
from tests.factories import NOON, make_employee, make_portal
from tests.frame.desk import Desk

JOURNAL, BALANCE = "/app/journal/export", "/app/employees/balance/export"


def table(desk: Desk, address: str, **filters: str) -> list[list[str]]:
    """The rows of a download, as a spreadsheet reads them."""
    link = desk.post(address, filters)
    assert link.status_code == 204, link.content
    answer = desk.client.get(link.headers["HX-Redirect"])
    assert isinstance(answer, StreamingHttpResponse)
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    text = b"".join(answer).decode("utf-8")  # type: ignore[arg-type]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=";"))


def happen(portal: Portal, reason: str, times: int = 1) -> None:
    for _number in range(times):
        record(
            portal,
            EventKind.ROBOT_REFUSED,
            actor="robot:signx_send",
            subject=("robot", "1"),
            personal={"reason": reason},
            at=NOON,
        )


def test_the_journal_is_what_its_page_shows(director: Desk, sent: Document) -> None:
    head, *rows = table(director, JOURNAL)

    assert head[:4] == ["No.", "Time", "Who", "What happened"]
    events = AuditEvent.objects.filter(portal=sent.portal).order_by("-number")
    assert [(row[0], row[7]) for row in rows] == [(str(one.number), one.hash) for one in events]
    assert ["Document created", sent.public_id] in [[row[3], row[5]] for row in rows]


def test_filters_narrow_the_journal_and_its_table_alike(director: Desk, sent: Document) -> None:
    filters = {"kind": "document_created", "document": sent.number}

    assert len(table(director, JOURNAL, **filters)) == 2
    assert table(director, JOURNAL, until="2020-01-01") == [table(director, JOURNAL)[0]]


def test_the_journal_is_narrowed_by_person(director: Desk, newcomer: Desk, sent: Document) -> None:
    director.post("/app/employees/30/rights/journal", {"on": "1"})
    by = director.employee.audit_name

    html = director.read("/app/journal/", actor=by)
    rows = table(director, JOURNAL, actor=by)[1:]

    done = AuditEvent.objects.filter(actor=by).exclude(kind="data_exported")
    assert html.count("<pre") == done.count()
    assert {row[2] for row in rows} == {director.employee.name}
    assert sent.number in director.read("/app/journal/", actor="robot:")
    assert sent.number not in director.read("/app/journal/", actor=newcomer.employee.audit_name)


def test_taking_away_is_an_event_itself(director: Desk, office: Portal) -> None:
    table(director, JOURNAL)
    table(director, BALANCE)

    taken = AuditEvent.objects.filter(kind="data_exported").order_by("number")
    assert [(one.actor, one.data) for one in taken] == [
        (director.employee.audit_name, {"what": "journal"}),
        (director.employee.audit_name, {"what": "balance"}),
    ]


def test_the_balance_is_what_its_history_shows(director: Desk, office: Portal) -> None:
    ledger.correct(office, units=-3, reason="Ошибка; «возврат»", actor="admin:support", at=NOON)

    head, *rows = table(director, BALANCE)

    assert head == ["Time", "Entry", "Document", "Who", "Change", "Left", "Held", "reason"]
    assert rows[0][1:] == ["Correction", "", "admin:support", "-3", "17", "0", "Ошибка; «возврат»"]
    assert len(rows) == BalanceEntry.objects.filter(portal=office).count()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝"])
def test_nobodys_words_become_a_formula(director: Desk, office: Portal, start: str) -> None:
    words = f'{start}HYPERLINK("http://evil.example";"Оплатить")'
    ledger.correct(office, units=1, reason=f"x{words}", actor="admin:x", at=NOON)
    BalanceEntry.objects.create(
        portal=office, kind="correction", units=-1, available_after=20, held_after=0,
        reason=words, actor="=1+1", at=NOON,
    )  # fmt: skip

    row = table(director, BALANCE)[1]

    assert row[7] == f"'{words}"
    assert row[3] == "'=1+1"
    assert row[4] == "-1"  # a number stays a number


def test_an_empty_table_has_its_head(noon: None, db: None) -> None:
    person = make_employee(make_portal(units=0))
    EmployeeRight.objects.create(employee=person, right=Right.SETTINGS)

    assert len(table(Desk(person), BALANCE)) == 1


def test_a_large_journal_comes_page_by_page(director: Desk, office: Portal) -> None:
    happen(office, "Мало подписей", PAGE_SIZE + 20)
    link = director.post(JOURNAL, {"kind": "robot_refused"}).headers["HX-Redirect"]

    answer = director.client.get(link)
    pages = list(answer)  # type: ignore[call-overload]

    assert len(pages) == 3  # the head and two pages, each sent when it is ready
    numbers = [line.split(b";")[0] for page in pages[1:] for line in page.splitlines()]
    assert len(numbers) == len(set(numbers)) == PAGE_SIZE + 20


def test_a_large_balance_comes_page_by_page(director: Desk, office: Portal) -> None:
    BalanceEntry.objects.bulk_create(
        BalanceEntry(
            portal=office, kind="correction", units=0, available_after=20, held_after=0, at=NOON
        )
        for _number in range(EXPORT_PAGE)
    )

    assert len(table(director, BALANCE)) == 1 + BalanceEntry.objects.filter(portal=office).count()


def test_the_table_speaks_the_readers_language(office: Portal, director: Desk) -> None:
    russian = Desk(director.employee, language="ru")

    assert table(russian, JOURNAL)[0][1:3] == ["Время", "Кто"]


def test_another_portal_sees_only_its_own(director: Desk, stranger: Desk, sent: Document) -> None:
    assert sent.public_id in str(table(director, JOURNAL))
    assert sent.number in str(table(director, BALANCE))
    assert sent.public_id not in str(table(stranger, JOURNAL))
    assert sent.number not in str(table(stranger, BALANCE))


@pytest.mark.parametrize("address", [JOURNAL, BALANCE])
def test_without_the_right_there_is_no_link(clerk: Desk, address: str) -> None:
    assert clerk.post(address).status_code == 403
    assert not AuditEvent.objects.filter(kind="data_exported").exists()


@pytest.mark.parametrize(
    ("address", "right"), [(JOURNAL, Right.JOURNAL), (BALANCE, Right.SETTINGS)]
)
def test_a_link_dies_with_the_right(clerk: Desk, address: str, right: Right) -> None:
    given = EmployeeRight.objects.create(employee=clerk.employee, right=right)
    link = clerk.post(address).headers["HX-Redirect"]
    assert clerk.client.get(link).status_code == 200

    given.delete()

    assert clerk.client.get(link).status_code == 403


def test_a_link_of_one_table_does_not_open_the_other(director: Desk) -> None:
    ticket = director.post(JOURNAL).headers["HX-Redirect"].split("/files/")[1].strip("?")

    assert director.client.get(f"/app/employees/balance/files/{ticket}").status_code == 410
    assert director.client.get(f"/app/journal/files/{ticket}x").status_code == 410


@pytest.mark.parametrize("address", [JOURNAL, BALANCE])
def test_looking_takes_nothing_away(director: Desk, address: str) -> None:
    assert director.get(address).status_code == 405
