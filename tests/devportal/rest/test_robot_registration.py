import pytest

from tests.devportal.conftest import robot

NAMELESS = {"Type": "string"}


def test_added_robot_is_listed(admin):
    assert admin.call("bizproc.robot.add", **robot("signx_send")) is True

    assert admin.call("bizproc.robot.list") == ["signx_send"]


def test_empty_list_is_a_list(admin):
    assert admin.call("bizproc.robot.list") == []


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"CODE": ""}, "ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity code!"),
        ({"CODE": "наш робот"}, "ERROR_ACTIVITY_VALIDATION_FAILURE", "Wrong activity code!"),
        ({"HANDLER": ""}, "ERROR_WRONG_HANDLER_URL", ""),
        ({"HANDLER": "ftp://app.signx.test/"}, "ERROR_UNSUPPORTED_PROTOCOL", ""),
        ({"HANDLER": "http://localhost:8000/b24"}, "ERROR_WRONG_HANDLER_URL", ""),
        ({"NAME": ""}, "ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity NAME!"),
        ({"NAME": {"ru": " "}}, "ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity NAME!"),
        (
            {"PROPERTIES": ["x"]},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Wrong properties array!",
        ),
        (
            {"PROPERTIES": {"1x": {"Name": "x"}}},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Wrong property key (1x)!",
        ),
        (
            {"RETURN_PROPERTIES": {"x": NAMELESS}},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Empty property NAME (x)!",
        ),
        (
            {"FILTER": {"ONLY": []}},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Wrong activity FILTER!",
        ),
        (
            {"FILTER": {"INCLUDE": ["cloud"]}},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Wrong activity FILTER!",
        ),
        (
            {"DOCUMENT_TYPE": ["crm", "CCrmDocumentDeal"]},
            "ERROR_ACTIVITY_VALIDATION_FAILURE",
            "Wrong activity DOCUMENT_TYPE!",
        ),
        ({"USE_PLACEMENT": "Y"}, "ERROR_WRONG_HANDLER_URL", ""),
    ],
)
def test_refused_registrations(admin, changes, error, text):
    status, code, description = admin.error("bizproc.robot.add", **(robot("x") | changes))

    assert (status, code) == (400, error)
    assert text in description


def test_no_data_at_all(admin):
    assert admin.error("bizproc.robot.add")[2] == "Empty data!"


def test_numeric_address_passes_as_a_dotted_host(admin):
    assert admin.call("bizproc.robot.add", **robot("x", HANDLER="http://127.0.0.1:8000/b24"))


def test_code_is_shared_with_activities(admin):
    admin.call("bizproc.robot.add", **robot("signx_send"))

    error = admin.error("bizproc.activity.add", **robot("SIGNX_SEND"))

    assert error[1:] == ("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
    assert admin.call("bizproc.activity.list") == []


def test_only_administrators_register(clerk):
    assert clerk.error("bizproc.robot.add", **robot("x")) == (
        403,
        "ACCESS_DENIED",
        "Access denied!",
    )
    assert clerk.error("bizproc.robot.list")[0] == 403


def test_update_replaces_properties_wholesale(admin, world):
    admin.call("bizproc.robot.add", **robot("x"))

    admin.call("bizproc.robot.update", CODE="x", FIELDS={"PROPERTIES": {"only": {"Name": "Only"}}})

    assert list(world.portal.app.robots["x"]["PROPERTIES"]) == ["only"]
    assert world.portal.app.robots["x"]["USE_SUBSCRIPTION"] == "Y"


def test_update_and_delete_need_an_existing_robot(admin):
    for method in ("bizproc.robot.update", "bizproc.robot.delete"):
        assert admin.error(method, CODE="x", FIELDS={"NAME": "y"})[1] == "ERROR_ACTIVITY_NOT_FOUND"


def test_update_without_fields(admin):
    admin.call("bizproc.robot.add", **robot("x"))

    assert admin.error("bizproc.robot.update", CODE="x", FIELDS={})[2] == "No fields to update"


def test_deleted_robot_can_be_added_again(admin):
    admin.call("bizproc.robot.add", **robot("x"))

    assert admin.call("bizproc.robot.delete", CODE="x") is True
    assert admin.call("bizproc.robot.add", **robot("x")) is True
