"""Calls that wait together ask together, and each is answered about its own papers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from bitrix24.models import PortalToken
from bitrix24.rest.client import Command, prefixed
from devportal import cast
from documents.models import Signer
from employees.balances import ledger as balances
from robots import services, tasks
from robots.calls import ledger
from robots.models import RobotCall
from signx.claims import LEASE


@pytest.fixture
def post(caller, robots_on, signer, converted, worker, devportal, monkeypatch):
    """Has the portal call for one document after another; nobody works yet."""
    monkeypatch.setattr(tasks, "SWEEP_S", 600)  # one sweep does it all, however slow the machine
    worker.run()  # what the installation has left to do
    devportal.requests.rows.clear()

    def posted(*papers: dict[str, object]) -> list[RobotCall]:
        for paper in papers:
            usual = {
                "document": str(cast.CONTRACT),
                "signer_company": f"user_{cast.DIRECTOR}",
                "signer_counterparty": f"C_{cast.CONTACT_MAIN}",
            }
            assert caller.post(caller.call(properties=usual | paper)).status_code == 200
        return list(RobotCall.objects.order_by("pk"))

    return posted


@pytest.fixture
def asked(devportal):
    """Paths of what the portal was asked."""

    def paths() -> list[str]:
        rows = devportal.requests.rows
        return [row.path for row in rows if row.host == devportal.portal.domain]

    return paths


def codes() -> list[str]:
    return list(RobotCall.objects.order_by("pk").values_list("response_code", flat=True))


def looks(devportal) -> int:
    return len(devportal.calls("crm.documentgenerator.document.get"))


def test_a_bulk_run_costs_a_request_for_many_calls(post, asked, devportal, robots_on):
    balances.top_up(robots_on, units=20, reason="Счёт 117", actor="support", at=timezone.now())
    post(*[{}] * 20)

    tasks.run_due()

    assert codes() == ["ok"] * 20
    assert looks(devportal) == 20
    batches = asked().count("/rest/batch.json")
    assert batches <= 4  # the proofs of all, then ten calls and ten calls
    assert len(asked()) == batches + 20  # the files


def test_each_call_gets_the_answer_about_its_own_papers(post):
    post(
        {"document": str(cast.CONTRACT), "signer_counterparty": "CO_3", "crm_entity": "315"},
        {"document": str(cast.CONTRACT_NO_EMAIL), "crm_entity": "DEAL_316"},
        {"document": str(cast.CONTRACT_NO_CONTACT), "crm_entity": "317"},
        {"document": str(cast.CONTRACT)},
    )

    tasks.run_due()

    other_side = Signer.objects.filter(key="2").order_by("document_id")
    found = other_side.values_list(
        "document__source_id", "document__crm_binding__entity_id", "organisation"
    )
    organisation = found[0][2]
    assert organisation
    assert list(found) == [
        (str(cast.CONTRACT), cast.DEAL_MAIN, organisation),
        (str(cast.CONTRACT_NO_EMAIL), cast.DEAL_NO_EMAIL, organisation),
        (str(cast.CONTRACT_NO_CONTACT), cast.DEAL_NO_CONTACT, organisation),
        (str(cast.CONTRACT), None, organisation),
    ]


def test_what_is_wrong_with_one_call_is_told_to_it_alone(post):
    post(
        {},
        {"expires_in_days": "900"},
        {"document": "404404"},
        {"signer_counterparty": f"C_{cast.CONTACT_NO_EMAIL}"},
        {"signer_company": "user_9999"},
        {},
    )

    tasks.run_due()

    assert codes() == [
        "ok",
        "parameter_invalid",
        "document_not_found",
        "contact_incomplete",
        "signer_unknown",
        "ok",
    ]


def test_calls_with_the_rights_of_another_user_are_asked_about_apart(post, devportal):
    first, second = post({}, {})
    RobotCall.objects.filter(pk=second.pk).update(bitrix_user_id=cast.CLERK)

    services.run(first.pk)

    assert looks(devportal) == 1
    assert RobotCall.objects.get(pk=second.pk).answered_at is None


def test_the_answer_is_forgotten_with_the_call(post):
    first, second = post({}, {})

    services.run(first.pk)

    assert RobotCall.objects.get(pk=first.pk).answer == ""
    assert "pdfUrlMachine" in RobotCall.objects.get(pk=second.pk).answer
    services.run(second.pk)
    assert RobotCall.objects.get(pk=second.pk).answer == ""


def test_answers_that_are_old_are_asked_for_again_together(post, devportal, clock):
    calls = post(*[{}] * 4)
    services.run(calls[0].pk)
    assert looks(devportal) == 4

    clock(seconds=ledger.ANSWER_FRESH_FOR.total_seconds() + 1)
    services.run(calls[1].pk)
    assert looks(devportal) == 7
    tasks.run_due()

    assert looks(devportal) == 7
    assert codes() == ["ok"] * 4


def test_nobody_loses_his_place_in_the_queue_and_nothing_is_queued(post):
    calls = post(*[{}] * 4)
    places = [call.next_attempt_at for call in calls]
    OrmQ.objects.all().delete()

    services.run(calls[0].pk)

    waiting = RobotCall.objects.order_by("pk")[1:]
    assert [call.next_attempt_at for call in waiting] == places[1:]
    assert "robots.tasks.run_due" not in [row.task["func"] for row in OrmQ.objects.all()]


def test_those_whose_file_is_not_ready_wait_without_a_turn_of_their_own(post, devportal, clock):
    for document in devportal.portal.documents.values():
        document.conversion_started_at = None
    post(*[{}] * 4)

    tasks.run_due()

    assert looks(devportal) == 4
    waiting = RobotCall.objects.all()
    assert {(call.conversion_looks, call.attempts, call.answer) for call in waiting} == {(1, 0, "")}
    clock(seconds=60)
    tasks.run_due()
    assert codes() == ["ok"] * 4


def test_who_is_not_proved_takes_nobody_along(post, devportal):
    genuine, forged = post({}, {})
    RobotCall.objects.filter(pk=genuine.pk).update(is_genuine=True)
    RobotCall.objects.filter(pk=forged.pk).update(event_token=forged.event_token[:-4] + "beef")

    services.run(forged.pk)

    assert RobotCall.objects.get(pk=forged.pk).response_code == "request_forged"
    assert looks(devportal) == 1
    assert RobotCall.objects.get(pk=genuine.pk).next_attempt_at == genuine.next_attempt_at


def test_who_has_failed_before_asks_alone(post, devportal):
    first, _second = post({}, {})
    RobotCall.objects.update(is_genuine=True)
    RobotCall.objects.filter(pk=first.pk).update(attempts=1)

    services.run(first.pk)

    assert looks(devportal) == 1


def test_half_a_letter_in_an_answer_breaks_nobody(post, devportal):
    devportal.portal.crm[3, cast.CONTACT_MAIN]["comments"] = "\ud83d"
    post({}, {})

    tasks.run_due()

    assert codes() == ["ok", "ok"]


def test_papers_are_not_asked_for_again_when_the_file_has_to_wait(post, devportal, clock):
    (call,) = post({})
    until = timezone.now() + timedelta(minutes=1)
    call.portal.method_budgets.create(method="download", resets_at=until, rests_until=until)

    services.run(call.pk)
    assert RobotCall.objects.get().state == RobotCall.State.WAITING
    clock(seconds=61)
    services.run(call.pk)

    assert RobotCall.objects.get().response_code == "ok"
    assert looks(devportal) == 1


def test_a_method_that_rests_costs_no_try_now_or_later(post, devportal, clock):
    (call,) = post({})
    RobotCall.objects.update(is_genuine=True)
    until = timezone.now() + timedelta(minutes=1)
    rests = "crm.documentgenerator.document.get"
    call.portal.method_budgets.create(method=rests, resets_at=until, rests_until=until)

    services.run(call.pk)
    assert RobotCall.objects.get().attempts == 0
    clock(seconds=61)
    services.run(call.pk)

    assert RobotCall.objects.get().response_code == "ok"
    assert looks(devportal) == 1


def test_a_link_that_has_died_is_asked_for_again(post, devportal):
    first, second = post({}, {})
    services.run(first.pk)
    devportal.auth.expire(PortalToken.objects.get(is_admin=True).access_token)

    services.run(second.pk)

    assert RobotCall.objects.get(pk=second.pk).response_code == "ok"
    assert looks(devportal) == 3


def test_a_refusal_is_judged_by_what_is_true_now(post, devportal):
    first, call = post({}, {"signer_counterparty": f"C_{cast.CONTACT_NO_EMAIL}"})
    services.run(first.pk)
    sound = devportal.portal.crm[3, cast.CONTACT_MAIN]
    devportal.portal.crm[3, cast.CONTACT_NO_EMAIL]["fm"] = sound["fm"]

    services.run(call.pk)

    assert RobotCall.objects.get(pk=call.pk).response_code == "ok"


def test_calls_that_a_dead_worker_had_taken_along_come_due_again(post, monkeypatch, clock):
    class Killed(BaseException):
        """The worker process is gone: nothing after this line runs."""

    def die(*_asked: object, **_more: object) -> None:
        raise Killed

    first, second = post({}, {})
    RobotCall.objects.update(is_genuine=True)
    with monkeypatch.context() as patched:
        patched.setattr("bitrix24.rest.client.batch", die)
        patched.setattr("robots.calls.ledger.release", lambda *_: None)
        with pytest.raises(Killed):
            services.run(first.pk)
    assert not RobotCall.objects.due(timezone.now()).exists()

    clock(seconds=LEASE.total_seconds() + 1)
    tasks.run_due()

    assert set(RobotCall.objects.values_list("response_code", flat=True)) == {"ok"}
    assert RobotCall.objects.get(pk=second.pk).document is not None


def test_when_the_portal_does_not_answer_nobody_waits_for_the_asker(post, devportal):
    first, second = post({}, {})
    RobotCall.objects.update(is_genuine=True)
    devportal.faults.set({"http_502": 1.0})

    services.run(first.pk)

    due = RobotCall.objects.due(timezone.now())
    assert list(due.values_list("pk", flat=True)) == [second.pk]
    assert RobotCall.objects.get(pk=second.pk).attempts == 0


def test_references_follow_the_keys():
    commands = {
        "contact": Command("crm.item.get", {"entityTypeId": 3, "id": 5}),
        "company": Command("crm.item.get", {"id": "$result[contact][item][companyId]"}),
    }

    assert prefixed(commands, "c7_") == {
        "c7_contact": Command("crm.item.get", {"entityTypeId": 3, "id": 5}),
        "c7_company": Command("crm.item.get", {"id": "$result[c7_contact][item][companyId]"}),
    }
