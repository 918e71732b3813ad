"""An employee signs inside the frame: asked by a notice, confirmed by a code, no link anywhere."""

from __future__ import annotations

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core.creation import Counterparty
from documents.models import Agreement, Document, Signature, Signer
from employees.models import Employee
from journal.models import AuditEvent
from outbox.base import Command
from outbox.models import Delivery
from outbox.services import content
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.signer.conftest import CODE


@pytest.fixture
def worker_desk(office: Portal) -> Desk:
    """An employee without an e-mail in the portal."""
    person = Employee.objects.create(
        portal=office, bitrix_user_id=40, name="Чернова Анна Львовна", position="Кладовщик"
    )
    return Desk(person)


def _ask(office: Portal, desk: Desk, *, consented: bool = True, **changes: object) -> Document:
    document = factories.make_sending(
        office, **factories.personnel(office, desk.employee, **changes)
    )
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("portal_invitation")
    if consented:
        factories.accept_agreement(document, at=NOON)
    return Document.objects.get(pk=document.pk)


def _url(document: Document, page: str = "") -> str:
    return f"/app/documents/{document.public_id}{page}"


def _code() -> str:
    command = content(Delivery.objects.filter(kind="portal_code").latest("pk"))
    assert isinstance(command, Command)
    return CODE.findall(command.params["MESSAGE"])[0]


def _signer(document: Document) -> Signer:
    return document.signers.get(side=Signer.Side.COUNTERPARTY)


def test_the_employee_is_asked_by_a_notice_and_no_letter_goes_out(
    office: Portal, worker_desk: Desk
) -> None:
    document = factories.make_sending(office, **factories.personnel(office, worker_desk.employee))
    tasks.hand_over(document.pk, NOON)

    command = content(Delivery.objects.get(kind="portal_invitation"))

    assert isinstance(command, Command)
    assert command.params["USER_ID"] == 40
    assert "/s/" not in command.params["MESSAGE"]
    assert not Delivery.objects.filter(channel="mail").exists()
    factories.settle_deliveries("portal_invitation")
    document.refresh_from_db()
    assert document.status == Document.Status.SENT


def test_a_code_from_a_notice_signs_on_the_card(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    assert "Your signature is needed" in worker_desk.read(_url(document))

    worker_desk.post(_url(document, "/code"))
    done = worker_desk.post(_url(document, "/sign"), {"code": _code()})

    assert "You have signed the document." in done.content.decode()
    signature = Signature.objects.get(signer=_signer(document))
    assert signature.confirmed_by.endswith("24")  # «Bitrix24», «Битрикс24»
    tasks.seal(document.pk)
    document.refresh_from_db()
    assert document.status == Document.Status.COMPLETED


def test_a_colleague_neither_sees_nor_signs(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    colleague = Desk(factories.make_employee(office, 50, "Зайцев Илья Олегович"))
    administrator = factories.make_employee(office, 51, "Ушакова Нина Петровна")
    administrator.is_portal_admin = True
    administrator.save()

    for page in ("/viewed", "/code", "/sign", "/decline"):
        assert colleague.post(_url(document, page)).status_code == 404
        assert Desk(administrator).post(_url(document, page)).status_code == 404
    assert "sx-sign-title" not in Desk(administrator).read(_url(document))
    assert _signer(document).status == Signer.Status.PENDING


def test_a_code_of_one_frame_does_not_sign_in_another(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    worker_desk.post(_url(document, "/code"))

    elsewhere = Desk(worker_desk.employee).post(_url(document, "/sign"), {"code": _code()})

    assert elsewhere.status_code == 422
    assert _signer(document).status == Signer.Status.VIEWED


def test_the_code_stands_nowhere_but_in_the_notice(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    page = worker_desk.post(_url(document, "/code")).content.decode()
    code = _code()

    delivery = Delivery.objects.get(kind="portal_code")
    assert code not in page + str(delivery.payload) + delivery.key
    assert code not in str(list(AuditEvent.objects.values_list("data", "personal__data")))


def test_the_consent_to_electronic_papers_is_accepted_once(
    office: Portal, worker_desk: Desk
) -> None:
    # "N" is about counterparties: the law asks every employee.
    document = _ask(office, worker_desk, consented=False, agreement="N")
    page = worker_desk.read(_url(document))
    assert "Согласие на кадровые документы" in page
    assert worker_desk.post(_url(document, "/code")).status_code == 422

    digest = page.split('name="accepted" value="')[1].split('"')[0]
    accepted = {"accepted": digest, "agreement": "yes"}
    worker_desk.post(_url(document, "/code"), accepted)
    worker_desk.post(_url(document, "/sign"), accepted | {"code": _code()})

    kept = Agreement.objects.get()
    assert (kept.counterparty, kept.template_hash) == ("employee:40", digest)
    tasks.seal(document.pk)
    assert document.files.filter(kind="agreement").exists()
    assert "I have read it and accept it" not in worker_desk.read(
        _url(_ask(office, worker_desk, consented=False))
    )


def test_refusing_needs_a_reason(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    assert worker_desk.post(_url(document, "/decline"), {"reason": "other"}).status_code == 422

    worker_desk.post(_url(document, "/decline"), {"reason": "other", "text": "Не те даты"})

    document.refresh_from_db()
    assert (document.status, document.closed_reason) == ("declined", "Не те даты")


def test_opening_the_card_is_told_by_a_post_alone(office: Portal, worker_desk: Desk) -> None:
    document = _ask(office, worker_desk)
    worker_desk.read(_url(document))
    assert _signer(document).status == Signer.Status.PENDING

    assert worker_desk.post(_url(document, "/viewed")).status_code == 204

    assert _signer(document).status == Signer.Status.VIEWED


def test_a_labour_contract_is_refused_with_what_to_use_instead(
    office: Portal, worker_desk: Desk
) -> None:
    person = worker_desk.employee
    other = Counterparty(name=person.name, email="", employee=person)

    with pytest.raises(SignXError) as refusal:
        factories.make_draft(office, counterparty=other, title="Трудовой договор № 5")

    assert refusal.value.code == ErrorCode.SIGNATURE_LEVEL_REFUSED
    assert "qualified" in refusal.value.sentence
