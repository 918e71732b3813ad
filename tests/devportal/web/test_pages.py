import pytest

from devportal import actions, cast
from devportal.portals.process import StepState
from tests.devportal.conftest import DOMAIN, OTHER_DOMAIN, robot

PAGES = (
    "/",
    "/crm/deal/",
    "/crm/deal/details/315/",
    "/crm/deal/details/317/?tab=documents",
    "/marketplace/app/",
    "/process/",
    "/notifications/",
    "/mail/",
    "/faults/",
    "/requests/",
)


@pytest.fixture
def read(http):
    def get(path, domain=DOMAIN):
        return http.get(f"http://{domain}{path}")

    return get


@pytest.mark.parametrize("path", PAGES)
def test_page_is_complete_russian_and_keeps_the_person(read, path):
    mark = "&" if "?" in path else "?"
    answer = read(f"{path}{mark}as={cast.CLERK}")

    assert answer.status_code == 200
    assert '<html lang="ru">' in answer.text
    assert 'href="/mail/?as=12"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_pages_live_under_the_portals_own_name(http):
    answer = http.get("http://127.0.0.1:8001/process/?x=1", allow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"http://{DOMAIN}/process/?x=1"


def test_second_portal_shows_its_own_deal(read):
    ours, theirs = (read("/crm/deal/details/315/", domain) for domain in (DOMAIN, OTHER_DOMAIN))

    assert "Поставка оборудования" in ours.text
    assert "Поверка весового" in theirs.text


def test_frame_posts_the_entry_form(read, world):
    text = read("/marketplace/app/").text

    assert 'name="AUTH_ID"' in text
    assert 'name="PLACEMENT" value="DEFAULT"' in text
    assert f'value="{world.portal.application_token}"' in text


def test_employee_sees_why_there_is_no_application_yet(read):
    text = read(f"/marketplace/app/?as={cast.CLERK}").text

    assert "установлено не полностью" in text
    assert "AUTH_ID" not in text


def test_removed_application_can_be_put_back(http, read, world):
    actions.uninstall(world)
    assert "Приложение удалено" in read("/marketplace/app/").text

    http.post(f"http://{DOMAIN}/marketplace/reinstall")

    assert "AUTH_ID" in read("/marketplace/app/").text


@pytest.mark.parametrize("path", ["/nothing/", "/crm/deal/details/1/", "/process/x/", "/?as=21"])
def test_what_is_not_there_is_a_page_too(read, path):
    answer = read(path)

    assert answer.status_code == 404
    assert "не найдена" in answer.text


def test_process_is_started_by_the_form(http, admin, world, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))

    answer = http.post(
        f"http://{DOMAIN}/process/start?as=12",
        data={"document_id": "61", "send_wait_for": "final", "send_coordinates": ""},
    )

    assert "ждёт ответа" in answer.text
    (process,) = world.portal.processes.values()
    assert process.started_by == cast.CLERK
    assert robot_app.forms[0]["properties"]["wait_for"] == "final"


def test_hr_document_runs_on_its_smart_process(http, admin, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))

    http.post(f"http://{DOMAIN}/process/start", data={"document_id": str(cast.HR_NOTICE)})

    assert robot_app.forms[0]["document_id"][2] == "DYNAMIC_128_6"
    assert robot_app.forms[0]["properties"]["signer_counterparty"] == "user_7"


def test_process_can_be_stopped(http, admin, world, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    process = actions.start_process(world)

    http.post(f"http://{DOMAIN}/process/{process.id}/terminate")

    assert process.step("send").state is StepState.FAILED


def test_values_are_shown_and_escaped(read, admin, world, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    process = actions.start_process(world)
    token = process.step("send").event_token
    values = {"status_code": "<script>x</script>"}
    admin.call("bizproc.event.send", event_token=token, return_values=values)

    text = read(f"/process/{process.id}/").text

    assert "&lt;script&gt;x" in text
    assert "<script>x" not in text


def test_notices_show_chat_markup_and_nothing_else(read, admin):
    message = "[b]Готово[/b]#BR#[url=javascript:x]нет[/url] <i>нет</i>"
    admin.call("im.notify.system.add", USER_ID=1, MESSAGE=message)

    text = read("/notifications/").text

    assert "<b>Готово</b><br>[url=javascript:x]нет[/url] &lt;i&gt;" in text


def test_uploaded_pdf_becomes_a_document_of_the_deal(http, world):
    http.post(
        f"http://{DOMAIN}/crm/deal/details/316/documents",
        files={"file": ("Акт.pdf", b"%PDF-1.7 act", "application/pdf")},
    )

    document = world.portal.documents[max(world.portal.documents)]
    assert (document.title, document.entity_id) == ("Акт", cast.DEAL_NO_EMAIL)
    assert document.pdf() == b"%PDF-1.7 act"


def test_faults_are_set_in_per_cent(http, world):
    http.post(f"http://{DOMAIN}/faults/set", data={"slow": "12,5", "http_502": "500"})

    assert world.faults.probabilities["slow"] == 0.125
    assert world.faults.probabilities["http_502"] == 1


def test_frame_session_belongs_to_its_portal(http, world):
    sid = http.get(f"http://{DOMAIN}/_dev/entry").json()["sid"]

    assert http.post(f"http://{DOMAIN}/_frame/{sid}/init").json()["IS_ADMIN"] is True
    assert http.post(f"http://{OTHER_DOMAIN}/_frame/{sid}/init").status_code == 404
    assert http.post(f"http://{DOMAIN}/_frame/{'0' * 32}/auth").status_code == 404
