"""Files of Disk: uploads in base64 or in two steps, links to download."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from devportal.errors import RestError
from devportal.portals.disk import DiskObject, NameTaken
from devportal.rest.disk.objects import (
    data_name,
    folder_of,
    name_taken,
    not_found,
    object_id,
    object_row,
)
from devportal.rest.links import machine_url
from devportal.rest.registry import Call, rest_method

UPLOAD = "upload"
_SMALL_UPLOAD_BYTES = 5 * 1024 * 1024


@rest_method("disk.folder.uploadfile", "disk")
def upload_file(call: Call) -> dict[str, Any]:
    """A file in base64, or without `fileContent` the address to post it to."""
    parent = folder_of(call)
    given = call.params.get("fileContent")
    name = data_name(call)
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
    item = call.portal.disk.objects.get(object_id(call))
    if item is None or not item.is_file:
        raise not_found(call)
    is_apps = call.portal.disk.storages[item.storage_id].entity_type == "restapp"
    if is_apps and not call.user.is_admin and call.world.ways.of("app_storage") == "private":
        raise RestError("ACCESS_DENIED", "Access denied")
    row = object_row(call, item)
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
        raise name_taken() from None
    return object_row(call, made)


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


def _flag(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "y")
