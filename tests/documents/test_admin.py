"""The support desk's page of a document: what happened, without contents and without people."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from documents.models import Annulment, AnnulmentConsent, Document
from tests.factories import NOON

LIST = "admin:documents_document_changelist"


@pytest.fixture
def support(admin_client: Client) -> Client:
    return admin_client


def page_of(document: Document) -> str:
    return reverse("admin:documents_document_change", args=[document.pk])


def test_the_page_tells_the_story_of_a_document(support: Client, completed: Document) -> None:
    page = support.get(page_of(completed)).content.decode()

    assert completed.number in page
    assert f"upload:{completed.pk}:signed" in page
    assert "shown_sha256" in page


def test_the_page_holds_no_personal_data_and_no_contents(
    support: Client, completed: Document
) -> None:
    page = support.get(page_of(completed)).content.decode()

    for secret in ("Ильин", "ilin@zakazchik.example", "203.0.113.7", completed.title):
        assert secret not in page
    assert "i***@zakazchik.example" in page


@pytest.mark.databases
@pytest.mark.parametrize("by", ["public_id", "number", "email", "domain"])
def test_a_document_is_found_by_what_people_know(
    support: Client, completed: Document, by: str
) -> None:
    words = {
        "public_id": completed.public_id,
        "number": completed.number,
        "email": "ilin@zakazchik.example",
        "domain": completed.portal.domain,
    }

    page = support.get(reverse(LIST), {"q": words[by]}).content.decode()

    assert page.count(page_of(completed)) >= 1


@pytest.mark.databases
def test_a_part_of_an_address_finds_nobody(support: Client, completed: Document) -> None:
    page = support.get(reverse(LIST), {"q": "zakazchik"}).content.decode()

    assert page_of(completed) not in page


@pytest.mark.parametrize("view", ["add", "delete"])
def test_support_cannot_make_or_delete_documents(
    support: Client, completed: Document, view: str
) -> None:
    args = [completed.pk] if view == "delete" else []

    answer = support.post(reverse(f"admin:documents_document_{view}", args=args), {"post": "yes"})

    assert answer.status_code == 403
    assert Document.objects.filter(pk=completed.pk).exists()


def test_support_cannot_change_a_document(support: Client, sent: Document) -> None:
    answer = support.post(page_of(sent), {"status": "completed"})

    assert answer.status_code == 403
    assert Document.objects.get(pk=sent.pk).status == "sent"


def test_the_stuck_are_found(support: Client, sealing: Document) -> None:
    Document.objects.filter(pk=sealing.pk).update(step_attempts=4)

    page = support.get(reverse(LIST), {"stuck": "yes"}).content.decode()

    assert page_of(sealing) in page


def test_a_stranger_sees_the_login(client: Client, completed: Document) -> None:
    assert client.get(page_of(completed)).status_code == 302


def test_an_annulment_shows_who_has_signed_it_and_no_words_of_people(
    support: Client, completed: Document
) -> None:
    company, other = completed.signers.order_by("key")
    proposal = Annulment.objects.create(
        document=completed, proposed_by=other, reason="Ошибка в сумме", proposed_at=NOON
    )
    AnnulmentConsent.objects.create(
        annulment=proposal,
        signer=other,
        signed_at=NOON,
        confirmed_by="код из письма на i***@zakazchik.example",
        signed_sha256="0" * 64,
    )

    page = support.get(page_of(completed)).content.decode()

    assert "2 И. П. А." in page
    assert "Ошибка в сумме" not in page
    assert company.status == "signed"
