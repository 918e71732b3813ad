import base64

from devportal import cast

NOTICE = {"USER_ID": cast.CLERK, "MESSAGE": "Договор [b]подписан[/b]", "TAG": "sx-1"}


def test_profile_needs_no_scope_and_says_who_is_admin(admin, clerk):
    assert admin.call("profile")["ADMIN"] is True
    assert clerk.call("profile") == {
        "ID": "12",
        "ADMIN": False,
        "NAME": "Мария",
        "LAST_NAME": "Лебедева",
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }


def test_users_by_filter(admin):
    rows = admin.call("user.get", FILTER={"ID": [cast.CLERK, cast.FIRED]})

    assert [(row["ID"], row["ACTIVE"]) for row in rows] == [("12", True), ("21", False)]
    assert admin.call("user.get", FILTER={"ACTIVE": False, "ID": 21})[0]["NAME"] == "Игорь"


def test_new_notice_with_the_same_tag_removes_the_old_one(admin, world):
    first = admin.call("im.notify.system.add", **NOTICE)
    second = admin.call("im.notify.system.add", **(NOTICE | {"MESSAGE": "Отклонён"}))

    assert first != second
    assert [row.text for row in world.portal.notifications] == ["Отклонён"]


def test_notices_without_a_tag_pile_up(admin, world):
    for _ in range(2):
        admin.call("im.notify.system.add", USER_ID=12, MESSAGE="x")

    assert len(world.portal.notifications) == 2


def test_notice_refusals(admin):
    add = "im.notify.system.add"
    assert admin.error(add, MESSAGE="x")[1] == "USER_ID_EMPTY"
    assert admin.error(add, USER_ID=12)[1] == "MESSAGE_EMPTY"
    assert admin.error(add, **NOTICE, ATTACH="{")[1] == "ATTACH_ERROR"
    assert admin.error(add, **NOTICE, ATTACH={"a": "x" * 60_000})[1] == "ATTACH_OVERSIZE"
    assert admin.call(add, **(NOTICE | {"USER_ID": cast.FIRED})) is False


def test_timeline_comment_with_a_file(admin, http, world):
    content = base64.b64encode(b"%PDF-1.7 signed").decode()
    fields = {
        "ENTITY_ID": 315,
        "ENTITY_TYPE": "deal",
        "COMMENT": "Подписан",
        "FILES": [["Договор.pdf", content]],
    }

    comment_id = admin.call("crm.timeline.comment.add", fields=fields)

    shown = http.get("http://vostok.portal.test/_dev/deals/315").json()["timeline"]
    assert [row["id"] for row in shown] == [comment_id]
    file = http.get(f"http://vostok.portal.test/_dev/files/{shown[0]['files'][0]['id']}")
    assert file.content == b"%PDF-1.7 signed"
    rows = admin.call("crm.timeline.comment.list", filter={"ENTITY_ID": 315})
    assert [row["COMMENT"] for row in rows] == ["Подписан"]


def test_timeline_refusals(admin):
    add = "crm.timeline.comment.add"
    good = {"ENTITY_ID": 315, "ENTITY_TYPE": "deal", "COMMENT": "x"}
    assert admin.error(add, FIELDS=good)[1] == "100"
    assert admin.error(add, fields=good | {"COMMENT": ""})[1] == "INVALID_ARG_VALUE"
    assert admin.error(add, fields=good | {"ENTITY_ID": 9})[1] == "OWNER_NOT_FOUND"
    assert admin.error(add, fields=good | {"ENTITY_TYPE": "DEAL"})[1] == "OWNER_NOT_FOUND"
    assert admin.error(add, fields=good | {"FILES": [["a", "?"]]})[1] == "INVALID_ARG_VALUE"


def test_contact_without_email_has_only_a_phone(clerk):
    item = clerk.call("crm.item.get", entityTypeId=3, id=cast.CONTACT_NO_EMAIL)["item"]

    assert [row["typeId"] for row in item["fm"]] == ["PHONE"]


def test_channels_come_in_lists_only_with_a_star(clerk):
    starred = clerk.call("crm.item.list", entityTypeId=3, select=["*"])["items"][0]
    named = clerk.call("crm.item.list", entityTypeId=3, select=["id", "fm"])["items"][0]

    assert "fm" in starred
    assert named == {"id": cast.CONTACT_MAIN}


def test_crm_refusals(clerk):
    get = "crm.item.get"
    assert clerk.error(get, entityTypeId=2, id=1)[:2] == (400, "NOT_FOUND")
    assert clerk.error(get, entityTypeId=2)[1] == "100"
    assert clerk.error(get, entityTypeId=99, id=1)[1] == "NOT_FOUND"
    bad = clerk.error("crm.item.list", entityTypeId=2, filter={"=nothing": 1})
    assert bad[1] == "INVALID_ARG_VALUE"


def test_contacts_of_a_deal(clerk):
    rows = clerk.call("crm.deal.contact.items.get", id=cast.DEAL_MAIN)

    assert rows == [{"CONTACT_ID": 5, "SORT": 10, "ROLE_ID": 0, "IS_PRIMARY": "Y"}]
    assert clerk.call("crm.deal.contact.items.get", id=cast.DEAL_NO_CONTACT) == []


def test_triggers(admin, clerk, world):
    add, execute = "crm.automation.trigger.add", "crm.automation.trigger.execute"
    admin.call(add, CODE="signed", NAME="Подписан")
    assert admin.call("crm.automation.trigger.list") == [{"CODE": "signed", "NAME": "Подписан"}]
    assert admin.call(execute, CODE="signed", OWNER_TYPE_ID=2, OWNER_ID=315) is True
    assert world.portal.app.executed_triggers == [{"code": "signed", "owner": [2, 315]}]
    assert admin.error(add, CODE="a b", NAME="x")[1] == "ERROR_CORE"
    assert clerk.error(add, CODE="x", NAME="x")[0] == 403


def test_options(admin, clerk):
    assert admin.call("app.option.get") == []
    admin.call("app.option.set", options={"theme": "light"})
    assert clerk.call("app.option.get", option="theme") == "light"
    assert clerk.error("app.option.set", options={"theme": "x"})[0] == 403


def test_push_to_others_is_for_administrators(admin, clerk):
    push = {"COMMAND": "status", "PARAMS": {"id": 1}, "USER_ID": 1}
    assert admin.call("pull.application.event.add", **push) is True
    assert clerk.error("pull.application.event.add", **push)[0] == 403
