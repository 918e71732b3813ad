"""`disk.*`: storages, folders, files; uploads in base64 or in two steps."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from devportal.clock import iso
from devportal.errors import RestError
from devportal.portals.disk import DiskObject, NameTaken, Storage
from devportal.rest.filters import fits, parse_filter
from devportal.rest.links import machine_url
from devportal.rest.registry import Call, Page, page_of, rest_method

DOWNLOAD, UPLOAD = "download", "upload"
_SMALL_UPLOAD_BYTES = 5 * 1024 * 1024


@rest_method("disk.storage.getforapp", "disk", admin=True)
def storage_of_app(call: Call) -> dict[str, Any]:
    """The application's own drive; administrators only, made on the first call."""
    storage = call.portal.disk.storage_of_app(
        call.world.config.client_id, call.portal.app.row_id, call.now
    )
    return _storage_row(storage)


@rest_method("disk.storage.getlist", "disk")
def storage_list(call: Call) -> Page:
    """Drives the caller may see; the application's drive is not among an employee's."""
    rows = [
        _storage_row(storage)
        for storage in call.portal.disk.storages.values()
        if call.user.is_admin or storage.entity_type != "restapp"
    ]
    known = ("ID", "NAME", "ENTITY_TYPE", "ENTITY_ID", "ROOT_OBJECT_ID", "MODULE_ID", "CODE")
    conditions = parse_filter(call.params.get("filter"), known)
    rows = [row for row in rows if fits(row, conditions)]
    page, following = page_of(rows, call.params.get("start"))
    return Page(page, len(rows), following)


@rest_method("disk.folder.getchildren", "disk")
def folder_children(call: Call) -> Page:
    """Objects of a folder."""
    folder = _folder(call)
    known = ("ID", "NAME", "TYPE", "PARENT_ID", "STORAGE_ID", "CREATED_BY")
    conditions = parse_filter(call.params.get("filter"), known)
    rows = [_object_row(call, item) for item in call.portal.disk.children(folder.id)]
    rows = [row for row in rows if fits(row, conditions)]
    page, following = page_of(rows, call.params.get("start"))
    return Page(page, len(rows), following)


@rest_method("disk.folder.addsubfolder", "disk")
def add_subfolder(call: Call) -> dict[str, Any]:
    """A folder inside a folder. DISK_OBJ_22000 when the name is taken."""
    parent, name = _folder(call), _data_name(call)
    try:
        made = call.portal.disk.add_folder(parent, name, by=call.user.id, now=call.now)
    except NameTaken:
        raise _name_taken() from None
    return _object_row(call, made)


@rest_method("disk.storage.addfolder", "disk")
def add_folder(call: Call) -> dict[str, Any]:
    """A folder in the root of a drive; `id` is the drive's."""
    storage = call.portal.disk.storages.get(_id(call))
    if storage is None:
        raise _not_found(call)
    name = _data_name(call)
    root = call.portal.disk.objects[storage.root_id]
    try:
        made = call.portal.disk.add_folder(root, name, by=call.user.id, now=call.now)
    except NameTaken:
        raise _name_taken() from None
    return _object_row(call, made)


@rest_method("disk.folder.uploadfile", "disk")
def upload_file(call: Call) -> dict[str, Any]:
    """A file in base64, or without `fileContent` the address to post it to."""
    parent = _folder(call)
    given = call.params.get("fileContent")
    name = _data_name(call)
    unique = _flag(call.params.get("generateUniqueName"))
    if given is None:
        return _upload_slot(call, parent, name, unique=unique)
    content = _decoded(given)
    if call.world.ways.of("upload_limit") == "5mb" and len(content) > _SMALL_UPLOAD_BYTES:
        raise RestError("ERROR_COULD_NOT_SAVE_FILE", "Could not save file.")
    return store_file(call, parent, name, content, unique=unique)


@rest_method("disk.file.get", "disk")
def file_get(call: Call) -> dict[str, Any]:
    """A file with a fresh DOWNLOAD_URL bound to the caller's token; numbers as texts."""
    item = call.portal.disk.objects.get(_id(call))
    if item is None or not item.is_file:
        raise _not_found(call)
    is_apps = call.portal.disk.storages[item.storage_id].entity_type == "restapp"
    if is_apps and not call.user.is_admin and call.world.ways.of("app_storage") == "private":
        raise RestError("ACCESS_DENIED", "Access denied")
    row = _object_row(call, item)
    return {key: str(value) if isinstance(value, int) else value for key, value in row.items()}


def file_of(call: Call, payload: str) -> tuple[str, bytes, str]:
    """(file name, bytes, content type) behind a Disk download link."""
    _, _, number = payload.partition("|")
    item = call.portal.disk.objects.get(int(number)) if number.isdigit() else None
    if item is None or item.content is None:
        raise RestError("ERROR_NOT_FOUND", f"Could not find entity with id `{number}`")
    return item.name, item.content, "application/octet-stream"


