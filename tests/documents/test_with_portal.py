"""A document's way with a portal on the other side: files, timeline, chat, and lost answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24.models import Portal
from devportal.world import World
from documents.core import creation, files, sending
from documents.core.creation import CrmEntity
from documents.models import CrmBinding, Document
from employees.balances import ledger
from employees.models import Employee, SignatureProfile
from outbox.models import Delivery
from tests import factories


@pytest.fixture
def signer(director: Employee) -> Employee:
    now = timezone.now()
    SignatureProfile.objects.create(
        employee=director,
        state=SignatureProfile.State.CONFIRMED,
        email="director@vostok.example",
        robots_allowed=True,
        turned_on_at=now - timedelta(days=3),
    )
    return director


@pytest.fixture
def on_the_way(portal: Portal, signer: Employee, worker: object) -> Document:
    """Sent with the worker's help and signed by the other side."""
    new = factories.new_document(
        portal, signer_company=signer, responsible=signer, crm_entity=CrmEntity(2, 315)
    )
    at = timezone.now()
    prepared = creation.prepare(new, at=at)
    document = sending.send_prepared(new, prepared, actor=factories.ROBOT, at=at)
    worker.run()  # type: ignore[attr-defined]
    return factories.sign_as_counterparty(document, at=timezone.now())


def test_a_signed_document_reaches_disk_timeline_and_chat(
    on_the_way: Document, devportal: World, worker: object
) -> None:
    units = ledger.available(on_the_way.portal)
    worker.run()  # type: ignore[attr-defined]

    document = Document.objects.get(pk=on_the_way.pk)
    assert document.status == "completed"
    [comment] = devportal.portal.comments_on("deal", 315)
    assert document.number in comment.text
    uploaded = Delivery.objects.get(key=f"upload:{document.pk}:signed")
    assert devportal.portal.disk.objects[int(uploaded.result)].content == files.read(
        document, "signed"
    )
    assert ledger.available(document.portal) == units


def test_a_lost_answer_doubles_nothing(
    on_the_way: Document, devportal: World, worker: object, clock: object
) -> None:
    devportal.faults.set({"drop_after": 1.0})
    worker.run()  # type: ignore[attr-defined]
    comment = Delivery.objects.get(kind="timeline_comment")
    assert len(devportal.portal.comments_on("deal", 315)) == 1
    assert comment.state == Delivery.State.PENDING  # the portal did it, and we do not know

    devportal.faults.clear()
    clock(hours=1)  # type: ignore[operator]
    worker.run()  # type: ignore[attr-defined]

    comment.refresh_from_db()
    assert comment.state == Delivery.State.DONE
    assert len(devportal.portal.comments_on("deal", 315)) == 1
    folder = int(Portal.objects.get(pk=on_the_way.portal_id).disk_folder_id)
    names = [item.name for item in devportal.portal.disk.children(folder)]
    assert len(names) == len(set(names)) == 2  # signed file and report


def take_away_the_deal(devportal: World) -> None:
    del devportal.portal.crm[2, 315]


def bind_to_an_invoice(devportal: World) -> None:
    """To a type whose comments the documentation does not promise."""
    devportal.portal.crm[31, 315] = {"id": 315, "entityTypeId": 31, "title": "Счёт № 315"}
    devportal.ways.choose({"timeline_types": "documented"})
    CrmBinding.objects.update(entity_type_id=31)


@pytest.mark.parametrize("happens", [take_away_the_deal, bind_to_an_invoice])
def test_a_card_that_takes_no_comment_goes_without(
    on_the_way: Document, devportal: World, worker: object, happens: object
) -> None:
    happens(devportal)  # type: ignore[operator]

    worker.run()  # type: ignore[attr-defined]

    assert Document.objects.get(pk=on_the_way.pk).status == "completed"
    assert devportal.calls("crm.timeline.comment.add")
    assert devportal.portal.comments == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
    assert Delivery.objects.get(kind="timeline_comment").error_code == "not_found", "support sees"


def test_a_repeated_comment_to_a_deleted_deal_is_given_up_quietly(
    on_the_way: Document, devportal: World, worker: object, clock: object
) -> None:
    devportal.faults.set({"drop_before": 1.0})
    worker.run()  # type: ignore[attr-defined]
    devportal.faults.clear()
    take_away_the_deal(devportal)
    clock(hours=1)  # type: ignore[operator]

    worker.run()  # type: ignore[attr-defined]

    assert Delivery.objects.get(kind="timeline_comment").state == Delivery.State.DONE
