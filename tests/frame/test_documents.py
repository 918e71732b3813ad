"""The list of documents and the card of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24.models import Portal
from documents.core import flow
from documents.desk import chips
from documents.desk.listing import PAGE_SIZE
from documents.desk.rows import rows_of
from documents.models import Document, Signer
from journal.events import EventKind
from journal.models import AuditEvent
from outbox.models import Delivery
from tests import factories
from tests.frame.conftest import address
from tests.frame.desk import Desk


def copies(portal: Portal, number: int) -> list[Document]:
    """Drafts that differ by their number only: enough for paging."""
    now = timezone.now()
    made = [
        Document(portal=portal, title=f"Акт № {place}", expires_at=now) for place in range(number)
    ]
    Document.objects.bulk_create(made)
    # Equal times: the key of a page must not lose or repeat rows that share one.
    Document.objects.update(changed_at=now)
    return list(Document.objects.all())


def test_fresh_portal_is_shown_its_first_steps(stranger: Desk) -> None:
    html = stranger.read("/app/")

    assert "First steps" in html
    assert "The application is connected" in html
    assert "A signature for the company" in html


def test_newcomer_is_shown_only_his_own_step(newcomer: Desk) -> None:
    html = newcomer.read("/app/")

    assert "Your signature" in html
    assert "Who may send" not in html


def test_list_opens_at_the_first_tab_with_documents(director: Desk, sent: Document) -> None:
    html = director.read("/app/")

    assert sent.title in html
    assert "Waiting for Ильин" in html
    assert "1 of 2" in html


@pytest.mark.databases
@pytest.mark.parametrize("words", ["оказания", "ОКАЗАНИЯ", "ильин", "zakazchik.example", "Ильин П"])
def test_search_finds_by_title_person_and_address(
    director: Desk, sent: Document, words: str
) -> None:
    assert sent.title in director.read("/app/", q=words)


@pytest.mark.databases
def test_search_finds_by_a_part_of_the_number(director: Desk, sent: Document) -> None:
    assert sent.title in director.read("/app/", q=sent.number[:6])


@pytest.mark.databases
def test_search_without_a_result_says_so_and_offers_to_reset(
    director: Desk, sent: Document
) -> None:
    html = director.read("/app/", q="<b>нет</b>", tab="all")

    assert "Nothing was found" in html
    assert "<b>нет" not in html
    assert "Reset the search" in html


def test_pages_by_key_show_every_document_once(director: Desk, office: Portal) -> None:
    made = copies(office, 2 * PAGE_SIZE + 3)
    seen: list[str] = []
    after = ""

    for _page in range(3):
        html = director.read("/app/documents/rows", tab="all", after=after)
        seen += [one.public_id for one in made if f'id="row-{one.public_id}"' in html]
        after = html.partition("after=")[2].partition('"')[0]

    assert after == ""
    assert sorted(seen) == sorted(one.public_id for one in made)


@pytest.mark.parametrize("after", ["x", "1.2.3", "٣.٤", "9" * 40 + ".1", "-1.1", "."])
def test_a_cursor_that_cannot_be_read_starts_from_the_top(
    director: Desk, sent: Document, after: str
) -> None:
    assert sent.title in director.read("/app/documents/rows", tab="all", after=after)


def test_list_costs_the_same_number_of_queries_whatever_its_length(
    director: Desk, office: Portal, django_assert_max_num_queries: object
) -> None:
    copies(office, PAGE_SIZE)

    with django_assert_max_num_queries(25):  # type: ignore[operator]
        director.read("/app/", tab="all")


def test_poll_answers_nothing_while_the_rows_look_the_same(director: Desk, sent: Document) -> None:
    seen = f"{sent.public_id}.{chips.version(sent)}"

    assert director.get("/app/documents/changes", row=seen).status_code == 204


def test_poll_brings_the_row_that_changed(director: Desk, sent: Document) -> None:
    seen = f"{sent.public_id}.{chips.version(sent)}"
    flow.signer_viewed(
        factories.counterparty_of(sent).pk, factories.evidence_for(sent), timezone.now()
    )

    html = director.read("/app/documents/changes", row=[seen, "rubbish", "x.y"])

    assert f'id="row-{sent.public_id}"' in html
    assert 'hx-swap-oob="true"' in html


def test_poll_tells_nothing_of_another_portal(stranger: Desk, sent: Document) -> None:
    assert stranger.get("/app/documents/changes", row=f"{sent.public_id}.old").status_code == 204


def test_chip_calls_the_reader_whose_turn_it_is(director: Desk, sent: Document) -> None:
    Signer.objects.filter(document=sent, side=Signer.Side.COUNTERPARTY).update(
        employee=director.employee
    )

    assert "Your signature needed" in director.read("/app/", tab="mine")


def test_chip_warns_of_the_last_day(clerk: Desk, sent: Document) -> None:
    sent.expires_at = timezone.now() + timedelta(hours=3)
    [row] = rows_of([sent], clerk.employee, timezone.now())

    assert row.chip.tone == "warn"


def test_every_status_has_a_chip_with_an_icon_of_the_sprite(director: Desk) -> None:
    sprite = director.get("/app/", is_page=True).content.decode()

    assert set(chips.CHIPS) == set(Document.Status)
    assert set(chips.SIGNER_CHIPS) == set(Signer.Status)
    for chip in [*chips.CHIPS.values(), *chips.SIGNER_CHIPS.values()]:
        assert f'id="i-{chip.icon}"' in sprite


def test_card_shows_people_masked_files_and_story(director: Desk, sent: Document) -> None:
    html = director.read(address(sent))

    assert "i***@zakazchik.example" in html
    assert "ilin@zakazchik.example" not in html
    assert "As received" in html
    assert "Document created" in html
    assert "Внедрение учёта" in html
    assert "Page 1 of 2" in html


def test_card_shows_the_words_of_a_page_to_those_who_do_not_see_it(
    director: Desk, sent: Document
) -> None:
    assert "Договор оказания услуг № 24-117, лист 2" in director.read(address(sent))


def test_card_polls_until_the_document_is_final(director: Desk, sent: Document) -> None:
    version = chips.version(sent)

    assert "every 20s" in director.read(address(sent))
    assert director.get(address(sent, "/state"), seen=version).status_code == 204
    assert director.get(address(sent, "/state"), seen="old").status_code == 200

    flow.move(sent.pk, Document.Status.EXPIRED, actor="system")
    assert "every" not in director.read(address(sent))


def test_page_pictures_open_by_their_signed_address_alone(
    director: Desk, sent: Document, client: object
) -> None:
    html = director.read(address(sent))
    picture = html.partition('<img src="')[2].partition('"')[0]

    answer = client.get(picture)  # type: ignore[attr-defined]

    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")
    assert client.get(picture[:-1] + "9").status_code == 404  # type: ignore[attr-defined]
    assert client.get(picture.replace("page/", "document/")[:-2]).status_code == 410  # type: ignore[attr-defined]


def test_download_goes_by_an_address_that_ends_with_the_session(
    director: Desk, sent: Document, client: object
) -> None:
    answer = director.get(address(sent, "/files/source"))
    link = answer.headers["HX-Redirect"]

    download = client.get(link)  # type: ignore[attr-defined]
    assert answer.status_code == 204
    assert b"".join(download.streaming_content).startswith(b"%PDF-")
    assert "attachment" in download.headers["Content-Disposition"]

    director.frame.delete()
    assert client.get(link).status_code == 410  # type: ignore[attr-defined]


def test_download_stops_when_the_reader_may_not_see_the_document_any_more(
    clerk: Desk, sent: Document, client: object
) -> None:
    link = clerk.get(address(sent, "/files/source")).headers["HX-Redirect"]
    Document.objects.filter(pk=sent.pk).update(sender=None, responsible=None)

    assert client.get(link).status_code == 404  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["signed", "shown", "in_work", "nonsense"])
def test_a_file_that_is_not_there_or_not_for_people_is_not_found(
    director: Desk, sent: Document, kind: str
) -> None:
    assert director.get(address(sent, f"/files/{kind}")).status_code == 404


def test_reminder_goes_out_once_in_ten_minutes(clerk: Desk, sent: Document) -> None:
    first = clerk.post(address(sent, "/remind"), {"signer": "2"})
    second = clerk.post(address(sent, "/remind"), {"signer": "2"})

    assert first.status_code == 200
    assert "The reminder is on its way to Ильин" in first.content.decode()
    assert first.headers["HX-Trigger"] == "signx:changed"
    assert second.status_code == 422
    assert AuditEvent.objects.filter(kind=EventKind.REMINDER_SENT).count() == 1


def test_new_link_replaces_the_old_one(clerk: Desk, sent: Document) -> None:
    before = factories.counterparty_of(sent).link_hash

    answer = clerk.post(address(sent, "/resend"), {"signer": "2"})

    assert answer.status_code == 200
    assert factories.counterparty_of(sent).link_hash not in {"", before}
    assert Delivery.objects.filter(kind="invitation").exists()


@pytest.mark.parametrize("signer", ["", "3", "../1"])
def test_reminding_nobody_is_not_found(clerk: Desk, sent: Document, signer: str) -> None:
    assert clerk.post(address(sent, "/remind"), {"signer": signer}).status_code == 404


def test_withdrawal_needs_a_reason_and_happens_once(clerk: Desk, sent: Document) -> None:
    assert clerk.post(address(sent, "/withdraw"), {"reason": " "}).status_code == 422

    done = clerk.post(address(sent, "/withdraw"), {"reason": "Не та редакция"})
    again = clerk.post(address(sent, "/withdraw"), {"reason": "Не та редакция"})

    sent.refresh_from_db()
    assert sent.status == Document.Status.CANCELLED
    assert sent.closed_reason == "Не та редакция"
    assert "Не та редакция" in done.content.decode()
    # A repeat changes nothing: the document is already where it was asked to go.
    assert again.status_code == 200
    assert AuditEvent.objects.filter(kind=EventKind.DOCUMENT_CANCELLED).count() == 1


def test_reason_of_a_refusal_is_shown_escaped(clerk: Desk, sent: Document) -> None:
    signer = factories.counterparty_of(sent)
    evidence = factories.evidence_for(sent)
    flow.signer_declined(signer.pk, "Цена <script>не та</script>", evidence, timezone.now())

    html = clerk.read(address(sent))

    assert "Цена &lt;script&gt;не та" in html
    assert "<script>не" not in html


def test_ip_and_device_are_for_the_journal_right(
    director: Desk, clerk: Desk, sent: Document
) -> None:
    signer = factories.counterparty_of(sent)
    flow.signer_viewed(signer.pk, factories.evidence_for(sent), timezone.now())

    assert "203.0.113.7" in director.read(address(sent))
    assert "203.0.113.7" not in clerk.read(address(sent))


def test_deal_tab_shows_the_documents_of_its_deal_alone(director: Desk, sent: Document) -> None:
    of_the_deal = Desk(director.employee, deal=315)
    of_another = Desk(director.employee, deal=316)

    assert sent.title in of_the_deal.read("/app/deal")
    assert sent.title not in of_another.read("/app/deal")
    assert "No documents of this deal" in of_another.read("/app/deal")


def test_deal_named_by_the_browser_opens_nothing_new(
    director: Desk, newcomer: Desk, sent: Document
) -> None:
    assert sent.title in Desk(director.employee, deal=315).read("/app/deal")
    assert sent.title not in Desk(newcomer.employee, deal=315).read("/app/deal")
