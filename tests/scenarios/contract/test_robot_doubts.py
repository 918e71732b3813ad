"""Doubts about documents, files and answers, one row for each way (test_doubts.py)."""

from __future__ import annotations

import pytest

from bitrix24.installation import features
from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client, methods
from bitrix24.wire.errors import BitrixError
from demo.people import Frame
from devportal import actions, cast
from documents.core import flow
from documents.models import CrmBinding, Document
from documents.signer.forms import REASON_LIMIT
from outbox.models import Delivery
from signx.errors import RETRYABLE
from tests.conftest import install
from tests.scenarios.contract.doubts import completed, doubt, work_on


@doubt("docgen_scope")
def test_10_the_scope_of_the_generator(way, processes, converted, vostok):
    portal = install(vostok)
    step = processes.send()
    processes.worker.run()

    if way == "crm":
        assert (step.values["response_code"], portal.missing) == ("ok", [])
    else:
        assert step.values["response_code"] == "document_not_found"
        assert portal.missing == ["scope:documentgenerator"]
        assert "documentgenerator" in features.sentences(portal)[0], "the administrator is told"


@doubt("answer_size")
def test_11_an_answer_is_short(way, processes, converted, clock):
    step = processes.send(wait_for="final")
    processes.worker.run()

    longest = ("Не то. " * REASON_LIMIT)[:REASON_LIMIT]
    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail=longest)
    work_on(processes, clock)

    assert step.values["status_code"] == "declined"
    assert step.values["status_text"].startswith("Отклонён: Не то. Не то.")


@doubt("conversion_event")
def test_12_the_end_of_a_conversion(way, processes, devportal, clock):
    document = actions.create_document(devportal, conversion_s=30)
    step = processes.send(document=document.id)
    for _look in range(4):
        processes.worker.run()
        clock(seconds=20)
        actions.tick(devportal)
    processes.worker.run()

    assert step.values["response_code"] == "ok"


@doubt("link_error")
def test_13_a_link_that_has_died(way, processes, converted, devportal):
    portal = Portal.objects.get()
    answer = methods.run(portal, methods.document_command(cast.CONTRACT))
    link = methods.parse_document(answer).pdf_url
    devportal.auth.expire(PortalToken.objects.get().access_token)

    with pytest.raises(BitrixError) as refused:
        client.download(portal, link)
    step = processes.send()
    processes.worker.run()

    assert refused.value.code in RETRYABLE, "asked again, for a new link"
    assert step.values["response_code"] == "ok"


@doubt("app_storage")
def test_14_the_signed_file_is_seen_in_the_card_too(way, processes, converted, devportal, vostok):
    document = completed(processes)
    Frame(vostok, cast.CLERK)
    file_id = Delivery.objects.get(key=f"upload:{document.pk}:signed").result

    try:
        client.call(document.portal, "disk.file.get", {"id": file_id}, as_user=cast.CLERK)
        is_open = True
    except BitrixError:
        is_open = False

    assert is_open is (way == "shared")
    [comment] = devportal.portal.comments_on("deal", cast.DEAL_MAIN)
    [attached] = comment.file_ids
    assert devportal.portal.disk.objects[attached].content.startswith(b"%PDF-")


@doubt("timeline_types")
def test_15_an_invoice_may_have_no_timeline(way, processes, converted, devportal):
    devportal.portal.crm[31, cast.DEAL_MAIN] = {"id": cast.DEAL_MAIN, "entityTypeId": 31}
    step = processes.send(wait_for="final")
    processes.worker.run()
    CrmBinding.objects.update(entity_type_id=31)

    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail="Передумали")
    processes.worker.run()

    assert step.values["status_code"] == "declined"
    assert len(devportal.portal.comments) == (1 if way == "all" else 0)
    assert not Delivery.objects.filter(state=Delivery.State.DEAD).exists()


@doubt("frame_name")
def test_16_pages_of_the_frame_never_leave_its_address(way, portal, vostok, devportal):
    shown = vostok.http.get(f"{vostok.url}/marketplace/app/").text
    frame = Frame(vostok, cast.DIRECTOR)

    moved = frame.go("/app/settings/")

    assert ('name="application"' in shown) is (way == "plain")
    # The library finds APP_SID in the query of the first page, so nothing may take its place.
    assert moved.root.xpath("//head/script") == []
    assert not frame.page.root.xpath("//form[@action and not(@hx-post)]")


@doubt("upload_limit")
def test_17_a_large_file_goes_in_two_steps(way, portal, devportal):
    content = b"%PDF-1.7" + b"0" * (methods.BASE64_LIMIT_BYTES + 1)

    for name, sent in (("small.pdf", content[:1000]), ("large.pdf", content)):
        file_id = methods.upload_file(portal, portal.disk_folder_id, name, sent)
        assert devportal.portal.disk.objects[int(file_id)].content == sent


def test_18_nobody_is_asked_for_requisites(processes, converted, devportal):
    completed(processes)

    asked = {call.name for row in devportal.requests.rows for call in row.methods}
    assert "crm.item.get" in asked
    assert not [name for name in asked if "requisite" in name]


@doubt("subscription")
def test_19_a_portal_may_refuse_to_wait(way, processes, converted, devportal):
    step = processes.send()
    processes.worker.run()

    assert Document.objects.get().status == Document.Status.SENT
    assert bool(devportal.calls("bizproc.event.send")) is (way == "asked")
    assert step.state == "done"


@doubt("event_send")
def test_20_an_answer_is_taken_at_once_later_or_the_second_time(
    way, processes, converted, devportal, clock
):
    step = processes.send()
    work_on(processes, clock)

    assert step.values["response_code"] == "ok"
    assert len(devportal.calls("bizproc.event.send")) <= 3
