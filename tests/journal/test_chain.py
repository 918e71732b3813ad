"""Events are chained, complete, and refuse to be changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import IntegrityError, connection, transaction

from bitrix24.models import Portal
from journal import append_only, services
from journal.chain import ChainBreak
from journal.events import EventKind
from journal.models import AuditEvent, JournalHead, PersonalDetail
from tests.employees.cast import NOON, make_portal

pytestmark = pytest.mark.databases


def add(portal: Portal, **more: object) -> AuditEvent:
    return services.record(
        portal,
        EventKind.SETTINGS_CHANGED,
        actor="employee:1",
        subject=("portal", "1"),
        **more,  # type: ignore[arg-type]
    )


def tamper(sql: str, *values: object) -> None:
    """What somebody with the database in his hands would do."""
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    append_only.install(connection)


def test_every_event_continues_the_one_before(chain):
    first, second, third = AuditEvent.objects.for_portal(chain).in_order()

    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert first.previous_hash == ""
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash
    assert services.head_hash(chain) == third.hash
    assert services.verify_chain(chain).ok


def test_portals_have_chains_of_their_own(chain, other_office):
    add(other_office)

    assert AuditEvent.objects.for_portal(other_office).get().number == 1
    assert services.verify_chain(chain).checked == 3
    assert services.verify_chain(other_office).checked == 1


def test_events_of_a_subject_come_in_order_and_only_of_that_portal(chain, other_office):
    services.record(
        other_office, EventKind.SIGNER_VIEWED, actor="signer:9", subject=("signer", "9")
    )

    kinds = [event.kind for event in services.chain_of(("signer", "9"), chain)]

    assert kinds == ["signer_invited", "signer_viewed", "signer_signed"]


def test_the_chained_part_holds_no_personal_details(chain):
    chained = str(list(AuditEvent.objects.values()))

    assert "Ильин" not in chained
    assert "zakazchik" not in chained
    assert "203.0.113.7" not in chained
    assert PersonalDetail.objects.count() == 2


@pytest.mark.parametrize(
    "data", [{"share": 0.5}, {"when": NOON}, {"nested": [{"deep": 1.0}]}, {"raw": b"bytes"}]
)
def test_what_a_database_would_respell_is_refused(office, data):
    with pytest.raises(TypeError):
        add(office, data=data)


def test_text_that_postgresql_refuses_is_cleaned_before_it_is_hashed(office):
    event = add(office, data={"title": "Договор\x00 \ud800"}, personal={"name": "И\x00"})

    assert event.data == {"title": "Договор\ufffd ?"}
    assert services.verify_chain(office).ok


def test_big_numbers_and_order_of_keys_survive_the_database(office):
    add(office, data={"яблоко": 2**60, "b": [1, None, True], "a": {"z": "1", "y": "2"}})

    assert services.verify_chain(office).ok


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_an_event(chain, change):
    events = AuditEvent.objects.filter(number=3)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        if change == "update":
            events.update(actor="somebody else")
        else:
            PersonalDetail.objects.all().delete()
            events.delete()

    assert services.verify_chain(chain).ok


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_empty_the_journal(chain):
    # SQLite has no TRUNCATE: there, emptying a table is a DELETE.
    empty = "TRUNCATE {} CASCADE" if connection.vendor == "postgresql" else "DELETE FROM {}"

    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(empty.format("journal_auditevent"))


def test_missing_triggers_are_named_and_come_back_with_migrate(db):
    append_only.remove(connection)

    names = append_only.missing(connection)
    append_only.after_migrate(using="default")

    assert {name.partition("_no_")[0] for name in names} == {
        "journal_auditevent",
        "employees_balanceentry",
    }
    assert append_only.missing(connection) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "employee:2"),
        ("kind", "signer_declined"),
        ("subject_id", "10"),
        ("data", '{"signer": "1"}'),
        ("at", "2026-11-24 09:00:01"),
        ("personal_digest", ""),
    ],
)
def test_a_changed_event_is_found(chain, column, value):
    tamper(f"UPDATE journal_auditevent SET {column} = %s WHERE number = 2", value)  # noqa: S608

    check = services.verify_chain(chain)

    assert (check.ok, check.broken_at, check.reason) == (False, 2, ChainBreak.CONTENT)
    assert check.checked == 1


def test_a_rehashed_event_breaks_the_next_one(chain):
    tamper("UPDATE journal_auditevent SET hash = %s WHERE number = 2", "0" * 64)
    check = services.verify_chain(chain)
    assert (check.broken_at, check.reason) == (2, ChainBreak.CONTENT)

    tamper("UPDATE journal_auditevent SET previous_hash = %s WHERE number = 3", "0" * 64)
    tamper("UPDATE journal_auditevent SET hash = previous_hash WHERE number = 1")
    check = services.verify_chain(chain)
    assert (check.broken_at, check.reason) == (1, ChainBreak.CONTENT)


def test_a_removed_event_is_found(chain):
    PersonalDetail.objects.all().delete()
    tamper("DELETE FROM journal_auditevent WHERE number = 2")

    check = services.verify_chain(chain)

    assert (check.ok, check.broken_at, check.reason) == (False, 3, ChainBreak.NUMBER)


def test_a_cut_tail_is_found(chain):
    PersonalDetail.objects.all().delete()
    tamper("DELETE FROM journal_auditevent WHERE number = 3")

    check = services.verify_chain(chain)

    assert (check.ok, check.broken_at, check.reason) == (False, 3, ChainBreak.HEAD)


def test_a_tail_cut_with_its_head_is_found_by_the_hash_of_a_report(chain):
    printed = services.head_hash(chain)
    PersonalDetail.objects.all().delete()
    tamper("DELETE FROM journal_auditevent WHERE number = 3")
    last = AuditEvent.objects.get(number=2)
    JournalHead.objects.update(number=2, hash=last.hash)

    assert services.verify_chain(chain).ok
    check = services.verify_chain(chain, anchor=printed)

    assert (check.ok, check.reason) == (False, ChainBreak.ANCHOR)


def test_a_changed_personal_detail_is_found(chain):
    PersonalDetail.objects.filter(event__number=2).update(data={"name": "Другой Человек"})

    check = services.verify_chain(chain)

    assert (check.ok, check.broken_at, check.reason) == (False, 2, ChainBreak.PERSONAL)


def test_erasure_keeps_the_chain_whole_and_is_told(chain):
    erased = services.erase_personal(chain, ("signer", "9"), actor="support:anna", at=NOON)

    assert erased == 2
    assert not PersonalDetail.objects.exists()
    assert services.verify_chain(chain).ok
    assert AuditEvent.objects.for_portal(chain).latest("number").kind == EventKind.PERSONAL_ERASED
    assert [bool(event.personal_digest) for event in services.chain_of(("signer", "9"), chain)] == [
        False,  # had none
        True,
        True,
        False,
    ]


def test_erasure_of_nothing_says_nothing(chain):
    assert services.erase_personal(chain, ("signer", "77"), actor="support:anna") == 0
    assert services.verify_chain(chain).checked == 3


def test_erasure_stays_inside_the_portal(chain, other_office):
    assert services.erase_personal(other_office, ("signer", "9"), actor="support:anna") == 0
    assert PersonalDetail.objects.count() == 2


def test_news_of_the_portal_are_events(office):
    for what in ("installed", "updated", "uninstalled"):
        services.portal_changed(office, what)

    kinds = list(AuditEvent.objects.in_order().values_list("kind", flat=True))
    assert kinds == ["portal_installed", "portal_updated", "portal_uninstalled"]


@pytest.mark.django_db(transaction=True)
def test_an_event_is_written_only_in_a_transaction():
    portal = make_portal()

    with pytest.raises(RuntimeError, match="transaction"):
        add(portal)

    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_of_work_that_failed_is_gone_with_it():
    portal = make_portal()
    with transaction.atomic():
        add(portal)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        add(portal)
        raise ZeroDivisionError

    assert services.verify_chain(portal).checked == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "erase",
    [
        lambda portal: services.erase_personal(portal, ("portal", "1"), actor="support:anna"),
        lambda portal: services.portal_changed(portal, "wiped"),
    ],
    ids=["of a subject", "of a portal"],
)
def test_erasure_takes_what_is_just_being_written(erase):
    portal = make_portal()

    def work() -> None:
        try:
            erase(portal)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            add(portal, personal={"name": "Ильин Пётр Андреевич"})
            erasing = pool.submit(work)
            # It waits for this transaction; whoever does not wait has erased nothing by then.
            is_waiting = not wait([erasing], timeout=0.3).done
        erasing.result(timeout=30)

    assert is_waiting
    assert not PersonalDetail.objects.exists()
    assert services.verify_chain(portal).ok


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain():
    portal = make_portal()
    writers = 4
    start = threading.Barrier(writers)

    def write() -> None:
        start.wait(timeout=30)
        try:
            for _turn in range(5):
                with transaction.atomic():
                    add(portal)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    check = services.verify_chain(portal)
    assert (check.ok, check.checked) == (True, writers * 5)
