"""A new edition in place of a document: sent from its card, known to the journal and to strangers
who verify the former one, and only when the same parties have signed it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from bitrix24.models import FrameSession, Portal
from documents import tasks
from documents.core import files
from documents.core.creation import Counterparty
from documents.core.editions import told_edition
from documents.drafts import services
from documents.models import Document, Draft, new_public_id
from employees.models import EmployeeRight
from journal.services import chain_of
from tests import factories
from tests.frame.conftest import address
from tests.frame.desk import Desk
from tests.frame.new_document import NEW, document_of, filled


@pytest.fixture
def former(office: Portal, director: Desk) -> Document:
    """Signed by all; the other side was typed by hand."""
    other = Counterparty(
        name="Ильин Пётр Андреевич",
        email="ilin@zakazchik.example",
        organisation="ООО «Заказчик»",
        tax_number="7707083893",
    )
    return factories.make_completed(
        office,
        signer_company=director.employee,
        sender=director.employee,
        counterparty=other,
        crm_entity=None,
    )


def begin(desk: Desk, former: Document) -> HttpResponse:
    file = SimpleUploadedFile("Договор_24-117_ред_2.pdf", factories.paper().pdf)
    fields = {"file": file, "key": new_public_id(), "replaces": former.public_id}
    return desk.post(NEW, fields)


def send(desk: Desk, former: Document, **changes: Any) -> Document:
    """The new edition, sent with what the page was filled in with."""
    assert begin(desk, former).status_code == 200
    services.take_in_due()
    draft = Draft.objects.of(desk.employee).unsent().get()
    given = filled() | draft.answers | changes
    answer = desk.post(f"{NEW}/{draft.public_id}/send", given)
    assert answer.status_code == 200
    return document_of(draft)


def sign(edition: Document) -> Document:
    tasks.hand_over(edition.pk)
    factories.settle_deliveries("invitation")
    factories.sign_as_counterparty(edition, at=timezone.now())
    tasks.seal(edition.pk)
    edition.refresh_from_db()
    assert edition.status == Document.Status.COMPLETED
    return edition


def verified(document: Document, at: str = "/v/") -> str:
    upload = SimpleUploadedFile("signed.pdf", files.read(document, "signed"))
    return Client(HTTP_ACCEPT_LANGUAGE="en").post(at, {"files": [upload]}).content.decode()


def test_it_begins_on_the_card_with_the_same_parties(director: Desk, former: Document) -> None:
    card = director.get(address(former)).content.decode()
    assert f"{NEW}?replaces={former.public_id}" in card
    choose = director.get(f"{NEW}?replaces={former.public_id}").content.decode()
    assert former.number in choose
    assert f'name="replaces" value="{former.public_id}"' in choose

    page = begin(director, former).content.decode()

    assert former.number in page
    assert former.title in page
    assert "ilin@zakazchik.example" in page


def test_who_was_chosen_in_the_crm_is_chosen_there_again(director: Desk, office: Portal) -> None:
    former = factories.make_completed(office, sender=director.employee)

    begin(director, former)

    (draft,) = Draft.objects.of(director.employee)
    assert draft.answers["crm_entity"] == "DEAL_315"
    assert (draft.answers["p0-how"], draft.answers["p0-reference"]) == ("crm", "C_5")
    assert draft.answers["p0-label"] == "C_5 Ильин Пётр Андреевич"


def test_once_all_have_signed_it_verification_of_the_former_one_says_so(
    director: Desk, former: Document
) -> None:
    assert "a new edition" not in verified(former)

    edition = send(director, former)
    assert edition.replaces == former
    assert "a new edition" not in verified(former), "sent is not signed"
    sign(edition)

    told = verified(former)
    assert "all have signed a new edition since" in told
    assert edition.number in told
    record = Client(HTTP_ACCEPT_LANGUAGE="en").get(f"/v/{former.public_id}/").content.decode()
    assert f"document No. {edition.number}" in record
    assert "a new edition" not in verified(edition)


def test_both_cards_and_the_journal_know_it_once(
    director: Desk, former: Document, office: Portal
) -> None:
    edition = sign(send(director, former))
    tasks.seal(edition.pk)

    events = chain_of(former.subject, office).filter(kind="document_replaced")
    assert [event.data for event in events] == [{"edition": edition.number}]
    assert edition.number in director.get(address(former)).content.decode()
    assert former.number in director.get(address(edition)).content.decode()


def test_nobody_s_contract_is_replaced_by_one_that_he_has_not_signed(
    director: Desk, former: Document, office: Portal
) -> None:
    somebody = {"p0-how": "typed", "p0-name": "Котов Денис Юрьевич", "p0-tax_number": ""}
    somebody |= {"p0-email": "kotov@partner.example", "p0-organisation": ""}

    edition = sign(send(director, former, **somebody))

    assert edition.replaces == former
    former.refresh_from_db()
    assert told_edition(former) is None
    assert "a new edition" not in verified(former)
    assert not chain_of(former.subject, office).filter(kind="document_replaced").exists()


@pytest.mark.parametrize(
    "other",
    [{"p0-email": "sender@kontora.example"}, {"p0-organisation": "ООО «Другая»"}],
    ids=["address", "organisation"],
)
def test_the_sender_alone_cannot_say_that_the_others_have_signed(
    director: Desk, former: Document, other: dict[str, str]
) -> None:
    """Name and tax number are what he types; the address is what the signer has proved."""
    edition = sign(send(director, former, **other))

    assert edition.replaces == former
    assert "a new edition" not in verified(former)


def test_a_new_edition_that_was_annulled_replaces_nothing(director: Desk, former: Document) -> None:
    edition = sign(send(director, former))
    assert "a new edition" in verified(former)

    Document.objects.filter(pk=edition.pk).update(status=Document.Status.ANNULLED)

    assert "a new edition" not in verified(former)


def test_the_report_of_the_former_one_stays_what_it_is(director: Desk, former: Document) -> None:
    sign(send(director, former))
    upload = SimpleUploadedFile("report.pdf", files.read(former, "report"))

    told = Client(HTTP_ACCEPT_LANGUAGE="en").post("/v/", {"files": [upload]}).content.decode()

    assert "The signatures are valid, the file has not been changed" in told


def test_what_nobody_signed_is_sent_again_and_never_called_replaced(
    director: Desk, sent: Document
) -> None:
    Document.objects.filter(pk=sent.pk).update(status="declined", sender=director.employee)
    sent.crm_binding.delete()
    assert "Send it again" in director.get(address(sent)).content.decode()

    sign(send(director, sent, **filled()))

    record = Client(HTTP_ACCEPT_LANGUAGE="en").get(f"/v/{sent.public_id}/").content.decode()
    assert "new edition" not in record


def test_the_order_of_the_former_one_is_offered_again(director: Desk, office: Portal) -> None:
    person = {"organisation": "", "tax_number": ""}
    former = factories.make_sending(
        office,
        sender=director.employee,
        counterparty=None,
        counterparties=[
            Counterparty(name="Котов Денис Юрьевич", email="a@partner.example", turn=1, **person),
            Counterparty(name="Лиса Алла Юрьевна", email="b@partner.example", turn=2, **person),
        ],
        signing_order="counterparty_first",
    )
    Document.objects.filter(pk=former.pk).update(status="expired")
    begin(director, former)

    (draft,) = Draft.objects.of(director.employee)
    assert (draft.answers["among"], draft.answers["signing_order"]) == (
        "in_turn",
        "counterparty_first",
    )


def test_who_has_lost_sight_of_the_document_no_longer_replaces_it(
    director: Desk, former: Document
) -> None:
    begin(director, former)
    services.take_in_due()
    draft = Draft.objects.of(director.employee).get()
    FrameSession.objects.update(is_portal_admin=False)
    EmployeeRight.objects.filter(right__in=["journal", "settings"]).delete()
    Document.objects.filter(pk=former.pk).update(sender=None, responsible=None)
    former.signers.update(employee=None)

    answer = director.post(f"{NEW}/{draft.public_id}/send", filled() | draft.answers)

    draft.refresh_from_db()
    assert draft.document is None, answer.content.decode()


def test_what_can_still_be_signed_is_not_replaced(director: Desk, sent: Document) -> None:
    assert "replaces=" not in director.get(address(sent)).content.decode()

    assert director.get(f"{NEW}?replaces={sent.public_id}").status_code == 409
    assert begin(director, sent).status_code == 409
    assert not Draft.objects.exists()


def test_a_document_of_others_cannot_be_replaced(
    stranger: Desk, clerk: Desk, former: Document
) -> None:
    """Not of another portal, nor one that the person may not see."""
    for desk in (stranger, clerk):
        assert desk.get(f"{NEW}?replaces={former.public_id}").status_code == 404
        assert begin(desk, former).status_code == 404
    assert not Draft.objects.exists()


def test_the_api_names_it(director: Desk, former: Document) -> None:
    edition = sign(send(director, former))
    upload = SimpleUploadedFile("signed.pdf", files.read(former, "signed"))

    told = Client().post("/api/v1/verify", {"file": upload}).json()

    assert told["verdict"] == "valid"
    assert told["document"]["replaced_by"] == edition.verification_url
