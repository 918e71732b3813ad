"""The page «New document»: from a file to letters on their way, without a business process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from bitrix24.models import Portal
from documents import tasks
from documents.core import files, flow
from documents.models import CodeChannel, Document, Draft, PortalSettings, new_public_id
from employees.balances import ledger
from employees.models import Delegation, EmployeeRight, SignatureProfile
from employees.people.delegations import delegate
from journal.services import chain_of
from outbox.models import Delivery
from outbox.services import content
from signing.verify import verify
from tests import factories
from tests.employees.threads import at_once
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.frame.new_document import (
    NEW,
    PDF,
    address,
    begun,
    document_of,
    fault,
    filled,
    pictures,
    send,
    typed,
    upload,
)


def test_a_director_sends_an_uploaded_file_in_his_own_name(director: Desk, office: Portal) -> None:
    draft = begun(director)

    page = send(director, draft, message="Ждём вашу подпись до пятницы.")

    document = document_of(draft)
    assert document.number in page
    assert document.status == Document.Status.SENDING
    assert (document.sender, document.responsible) == (director.employee, director.employee)
    assert (document.source_id, document.message) == ("", "Ждём вашу подпись до пятницы.")
    assert (document.expires_at - NOON).days == 10
    assert ledger.available(office) == 19
    assert files.read(document, "source") == PDF().pdf
    company, other = document.signers.all()
    assert "собственное действие" in company.signature.confirmed_by
    assert (other.email, other.tax_number) == ("ilin0@zakazchik.example", "7707083893")


def test_the_message_is_in_the_letter_as_text(director: Desk) -> None:
    draft = begun(director)
    send(director, draft, message="Пункт 4 <b>важен</b>")
    tasks.hand_over(document_of(draft).pk)

    letter = content(Delivery.objects.get(kind="invitation"))

    assert "Пункт 4 <b>важен</b>" in letter.text
    assert "Пункт 4 &lt;b&gt;важен&lt;/b&gt;" in letter.html


def test_two_counterparties_in_turn_are_asked_one_after_another_and_it_is_sealed_once(
    director: Desk,
) -> None:
    draft = begun(director)
    send(
        director,
        draft,
        rows=["0", "1"],
        among="in_turn",
        **typed(1, name="Котова Дарья Юрьевна", email="kotova@partner.example"),
    )
    document = document_of(draft)
    tasks.hand_over(document.pk)
    factories.settle_deliveries("invitation")
    asked = Delivery.objects.filter(kind="invitation")
    assert [one.payload["signer"] for one in asked] == [document.signers.get(key="2").pk]

    for key in ("2", "3"):
        signer = document.signers.get(key=key)
        assert signer.link_hash, f"{key} is asked when the turn comes"
        flow.signer_signed(signer.pk, factories.evidence_for(document), timezone.now())
        factories.settle_deliveries("invitation")
    for _worker in range(2):
        tasks.seal(document.pk)

    document.refresh_from_db()
    assert document.status == Document.Status.COMPLETED
    signed = files.read(document, "signed")
    assert len(verify(signed, roots=[], at=timezone.now()).signatures) == 3
    sealed = chain_of(document.subject, document.portal).filter(kind="document_completed")
    assert sealed.count() == 1


@pytest.mark.parametrize(
    ("order", "turns"),
    [("company_first", [1, 2, 3]), ("counterparty_first", [3, 1, 2]), ("together", [1, 1, 2])],
)
def test_who_signs_first_is_chosen(director: Desk, order: str, turns: list[int]) -> None:
    draft = begun(director)

    second = typed(1, name="Котова Дарья Юрьевна")

    send(director, draft, rows=["0", "1"], among="in_turn", signing_order=order, **second)

    signers = document_of(draft).signers.order_by("key")
    assert [signer.order for signer in signers] == turns


def test_pressed_twice_it_is_sent_once(director: Desk, office: Portal) -> None:
    draft = begun(director)

    pages = [send(director, draft) for _press in range(2)]

    assert Document.objects.count() == 1
    assert ledger.available(office) == 19
    assert all(document_of(draft).number in page for page in pages)
    answer = director.post(address(draft, "/send"), filled())
    assert answer.headers["HX-Retarget"] == "#sx-root"


def test_pressed_in_two_tabs_at_once_it_is_sent_once(
    transactional_db: None, director: Desk, office: Portal
) -> None:
    draft = begun(director)

    at_once(lambda _tab: send(director, draft), callers=2)

    document = Document.objects.get()
    assert document_of(draft) == document
    assert ledger.available(office) == 19
    folder = default_storage.listdir(str(office.pk))[0]
    assert sorted(folder) == sorted([document.public_id, "drafts"])


def test_uploaded_twice_it_is_one_draft(director: Desk) -> None:
    key = new_public_id()

    for _press in range(2):
        assert upload(director, key=key).status_code == 200

    assert Draft.objects.count() == 1


def test_nothing_of_a_sent_draft_stays_beside_the_document(director: Desk) -> None:
    draft = begun(director)
    folder = draft.folder

    send(director, draft)

    draft.refresh_from_db()
    assert (draft.answers, draft.file_name, draft.source.name) == ({}, "", "")
    assert not default_storage.exists(folder)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"title": " "}, "title", "Name the document"),
        ({"signer": ""}, "signer", "Choose who signs"),
        ({"signer": "21"}, "signer", "not one of the available choices"),
        ({"expires_in_days": "0"}, "expires_in_days", "greater than or equal to 1"),
        ({"expires_in_days": "завтра"}, "expires_in_days", "whole number"),
        ({"coordinates": "1=9:10:10"}, "coordinates", "there is no page 9"),
        ({"coordinates": "5=1:10:10"}, "coordinates", "no signer 5"),
        ({"coordinates": "где-нибудь"}, "coordinates", "position 1"),
        ({"crm_entity": "сделка"}, "crm_entity", "expected a deal"),
        ({"code_channel": "pigeon"}, "code_channel", "not one of the available choices"),
        ({"level": "qualified"}, "level", "does not make signatures of this kind"),
        ({"level": "unqualified"}, "level", "sign with a link and a code"),
        ({"kind": "work_book"}, "level", "requires paper"),
        ({"title": "Трудовой договор № 5"}, "level", "qualified"),
        ({"message": "Смотрите https://evil.example"}, "message", "No links"),
        ({"p0-name": ""}, "p0-name", "full name"),
        ({"p0-email": ""}, "p0-email", "the link goes there"),
        ({"p0-email": "не адрес"}, "p0-email", "valid email"),
        ({"p0-phone": "12"}, "p0-phone", "not a phone number"),
        ({"p0-tax_number": "7707083890"}, "p0-tax_number", "check its digits"),
        ({"p0-how": "crm", "p0-reference": ""}, "p0-reference", "Choose a contact"),
        ({"p0-how": "crm", "p0-reference": "L_4"}, "p0-reference", "expected a contact"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    director: Desk, changes: dict[str, Any], field: str, sentence: str
) -> None:
    draft = begun(director)

    page = send(director, draft, **changes)

    assert sentence in fault(page, field), page
    assert f'href="#id_{field}"' in page
    assert not Document.objects.exists()
    draft.refresh_from_db()
    assert draft.state == Draft.State.READY
    wrong = dict(changes)
    assert {name: draft.answers[name] for name in wrong} == wrong
    send(director, draft)
    assert document_of(draft)


def test_every_mistake_is_told_at_once(director: Desk) -> None:
    page = send(director, begun(director), **{"title": "", "p0-email": "", "expires_in_days": ""})

    assert all(fault(page, field) for field in ("title", "p0-email", "expires_in_days"))


def test_nobody_is_asked_twice(director: Desk) -> None:
    page = send(director, begun(director), rows=["0", "1"], **typed(1, email=typed(0)["p0-email"]))

    assert "nobody twice" in page
    assert not Document.objects.exists()


def test_a_code_by_sms_needs_the_phone(director: Desk, office: Portal, settings: Any) -> None:
    settings.SMS_GATEWAY = "console"
    draft = begun(director)

    page = send(director, draft, code_channel="sms", **{"p0-phone": ""})
    assert "by SMS" in fault(page, "p0-phone")
    send(director, draft, code_channel="sms")

    assert document_of(draft).signers.get(key="2").code_channel == CodeChannel.SMS
    assert PortalSettings.objects.of(office).code_channel == CodeChannel.EMAIL


def test_sms_is_offered_only_where_there_is_a_gateway(director: Desk) -> None:
    draft = begun(director)

    assert "By SMS" not in director.read(address(draft))
    assert fault(send(director, draft, code_channel="sms"), "code_channel")


def test_an_empty_balance_is_told_before_and_refused_after(director: Desk, office: Portal) -> None:
    draft = begun(director)
    ledger.correct(office, units=-20, reason="Сверка", actor="admin:support", at=NOON)

    assert "No signatures are left" in director.read(address(draft))
    page = send(director, draft)

    assert "No signatures are left" in page
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": SignatureProfile.State.STOPPED}, "has not turned on a signature"),
        ({"state": SignatureProfile.State.TURNED_ON}, "Support has not confirmed"),
    ],
)
def test_a_signature_that_cannot_be_used_is_told_beside_the_signer(
    director: Desk, change: dict[str, Any], sentence: str
) -> None:
    draft = begun(director)
    SignatureProfile.objects.update(**change)

    assert sentence in director.read(address(draft))
    assert sentence in fault(send(director, draft), "signer")


def test_robots_may_be_forbidden_and_the_person_still_sends(director: Desk) -> None:
    draft = begun(director)
    SignatureProfile.objects.update(robots_allowed=False)

    send(director, draft)

    assert document_of(draft).signers.get(key="1").signature.level == "simple"


def test_a_clerk_sends_by_the_director_s_permission_and_uses_it_up(
    director: Desk, clerk: Desk
) -> None:
    EmployeeRight.objects.filter(employee=clerk.employee).delete()
    assert clerk.get(NEW).status_code == 403
    delegate(
        director.employee,
        clerk.employee,
        by=director.employee,
        until=NOON + timedelta(days=5),
        limit=1,
        at=NOON,
    )
    draft = begun(clerk)

    send(clerk, draft)

    document = document_of(draft)
    assert (document.sender, document.signers.get(key="1").employee) == (
        clerk.employee,
        director.employee,
    )
    assert Delegation.objects.get().documents_used == 1
    assert clerk.get(NEW).status_code == 403, "the permission is used up"


def test_a_right_taken_away_meanwhile_stops_the_draft(clerk: Desk) -> None:
    draft = begun(clerk)
    EmployeeRight.objects.all().delete()

    assert clerk.post(address(draft, "/send"), filled()).status_code == 403


def test_who_may_not_send_sees_no_button_and_no_page(newcomer: Desk, clerk: Desk) -> None:
    assert f'hx-get="{NEW}"' in clerk.read("/app/")
    assert f'hx-get="{NEW}"' not in newcomer.read("/app/")

    assert newcomer.get(NEW).status_code == 403
    assert upload(newcomer).status_code == 403
    assert not Draft.objects.exists()


def test_a_draft_is_its_owner_s_alone(clerk: Desk, director: Desk, stranger: Desk) -> None:
    draft = begun(clerk)
    picture = pictures(clerk, draft)[0]

    for desk in (director, stranger):
        assert desk.get(address(draft)).status_code == 404
        assert desk.get(address(draft, "/file")).status_code == 404
        for page in ("", "/file", "/rows", "/send", "/drop"):
            assert desk.post(address(draft, page), filled()).status_code == 404
        assert desk.get(NEW).content.decode().count(draft.public_id) == 0
    assert upload(director, key=draft.public_id).status_code == 404
    assert clerk.client.get(picture).status_code == 200
    assert clerk.client.get(f"{picture}99").status_code == 404
    assert clerk.client.get(picture.replace("/draft/", "/draft/x")).status_code == 410
    assert Draft.objects.get().owner == clerk.employee


def test_without_a_session_there_is_nothing(clerk: Desk) -> None:
    draft = begun(clerk)

    for token in ("", "Bearer forged"):
        headers = {"Authorization": token}
        assert clerk.client.get(NEW, headers=headers).status_code == 401
        for page in ("", "/file", "/rows", "/send", "/drop"):
            answer = clerk.client.post(address(draft, page), filled(), headers=headers)
            assert answer.status_code == 401
    assert Draft.objects.count() == 1
