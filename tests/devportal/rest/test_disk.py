import base64

import pytest

from devportal import actions
from devportal.portals.disk import COMMON_ROOT

PDF = b"%PDF-1.7 signed"


@pytest.fixture
def folder(admin):
    return admin.call("disk.storage.getforapp")["ROOT_OBJECT_ID"]


def test_application_storage_is_for_administrators_and_made_once(admin, clerk):
    first = admin.call("disk.storage.getforapp")

    assert admin.call("disk.storage.getforapp") == first
    assert first["ID"] != first["ROOT_OBJECT_ID"]
    assert clerk.error("disk.storage.getforapp")[:2] == (403, "ACCESS_DENIED")


def test_upload_in_base64(admin, http, folder):
    row = admin.call(
        "disk.folder.uploadfile",
        id=folder,
        data={"NAME": "Договор.pdf"},
        fileContent=["Договор.pdf", base64.b64encode(PDF).decode()],
    )

    assert row["NAME"] == "Договор.pdf"
    assert row["ID"] != row["FILE_ID"]
    assert http.get(row["DOWNLOAD_URL"]).content == PDF


def test_upload_in_two_steps(admin, http, folder):
    slot = admin.call(
        "disk.folder.uploadfile", id=folder, data={"NAME": "a.pdf"}, generateUniqueName=True
    )

    answer = http.post(slot["uploadUrl"], files={slot["field"]: ("x.bin", PDF)})

    row = answer.json()["result"]
    assert row["NAME"] == "a.pdf"
    assert http.get(row["DOWNLOAD_URL"]).content == PDF


def test_upload_without_the_named_part(admin, http, folder):
    slot = admin.call("disk.folder.uploadfile", id=folder, data={"NAME": "a.pdf"})

    assert http.post(slot["uploadUrl"], files={"other": ("x", PDF)}).json()["error"]


def test_upload_link_dies_with_its_token(admin, http, folder, world):
    slot = admin.call("disk.folder.uploadfile", id=folder, data={"NAME": "a.pdf"})
    actions.advance(world, 3600)

    answer = http.post(slot["uploadUrl"], files={"file": ("x", PDF)})

    assert answer.json()["error"] == "expired_token"


def test_taken_name_is_refused_or_made_unique(admin, folder):
    content = ["a.pdf", base64.b64encode(PDF).decode()]
    upload = {"id": folder, "data": {"NAME": "a.pdf"}, "fileContent": content}
    admin.call("disk.folder.uploadfile", **upload)

    assert admin.error("disk.folder.uploadfile", **upload)[1] == "DISK_OBJ_22000"
    again = admin.call("disk.folder.uploadfile", **upload, generateUniqueName=True)
    assert again["NAME"] == "a (1).pdf"


@pytest.mark.parametrize("text", ["", "not base64!"])
def test_unreadable_content(admin, folder, text):
    error = admin.error(
        "disk.folder.uploadfile", id=folder, data={"NAME": "a"}, fileContent=["a", text]
    )

    assert error == (400, "ERROR_COULD_NOT_SAVE_FILE", "Could not save file.")


def test_missing_things(admin):
    assert admin.error("disk.folder.uploadfile")[1] == "ERROR_ARGUMENT"
    assert admin.error("disk.file.get", id=1)[1] == "ERROR_NOT_FOUND"
    error = admin.error("disk.folder.addsubfolder", id=COMMON_ROOT)
    assert error[1] == "DISK_BASE_SERVICE_22001"


def test_folder_is_found_again_by_its_name(admin, folder):
    made = admin.call("disk.folder.addsubfolder", id=folder, data={"NAME": "2026"})

    found = admin.call("disk.folder.getchildren", id=folder, filter={"NAME": "2026"})

    assert [row["ID"] for row in found] == [made["ID"]]
    assert admin.error("disk.folder.addsubfolder", id=folder, data={"NAME": "2026"})[1] == (
        "DISK_OBJ_22000"
    )


def test_file_get_answers_in_texts(admin, folder):
    content = ["a.pdf", base64.b64encode(PDF).decode()]
    row = admin.call("disk.folder.uploadfile", id=folder, data={"NAME": "a"}, fileContent=content)

    got = admin.call("disk.file.get", id=row["ID"])

    assert got["ID"] == str(row["ID"])
    assert got["SIZE"] == str(len(PDF))


def test_company_drive_is_listed(clerk):
    drives = clerk.call("disk.storage.getlist", filter={"ENTITY_TYPE": "common"})

    assert [row["ROOT_OBJECT_ID"] for row in drives] == [str(COMMON_ROOT)]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("User-Agent", "python-requests/2.34"),
        ("Accept", None),
        ("Accept-Language", None),
        ("Referer", None),
        ("Referer", "http://sever.portal.test/"),
    ],
)
def test_a_file_is_not_found_by_those_who_do_not_look_like_a_browser(
    admin, http, folder, header, value
):
    content = ["a.pdf", base64.b64encode(PDF).decode()]
    upload = {"id": folder, "data": {"NAME": "a.pdf"}, "fileContent": content}
    row = admin.call("disk.folder.uploadfile", **upload)

    answer = http.get(row["DOWNLOAD_URL"], headers={header: value})

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
