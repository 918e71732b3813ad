"""Who signs when: kept where the signature is made, whatever letters went out."""

from __future__ import annotations

from datetime import timedelta

import pypdfium2
import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core import flow, sending
from documents.core.agreement_offers import offer_for
from documents.core.creation import Counterparty
from documents.models import Document, PortalSettings, Signature, Signer
from employees.models import SignatureProfile
from outbox.models import Delivery
from signing.verify import verify
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON
from tests.signing import papers

Order = PortalSettings.SigningOrder
SELLER = Counterparty("Ильин Пётр Андреевич", "ilin@zakazchik.example", crm_contact_id=5)
BUYER = Counterparty("Котова Дарья Юрьевна", "kotova@partner.example", crm_contact_id=6)


def _sent(office: Portal, **changes: object) -> Document:
    document = factories.make_sending(office, **changes)
    tasks.hand_over(document.pk, NOON)
    for kind in ("invitation", "portal_invitation"):
        factories.settle_deliveries(kind)
    return Document.objects.get(pk=document.pk)


def _signer(document: Document, key: str) -> Signer:
    return document.signers.get(key=key)


def _sign(document: Document, key: str) -> Document:
    evidence = factories.evidence_for(document)
    return flow.signer_signed(_signer(document, key).pk, evidence, NOON)


def _statuses(document: Document) -> dict[str, str]:
    return dict(document.signers.values_list("key", "status"))


def _invited(document: Document) -> set[str]:
    return set(document.signers.exclude(link_hash="").values_list("key", flat=True))


def test_by_default_the_company_has_signed_before_the_counterparty_is_asked(office: Portal) -> None:
    document = _sent(office)

    assert _statuses(document) == {"1": "signed", "2": "pending"}
    assert _invited(document) == {"2"}


def test_counterparty_first_gets_the_file_without_the_company_s_signature(office: Portal) -> None:
    document = _sent(office, signing_order=Order.COUNTERPARTY_FIRST)

    assert _statuses(document) == {"1": "pending", "2": "pending"}
    assert not Signature.objects.filter(signer__document=document).exists()


def test_the_company_signs_right_after_the_counterparty(office: Portal) -> None:
    document = _sent(office, signing_order=Order.COUNTERPARTY_FIRST)

    _sign(document, "2")

    assert _statuses(document) == {"1": "signed", "2": "signed"}
    given = Signature.objects.get(signer__document=document, signer__key="1")
    assert "u***@kontora.example" in given.confirmed_by
    tasks.seal(document.pk, NOON)
    document.refresh_from_db()
    assert document.status == Document.Status.COMPLETED
    sealed = document.files.get(kind="signed").file.read()
    assert len(verify(sealed, roots=[], at=NOON).signatures) == 2


def test_a_director_who_stopped_his_signature_meanwhile_is_asked_himself(office: Portal) -> None:
    document = _sent(office, signing_order=Order.COUNTERPARTY_FIRST)
    SignatureProfile.objects.update(state=SignatureProfile.State.STOPPED)

    _sign(document, "2")

    assert _statuses(document) == {"1": "pending", "2": "signed"}
    assert Document.objects.get(pk=document.pk).status == Document.Status.SENT
    assert Delivery.objects.filter(kind="portal_invitation").count() == 1


def test_a_signature_that_may_not_be_used_is_refused_before_anybody_is_asked(
    office: Portal,
) -> None:
    draft = factories.make_draft(office, signing_order=Order.COUNTERPARTY_FIRST)
    SignatureProfile.objects.update(robots_allowed=False)

    with pytest.raises(SignXError) as refusal:
        sending.send_document(draft, actor=factories.ROBOT, at=NOON)

    assert refusal.value.code == ErrorCode.RIGHT_MISSING


def test_the_portal_s_order_counts_when_the_document_names_none(office: Portal) -> None:
    PortalSettings.objects.filter(portal=office).update(signing_order=Order.COUNTERPARTY_FIRST)

    assert _statuses(_sent(office))["1"] == "pending"
    assert _statuses(_sent(office, signing_order=Order.TOGETHER))["1"] == "signed"


def test_several_counterparties_sign_at_once_and_the_last_one_seals(office: Portal) -> None:
    document = _sent(office, counterparty=None, counterparties=[SELLER, BUYER])

    assert _invited(document) == {"2", "3"}
    assert sorted(document.places) == ["1", "2", "3"]
    assert _sign(document, "3").status == Document.Status.SENT
    assert _sign(document, "2").status == Document.Status.SEALING
    tasks.seal(document.pk, NOON)
    sealed = document.files.get(kind="signed").file.read()
    assert len(verify(sealed, roots=[], at=NOON).signatures) == 3


def test_agreements_of_several_signers_come_back_in_one_file(office: Portal) -> None:
    document = _sent(office, counterparty=None, counterparties=[SELLER, BUYER], agreement="Y")
    evidence = factories.evidence_for(document)
    for key in ("2", "3"):
        signer = _signer(document, key)
        offer = offer_for(signer)
        assert offer is not None
        flow.signer_agreed(
            signer.pk,
            evidence,
            NOON,
            template_version=offer.version,
            template_hash=offer.digest,
            language=document.language,
        )
        _sign(document, key)

    tasks.seal(document.pk, NOON)

    paper = pypdfium2.PdfDocument(document.files.get(kind="agreement").file.read())
    text = "".join(page.get_textpage().get_text_bounded() for page in paper)
    assert SELLER.name in text
    assert BUYER.name in text
    facts = papers.attached_json(document.files.get(kind="report").file.read())
    assert [one["name"] for one in facts["agreements"]] == [SELLER.name, BUYER.name]


def test_a_later_turn_waits_for_the_earlier_one(office: Portal) -> None:
    later = Counterparty(BUYER.name, BUYER.email, crm_contact_id=6, turn=2)
    document = _sent(office, counterparty=None, counterparties=[SELLER, later])
    assert _invited(document) == {"2"}

    with pytest.raises(SignXError) as refusal:
        _sign(document, "3")
    _sign(document, "2")

    assert refusal.value.code == ErrorCode.NOT_YOUR_TURN
    assert _invited(document) == {"2", "3"}


@pytest.mark.parametrize("others", [[], [SELLER, SELLER]])
def test_nobody_is_missing_and_nobody_is_asked_twice(
    office: Portal, others: list[Counterparty]
) -> None:
    with pytest.raises(SignXError) as refusal:
        factories.make_draft(office, counterparty=None, counterparties=others)

    assert refusal.value.code == ErrorCode.PARAMETER_INVALID


def test_one_refusal_stops_all_the_others(office: Portal) -> None:
    document = _sent(office, counterparty=None, counterparties=[SELLER, BUYER])
    evidence = factories.evidence_for(document)
    flow.signer_declined(_signer(document, "2").pk, "Не та сумма", evidence, NOON)

    with pytest.raises(SignXError) as refusal:
        _sign(document, "3")

    assert refusal.value.code == ErrorCode.STATUS_CONFLICT


def test_the_term_holds_for_every_turn(office: Portal) -> None:
    document = _sent(office, counterparty=None, counterparties=[SELLER, BUYER])
    evidence = factories.evidence_for(document)

    with pytest.raises(SignXError) as refusal:
        flow.signer_signed(_signer(document, "3").pk, evidence, NOON + timedelta(days=15))

    assert refusal.value.code == ErrorCode.LINK_INVALID
