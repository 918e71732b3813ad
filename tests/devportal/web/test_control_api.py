import pytest

from devportal import actions, cast
from tests.devportal.conftest import DOMAIN, OTHER_DOMAIN, START, robot

BASE = f"http://{DOMAIN}/_dev"


def test_world_names_everybody(http, config):
    world = http.get(f"{BASE}/world").json()

    assert [row["domain"] for row in world["portals"]] == [DOMAIN, OTHER_DOMAIN]
    assert world["client_id"] == config.client_id
    users = {row["id"]: row for row in world["portals"][0]["users"]}
    assert users[cast.DIRECTOR]["admin"]
    assert not users[cast.FIRED]["active"]
    assert {61, 62}.issubset(int(key) for key in world["portals"][0]["documents"])


def test_portal_is_chosen_by_host_number_or_domain(http):
    titles = {
        http.get(f"http://{OTHER_DOMAIN}/_dev/deals/315").json()["title"],
        http.get(f"{BASE}/deals/315?portal=2").json()["title"],
        http.get(f"{BASE}/deals/315?portal={OTHER_DOMAIN}").json()["title"],
        http.get(f"http://127.0.0.1:1/_dev/deals/315?portal={cast.OTHER_MEMBER_ID}").json()[
            "title"
        ],
    }

    assert titles == {"Поверка весового оборудования"}
    assert http.get(f"{BASE}/deals/315?portal=3").status_code == 404


def test_clock_moves(http, world):
    assert http.post(f"{BASE}/advance", json={"seconds": 90}).json() == {"now": START + 90}
    assert http.post(f"{BASE}/advance", json={"seconds": -1}).status_code == 400


def test_reset_forgets_everything(http, admin, world):
    admin.call("bizproc.robot.add", **robot("x"))
    actions.finish_install(world)
    world.faults.set({"slow": 1})

    http.post(f"{BASE}/reset")

    assert world.portal.app.robots == {}
    assert not world.portal.app.is_installed
    assert world.faults.probabilities["slow"] == 0
    assert http.get(f"{BASE}/requests").json()["count"] == 0


def test_requests_are_counted_between_two_numbers(http, admin):
    admin.call("profile")
    since = http.get(f"{BASE}/requests").json()["last"]
    for _ in range(3):
        admin.call("user.admin")

    answer = http.get(f"{BASE}/requests", params={"since": since, "until": since + 2}).json()

    assert answer["count"] == 2
    assert [row["rest_methods"] for row in answer["requests"]] == [["user.admin"]] * 2
    assert answer["last"] == since + 3


def test_never_is_a_length_of_conversion(http, world):
    document_id = http.post(
        f"{BASE}/documents", json={"ref": "notice", "conversion_s": "never", "title": "Приказ"}
    ).json()["id"]
    actions.advance(world, 1e9)

    assert not world.portal.documents[document_id].is_converted(world.clock.now())
    assert http.post(f"{BASE}/documents", json={"ref": "nothing"}).status_code == 400


def test_person_is_fired_and_taken_back(http, world):
    http.post(f"{BASE}/fire", json={"user_id": cast.CLERK})
    assert not world.portal.users[cast.CLERK].active

    http.post(f"{BASE}/fire", json={"user_id": cast.CLERK, "active": True})
    assert world.portal.users[cast.CLERK].active
    assert http.post(f"{BASE}/fire", json={"user_id": 999}).status_code == 400


def test_contact_can_be_changed(http, clerk):
    channels = [{"id": 1, "typeId": "EMAIL", "valueType": "WORK", "value": "t@kedr.example"}]

    http.post(f"{BASE}/items/3/{cast.CONTACT_NO_EMAIL}", json={"fm": channels})

    item = clerk.call("crm.item.get", entityTypeId=3, id=cast.CONTACT_NO_EMAIL)["item"]
    assert item["fm"] == channels


def test_language_of_a_portal(http):
    http.post(f"{BASE}/language", json={"language": "en"})

    assert "LANG=en" in http.get(f"{BASE}/entry").json()["url"]


def test_document_can_be_fetched_for_comparison(http, world):
    answer = http.get(f"{BASE}/documents/{cast.CONTRACT}/pdf")

    assert answer.content == world.portal.documents[cast.CONTRACT].pdf()


@pytest.mark.parametrize(
    "path", ["/processes/x", "/documents/1/pdf", "/files/1", "/deals/1", "/mail/1/raw"]
)
def test_what_is_not_there_is_404_in_json(http, path):
    answer = http.get(BASE + path)

    assert answer.status_code == 404
    assert answer.json()["error"]


def test_own_steps(http, admin, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_status"))
    steps = [{"name": "look", "code": "signx_status", "properties": {"document": "{{ID}}"}}]

    process = http.post(f"{BASE}/processes", json={"steps": steps}).json()

    assert [step["name"] for step in process["steps"]] == ["look"]
    assert robot_app.forms[0]["properties"]["document"] == "315"


def test_deleted_item_is_not_found(http, clerk):
    http.delete(f"{BASE}/items/2/315")

    assert clerk.error("crm.item.get", entityTypeId=2, id=315)[1] == "NOT_FOUND"


def test_hidden_item_is_denied_and_missing_from_lists(http, admin, clerk):
    http.post(f"{BASE}/items/2/315/hide", json={"user_id": cast.CLERK})

    assert clerk.error("crm.item.get", entityTypeId=2, id=315)[:2] == (400, "ACCESS_DENIED")
    listed = clerk.call("crm.item.list", entityTypeId=2)["items"]
    assert cast.DEAL_MAIN not in [row["id"] for row in listed]
    document = clerk.error("crm.documentgenerator.document.get", id=cast.CONTRACT)
    assert document[1] == "DOCGEN_ACCESS_ERROR"
    fields = {"ENTITY_TYPE": "deal", "ENTITY_ID": cast.DEAL_MAIN, "COMMENT": "x"}
    assert clerk.error("crm.timeline.comment.add", fields=fields)[1] == "ACCESS_DENIED"
    assert admin.call("crm.item.get", entityTypeId=2, id=315)["item"]["id"] == cast.DEAL_MAIN
