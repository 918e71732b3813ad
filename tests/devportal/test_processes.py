import pytest

from devportal import actions, cast
from devportal.portals.process import CREATE_DOCUMENT, Step, StepState
from devportal.processes import runner
from tests.devportal.conftest import APP_URL, DOMAIN, Rest, robot


@pytest.fixture
def robots(admin: Rest, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    admin.call("bizproc.robot.add", **robot("signx_status"))
    return robot_app


def answer(rest: Rest, token: str, **values):
    return rest.call("bizproc.event.send", event_token=token, return_values=values)


def test_robot_gets_the_documented_call(world, robots):
    process = actions.start_process(world)

    (form,) = robots.forms
    assert form["workflow_id"] == process.id
    assert form["code"] == "signx_send"
    assert form["document_id"] == ["crm", "CCrmDocumentDeal", "DEAL_315"]
    assert form["document_type"] == ["crm", "CCrmDocumentDeal", "DEAL"]
    assert form["properties"] == {
        "document": "61",
        "signer_company": "user_1",
        "signer_counterparty": "5",
        "wait_for": "sent",
    }
    assert (form["use_subscription"], form["timeout_duration"]) == ("Y", "0")
    assert form["event_token"].startswith(process.id + "|")
    assert form["auth"]["member_id"] == cast.MEMBER_ID
    assert form["auth"]["user_id"] == "1"
    assert form["auth"]["application_token"] == world.portal.application_token
    assert form["auth"]["refresh_token"]
    assert "event_token" in robots.raw[0]
    assert "%7C" in robots.raw[0]


def test_answer_closes_the_step_and_the_next_robot_gets_its_values(world, robots, admin):
    process = actions.start_process(world)

    assert answer(admin, process.step("send").event_token, DOCUMENT_ID="sx-1", unknown="x") is True
    world.settle()

    assert process.step("send").values == {"document_id": "sx-1"}
    assert robots.forms[1]["code"] == "signx_status"
    assert robots.forms[1]["properties"]["document"] == "sx-1"
    answer(admin, process.step("status").event_token, status_code="sent")
    assert process.is_finished
    assert not process.has_failed


def test_no_call_runs_inside_a_request_of_the_application(world, robots, admin):
    process = actions.start_process(world)

    answer(admin, process.step("send").event_token)

    assert len(robots.forms) == 1
    assert world.settle() == 1


def test_second_answer_is_true_and_without_effect(world, robots, admin):
    process = actions.start_process(world)
    token = process.step("send").event_token
    answer(admin, token, status_code="sent")

    assert answer(admin, token, status_code="failed") is True

    assert process.step("send").values == {"status_code": "sent"}
    assert len(world.calls("bizproc.event.send")) == 2


def test_bad_signature_is_403(world, robots, admin):
    token = actions.start_process(world).step("send").event_token
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")

    error = admin.error("bizproc.event.send", event_token=forged, return_values={})

    assert error == (403, "ACCESS_DENIED", "Access denied!")


def test_token_of_a_terminated_process_is_true_and_without_effect(world, robots, admin):
    process = actions.start_process(world)
    runner.terminate(world, process)

    assert answer(admin, process.step("send").event_token, status_code="sent") is True
    assert process.step("send").values == {}


def test_without_subscription_the_process_does_not_wait(world, robots, admin):
    process = actions.start_process(world, use_subscription="N")

    assert process.is_finished
    assert [form["use_subscription"] for form in robots.forms] == ["N", "N"]
    assert answer(admin, process.step("send").event_token, status_code="sent") is True
    assert process.step("send").values == {}


def test_robot_that_is_not_registered_is_a_workflow_error(world, robot_app):
    process = actions.start_process(world)

    assert process.has_failed
    assert process.is_finished
    assert "не найдено" in process.step("send").error
    assert robot_app.forms == []


def test_time_limit_closes_the_step(world, robots, admin):
    process = actions.start_process(world, timeout_s=60)

    actions.advance(world, 60)

    assert process.step("send").has_timed_out
    assert answer(admin, process.step("send").event_token, status_code="late") is True
    assert "status_code" not in process.step("send").values


def test_handler_that_is_down_leaves_the_process_waiting(world, robots):
    robots.status = "500 Internal Server Error"

    process = actions.start_process(world)

    assert process.step("send").state is StepState.WAITING
    assert process.step("send").handler_statuses == [500]
    assert len(robots.forms) == 1


def test_log_line_keeps_the_step_open(world, robots, clerk):
    process = actions.start_process(world)
    token = process.step("send").event_token

    clerk.call("bizproc.activity.log", event_token=token, log_message="Проверяем файл")

    assert process.step("send").log == ["Проверяем файл"]
    assert process.step("send").state is StepState.WAITING
    error = clerk.error("bizproc.activity.log", event_token=token, log_message="")
    assert error[1] == "ERROR_EMPTY_LOG_MESSAGE"


def test_robot_of_nobody_comes_without_tokens(world, admin, robots):
    admin.call("bizproc.robot.update", CODE="signx_send", FIELDS={"AUTH_USER_ID": 0})

    actions.start_process(world)

    assert "access_token" not in robots.forms[0]["auth"]
    assert robots.forms[0]["auth"]["application_token"]


def test_robot_of_a_fired_person_comes_without_tokens(world, admin, robots):
    admin.call("bizproc.robot.update", CODE="signx_send", FIELDS={"AUTH_USER_ID": cast.FIRED})

    actions.start_process(world)

    assert "refresh_token" not in robots.forms[0]["auth"]


def test_robot_without_properties_gets_no_properties_key(world, admin, robots):
    admin.call("bizproc.robot.update", CODE="signx_send", FIELDS={"PROPERTIES": {}})

    actions.start_process(world)

    assert "properties" not in robots.forms[0]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("user_12", "user_12"),
        (12, "user_12"),
        (["12"], ["user_12"]),
        ("{=Document:ASSIGNED_BY_ID}", "user_12"),
        ("", ""),
    ],
)
def test_users_arrive_as_the_portal_writes_them(world, robots, given, sent):
    actions.start_process(world, send={"signer_company": given})

    assert robots.forms[0]["properties"]["signer_company"] == sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("{{Контакт > int}}", "5"),
        ("CO_{{Компания}}", "CO_3"),
        ("{=create:document_id}", "61"),
        ("{=nothing:here}", ""),
        ("Соловьёв П. И. (user_7)", "Соловьёв П. И. (user_7)"),
    ],
)
def test_expressions(world, robots, given, sent):
    actions.start_process(world, send={"signer_counterparty": given})

    assert robots.forms[0]["properties"]["signer_counterparty"] == sent