def accept_upload(call: Call, payload: str, content: bytes | None) -> dict[str, Any]:
    """The second step of an upload: the name and the folder come from the signed link."""
    if content is None:
        raise RestError("ERROR_ARGUMENT", "Invalid value of parameter {file}")
    _, _, text = payload.partition("|")
    signed = json.loads(base64.urlsafe_b64decode(text))
    parent = call.portal.disk.objects.get(signed["folder"])
    if parent is None:
        raise RestError("ERROR_NOT_FOUND", f"Could not find entity with id `{signed['folder']}`")
    return store_file(call, parent, signed["name"], content, unique=signed["unique"])


def store_file(
    call: Call, parent: DiskObject, name: str, content: bytes, *, unique: bool
) -> dict[str, Any]:
    """Put a file into a folder and describe it."""
    try:
        made = call.portal.disk.add_file(
            parent, name, content, by=call.user.id, now=call.now, unique_name=unique
        )
    except NameTaken:
        raise _name_taken() from None
    return _object_row(call, made)


def _upload_slot(call: Call, parent: DiskObject, name: str, *, unique: bool) -> dict[str, Any]:
    signed = json.dumps({"folder": parent.id, "name": name, "unique": unique})
    payload = f"disk|{base64.urlsafe_b64encode(signed.encode()).decode()}"
    url = machine_url(
        call.world, call.portal, call.token.access_token, method=UPLOAD, payload=payload
    )
    return {"field": "file", "uploadUrl": url}


def _decoded(given: Any) -> bytes:
    text = given[1] if isinstance(given, list) and len(given) > 1 else given
    try:
        content = base64.b64decode(str(text), validate=True)
    except binascii.Error:
        content = b""
    if not content:
        raise RestError("ERROR_COULD_NOT_SAVE_FILE", "Could not save file.")
    return content


def _id(call: Call) -> int:
    value = call.params.get("id")
    if value is None or not str(value).isdigit():
        raise RestError("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
    return int(str(value))


def _folder(call: Call) -> DiskObject:
    folder = call.portal.disk.objects.get(_id(call))
    if folder is None or folder.is_file:
        raise _not_found(call)
    storage = call.portal.disk.storages[folder.storage_id]
    if storage.entity_type == "restapp" and storage.entity_id != str(call.portal.app.row_id):
        raise RestError("ACCESS_DENIED", "Access denied")
    return folder


def _data_name(call: Call) -> str:
    data = call.params.get("data")
    name = str(data.get("NAME") or "") if isinstance(data, dict) else ""
    if not name:
        raise RestError("DISK_BASE_SERVICE_22001", "Field NAME is required")
    return name


def _flag(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "y")


def _not_found(call: Call) -> RestError:
    return RestError("ERROR_NOT_FOUND", f"Could not find entity with id `{call.params.get('id')}`")


def _name_taken() -> RestError:
    return RestError("DISK_OBJ_22000", "Объект с таким именем уже существует")


def _storage_row(storage: Storage) -> dict[str, Any]:
    return {
        "ID": str(storage.id),
        "NAME": storage.name,
        "CODE": None,
        "MODULE_ID": "disk",
        "ENTITY_TYPE": storage.entity_type,
        "ENTITY_ID": storage.entity_id,
        "ROOT_OBJECT_ID": str(storage.root_id),
    }


def _object_row(call: Call, item: DiskObject) -> dict[str, Any]:
    home = f"{call.world.config.scheme}://{call.portal.domain}/disk"
    row: dict[str, Any] = {
        "ID": item.id,
        "NAME": item.name,
        "CODE": None,
        "STORAGE_ID": str(item.storage_id),
        "TYPE": "file" if item.is_file else "folder",
        "PARENT_ID": str(item.parent_id),
        "DELETED_TYPE": 0,
        "CREATE_TIME": iso(item.created_at),
        "UPDATE_TIME": iso(item.created_at),
        "DELETE_TIME": None,
        "CREATED_BY": str(item.created_by),
        "UPDATED_BY": str(item.created_by),
        "DELETED_BY": None,
        "DETAIL_URL": f"{home}/{'file' if item.is_file else 'path'}/{item.id}/",
    }
    if item.content is not None:
        token = call.token.access_token
        row |= {
            "GLOBAL_CONTENT_VERSION": 1,
            "FILE_ID": item.file_id,
            "SIZE": str(len(item.content)),
            "DOWNLOAD_URL": machine_url(
                call.world, call.portal, token, method=DOWNLOAD, payload=f"disk|{item.id}"
            ),
        }
    return row
