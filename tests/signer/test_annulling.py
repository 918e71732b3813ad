"""Mutual annulment: proposed by one side, signed by both, told to everybody who asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from time_machine import Traveller

from bitrix24.models import Portal
from documents import tasks
from documents.access.act_codes import Act
from documents.core import files
from documents.models import Annulment, Document, StoredFile
from documents.proof.verification import check_file
from employees.models import Employee
from journal.services import chain_of, verify_chain
from outbox.base import Outcome
from outbox.models import Delivery
from outbox.services import content, content_or_outcome
from tests import factories
from tests.documents.codes import code_of
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.signer.conftest import Invited

REASON = "Стороны заключили новый договор"


@pytest.fixture
def signed(invited: Invited) -> Invited:
    """Signed by both sides and sealed."""
    factories.sign_as_counterparty(invited.document, at=NOON)
    tasks.seal(invited.document.pk, NOON)
    invited.document.refresh_from_db()
    return invited


@pytest.fixture
def director(signed: Invited) -> Desk:
    return Desk(Employee.objects.get(portal=signed.document.portal, bitrix_user_id=12))


def propose_by_link(signed: Invited) -> None:
    assert signed.post("annul/", reason=REASON).status_code == 200
    code = code_of(signed.signer, Act.ANNUL)
    assert signed.post("annul/sign/", reason=REASON, code=code).status_code == 302


def sign_in_frame(desk: Desk, document: Document, reason: str = "") -> str:
    base = f"/app/documents/{document.public_id}/annul"
    assert desk.post(f"{base}/code", {"reason": reason}).status_code == 200
    code = code_of(document.signers.get(key="1"), Act.ANNUL)
    return desk.post(f"{base}/sign", {"reason": reason, "code": code}).content.decode()


def prepare_is_dropped(delivery: Delivery) -> bool:
    """Nothing is sent: its link is revoked."""
    return isinstance(content_or_outcome(delivery), Outcome)


def status(document: Document) -> str:
    return Document.objects.get(pk=document.pk).status


def test_proposed_by_the_counterparty_and_signed_by_the_company(
    signed: Invited, director: Desk
) -> None:
    propose_by_link(signed)

    assert status(signed.document) == "completed"
    assert REASON in director.read(f"/app/documents/{signed.document.public_id}")
    page = sign_in_frame(director, signed.document)
    assert status(signed.document) == "annulled"
    assert "Annulled" in page
    kinds = chain_of(signed.document.subject).values_list("kind", flat=True)
    assert [kind for kind in kinds if "annul" in kind] == [
        "annulment_proposed",
        "annulment_signed",
        "annulment_signed",
        "document_annulled",
    ]
    assert verify_chain(signed.document.portal).ok


def test_proposed_by_the_company_and_signed_from_the_letter(
    signed: Invited, director: Desk
) -> None:
    sign_in_frame(director, signed.document, REASON)

    request = Delivery.objects.get(kind="annulment_request")
    letter, token = content(request), request.open_secret()["token"]
    assert REASON in letter.text
    assert f"/s/{token}/annul/" in letter.html
    other = Invited(signed.document, token, Client())
    assert REASON in other.get("annul/").content.decode()
    other.post("annul/")
    other.post("annul/sign/", code=code_of(other.signer, Act.ANNUL))
    assert status(signed.document) == "annulled"


def test_the_link_of_a_proposal_works_long_after_the_signing(
    signed: Invited, director: Desk, clock: Traveller
) -> None:
    clock.shift(timedelta(days=400))
    later = Desk(director.employee)
    sign_in_frame(later, signed.document, REASON)

    token = Delivery.objects.get(kind="annulment_request").open_secret()["token"]
    assert Client().get(f"/s/{token}/annul/").status_code == 200
    clock.shift(timedelta(days=31))
    assert Client().get(f"/s/{token}/annul/").status_code == 410


def test_verification_says_annulled_of_the_number_and_of_the_file(
    signed: Invited, director: Desk
) -> None:
    propose_by_link(signed)
    sign_in_frame(director, signed.document)

    page = Client().get(f"/v/{signed.document.public_id}").content.decode()
    pdf = files.read(signed.document, StoredFile.Kind.SIGNED)
    finding = check_file("d.pdf", pdf, expected=None, at=NOON + timedelta(hours=2))

    assert "Annulled" in page
    assert str(finding.headline) == "The signatures are valid, but the document is annulled"


def test_one_side_alone_annuls_nothing(signed: Invited) -> None:
    propose_by_link(signed)

    again = signed.post("annul/sign/", reason=REASON, code="123456")

    assert again.status_code == 409
    assert status(signed.document) == "completed"
    assert Annulment.objects.get().consents.count() == 1


def test_a_refused_proposal_leaves_the_document_in_force(
    signed: Invited, director: Desk, clock: Traveller
) -> None:
    propose_by_link(signed)

    director.post(f"/app/documents/{signed.document.public_id}/annul/refuse")

    assert status(signed.document) == "completed"
    assert Annulment.objects.get().state == "refused"
    assert chain_of(signed.document.subject).filter(kind="annulment_refused").count() == 1
    clock.shift(timedelta(minutes=2))  # the next code
    propose_by_link(signed)
    assert Annulment.objects.open().count() == 1


def test_refusing_by_a_link_needs_a_code(signed: Invited, director: Desk) -> None:
    sign_in_frame(director, signed.document, REASON)

    asked = signed.post("annul/refuse/")
    wrong = signed.post("annul/refuse/", code="000000")
    assert (asked.status_code, wrong.status_code) == (200, 422)
    assert Annulment.objects.open().exists()
    letter = content(Delivery.objects.filter(kind="signing_code").latest("pk"))
    assert "refuse to annul" in letter.text or "отказываетесь аннулировать" in letter.text
    code = code_of(signed.signer, Act.KEEP)

    assert signed.post("annul/refuse/", code=code).status_code == 302
    assert Annulment.objects.get().state == "refused"
    assert status(signed.document) == "completed"


def test_a_proposal_leaves_the_earlier_link_working(signed: Invited, director: Desk) -> None:
    sign_in_frame(director, signed.document, REASON)

    assert REASON in signed.get("annul/").content.decode()


def test_a_lost_proposal_is_sent_again_or_elsewhere(signed: Invited, director: Desk) -> None:
    sign_in_frame(director, signed.document, REASON)
    base = f"/app/documents/{signed.document.public_id}"

    card = director.read(base)
    again = director.post(f"{base}/resend", {"signer": "2"})
    moved = director.post(f"{base}/address", {"signer": "2", "email": "novyj@zakazchik.example"})

    assert "Send a new link" in card
    assert (again.status_code, moved.status_code) == (200, 200)
    requests = Delivery.objects.filter(kind="annulment_request").order_by("pk")
    assert requests.count() == 3
    assert prepare_is_dropped(requests[0]) and prepare_is_dropped(requests[1])
    assert content(requests[2]).to == "novyj@zakazchik.example"
    assert signed.get("annul/").status_code == 410
    token = requests[2].open_secret()["token"]
    assert REASON in Client().get(f"/s/{token}/annul/").content.decode()


def test_after_the_answer_nothing_is_sent_again(signed: Invited, director: Desk) -> None:
    propose_by_link(signed)
    sign_in_frame(director, signed.document)

    base = f"/app/documents/{signed.document.public_id}"
    assert director.post(f"{base}/resend", {"signer": "2"}).status_code == 409


def test_a_code_for_another_reason_is_not_said_to_be_sent(signed: Invited) -> None:
    signed.post("annul/", reason=REASON)

    answer = signed.post("annul/", reason="Другая причина")

    assert answer.status_code == 429
    assert "можно запросить через 60\N{NO-BREAK SPACE}с" in answer.content.decode()
    assert 'name="code"' not in answer.content.decode()


def test_a_code_fits_only_the_proposal_that_was_shown(signed: Invited) -> None:
    signed.post("annul/", reason=REASON)
    code = code_of(signed.signer, Act.ANNUL)

    answer = signed.post("annul/sign/", reason="Другая причина", code=code)

    assert answer.status_code == 422
    assert not Annulment.objects.exists()


def test_nobody_else_of_the_portal_or_of_another_signs(signed: Invited, office: Portal) -> None:
    clerk = Desk(factories.make_employee(office, 35, "Зайцев Илья Олегович"))
    stranger = Desk(factories.make_signer_employee(factories.make_portal()))
    path = f"/app/documents/{signed.document.public_id}/annul/code"

    answers = [desk.post(path, {"reason": REASON}).status_code for desk in (clerk, stranger)]

    assert answers == [404, 404]
    assert not Delivery.objects.filter(payload__act="annul_document").exists()


def test_a_document_on_its_way_cannot_be_annulled(invited: Invited) -> None:
    assert invited.get("annul/").status_code == 302
    assert invited.post("annul/", reason=REASON).status_code == 302
    assert not Delivery.objects.filter(payload__act="annul_document").exists()


def test_a_proposal_needs_a_reason(signed: Invited) -> None:
    answer = signed.post("annul/", reason="   ")

    assert answer.status_code == 422
    assert not Delivery.objects.filter(payload__act="annul_document").exists()