def test_own_steps_on_a_smart_process(world, robots):
    steps = [Step("create", CREATE_DOCUMENT), Step("send", "signx_send", {"document": "{{ID}}"})]

    actions.start_process(world, entity_type_id=128, deal_id=cast.HR_ITEM, steps=steps)

    assert robots.forms[0]["document_id"][2] == "DYNAMIC_128_6"
    assert robots.forms[0]["properties"]["document"] == "6"


def test_running_processes_are_listed_for_administrators(world, robots, admin, clerk):
    process = actions.start_process(world)

    rows = admin.call("bizproc.workflow.instances", FILTER={"ID": process.id})

    assert [row["DOCUMENT_ID"] for row in rows] == ["DEAL_315"]
    assert clerk.error("bizproc.workflow.instances")[0] == 403


def test_control_api_runs_and_shows_a_process(http, robots, admin):
    base = f"http://{DOMAIN}/_dev"
    started = http.post(
        f"{base}/processes", json={"deal_id": 315, "document_id": 61, "send": {"wait_for": "final"}}
    ).json()
    answer(admin, started["steps"][1]["event_token"], status_code="completed")

    shown = http.get(f"{base}/processes/{started['id']}").json()

    assert shown["steps"][1]["sent"]["wait_for"] == "final"
    assert shown["steps"][1]["values"] == {"status_code": "completed"}
    assert shown["steps"][2]["state"] == "waiting"


def test_forged_and_repeated_robot_calls(http, robots):
    body = {
        "code": "signx_send",
        "properties": {"document": "61"},
        "auth": {"application_token": "forged", "access_token": None},
        "event_token": "abc",
        "copies": 2,
    }

    http.post(f"http://{DOMAIN}/_dev/robot-call", json=body)

    assert len(robots.raw) == 2
    assert robots.raw[0] == robots.raw[1]
    assert robots.forms[0]["auth"]["application_token"] == "forged"
    assert "access_token" not in robots.forms[0]["auth"]
    assert robots.forms[0]["event_token"] == "abc"


def test_outgoing_calls_are_noted(http, world, robots):
    actions.start_process(world)

    (row,) = http.get(f"http://{DOMAIN}/_dev/outgoing").json()
    assert (row["kind"], row["name"], row["status"]) == ("robot", "signx_send", 200)
    assert row["url"] == f"{APP_URL}/b24/robot"


def test_answer_to_a_robot_that_is_gone_waits_for_its_return(world, robots, admin):
    process = actions.start_process(world)
    token = process.step("send").event_token
    world.portal.app.robots.clear()
    assert answer(admin, token, status_code="sent") is True
    assert process.step("send").state is StepState.WAITING

    admin.call("bizproc.robot.add", **robot("signx_send"))
    answer(admin, token, status_code="sent")

    assert process.step("send").values == {"status_code": "sent"}


def test_step_is_called_by_the_robots_own_name(http, world, robots, admin):
    name = {"en": "Send", "ru": "Отправить"}
    admin.call("bizproc.robot.update", CODE="signx_send", FIELDS={"NAME": name})
    process = actions.start_process(world)
    page = f"http://{DOMAIN}/process/{process.id}/"

    assert "<b>Отправить</b>" in http.get(page).text
    world.portal.language = "kz"
    assert "<b>Send</b>" in http.get(page).text
