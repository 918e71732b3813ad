"""The text of the agreement: shipped, edited by support, found again by its hash."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from documents.core import agreement_papers, agreement_texts
from documents.core.agreement_offers import due_offer, offer_for
from documents.models import AgreementTemplate
from signing.papers import agreement as engine
from signing.papers.agreement import Kind
from tests import factories

ADD = "/admin/documents/agreementtemplate/add/"
LIST = "/admin/documents/agreementtemplate/"


@pytest.fixture
def support(db: None) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(User.objects.create_superuser("olga", "olga@signx.test", "secret"))
    return client


def write(support: Client, text: str, version: str = "2026.2") -> Any:
    form = {"kind": "agreement", "language": "ru", "version": version, "text": text}
    return support.post(ADD, form)


def publish(support: Client, row: AgreementTemplate) -> None:
    support.post(LIST, {"action": "publish", "_selected_action": [row.pk]})


def other_text() -> str:
    shipped = engine.shipped("ru").text.strip()
    return shipped + "\n\nСтороны хранят документы не менее пяти лет."


def test_the_shipped_text_is_offered_and_kept_word_for_word(db: None) -> None:
    offered = agreement_texts.current(Kind.AGREEMENT, "ru")

    assert offered == engine.shipped("ru")
    assert not AgreementTemplate.objects.exists()

    agreement_texts.keep(offered.sha256)
    agreement_texts.keep(offered.sha256)

    kept = AgreementTemplate.objects.get(sha256=offered.sha256)
    assert kept.is_shipped
    assert agreement_texts.by_hash(offered.sha256) == offered
    assert agreement_texts.current(Kind.AGREEMENT, "ru") == offered
    assert AgreementTemplate.objects.count() == 1


def test_support_writes_a_version_that_is_offered_once_published(support: Client) -> None:
    assert "Стороны" in support.get(ADD).content.decode()
    assert write(support, other_text()).status_code == 302
    row = AgreementTemplate.objects.get(version="2026.2")
    assert agreement_texts.current(Kind.AGREEMENT, "ru").version != "2026.2"

    publish(support, row)

    offered = agreement_texts.current(Kind.AGREEMENT, "ru")
    assert (offered.version, offered.sha256) == ("2026.2", row.sha256)
    assert agreement_texts.current(Kind.AGREEMENT, "en").version == engine.TEMPLATE_VERSION


def test_a_published_text_can_be_neither_changed_nor_deleted(support: Client) -> None:
    write(support, other_text())
    row = AgreementTemplate.objects.get(version="2026.2")
    publish(support, row)

    support.post(f"{LIST}{row.pk}/change/", {"version": "2026.2", "text": "Другое"})
    support.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})

    assert AgreementTemplate.objects.get(pk=row.pk).text == row.text


@pytest.mark.parametrize("text", ["", "Без пробелов", "Заголовок\n\n# Раздел\n\n{adress}"])
def test_a_text_that_cannot_be_filled_is_refused(support: Client, text: str) -> None:
    assert write(support, text).status_code == 200
    assert not AgreementTemplate.objects.filter(version="2026.2").exists()


def test_a_version_names_one_text(support: Client) -> None:
    write(support, other_text())

    assert write(support, other_text() + "!").status_code == 200
    assert AgreementTemplate.objects.filter(version="2026.2").count() == 1


def test_a_new_text_must_be_accepted_anew_and_the_old_paper_stays(support: Client) -> None:
    office = factories.make_portal()
    done = factories.make_completed(office, agreement="Y")
    before = factories.make_sending(office, agreement="")
    assert due_offer(factories.counterparty_of(before)) is None

    write(support, other_text())
    publish(support, AgreementTemplate.objects.get(version="2026.2"))

    text = agreement_papers.text_for(factories.counterparty_of(done))
    assert text.version == engine.TEMPLATE_VERSION
    sent = factories.make_sending(office, agreement="")
    assert sent.needs_agreement
    offer = offer_for(factories.counterparty_of(sent))
    assert offer is not None and offer.version == "2026.2" and offer.is_due


def test_a_newer_shipped_text_replaces_the_shipped_one_but_not_supports_own(
    support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = agreement_texts.current(Kind.AGREEMENT, "ru")
    agreement_texts.keep(before.sha256)
    monkeypatch.setattr(engine, "TEMPLATE_VERSION", "2027.1")

    newer = agreement_texts.current(Kind.AGREEMENT, "ru")
    write(support, other_text())
    publish(support, AgreementTemplate.objects.get(version="2026.2"))
    monkeypatch.setattr(engine, "TEMPLATE_VERSION", "2027.2")

    assert (before.version, newer.version) == ("2026.1", "2027.1")
    assert agreement_texts.current(Kind.AGREEMENT, "ru").version == "2026.2"
    assert agreement_texts.by_hash(before.sha256) == before
