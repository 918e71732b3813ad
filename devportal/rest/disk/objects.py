"""What the methods of Disk share: which object is meant, how it is shown, how they say no."""

from __future__ import annotations

from typing import Any

from devportal.clock import iso
from devportal.errors import RestError
from devportal.portals.disk import DiskObject
from devportal.rest.links import machine_url
from devportal.rest.registry import Call

DOWNLOAD = "download"


def object_id(call: Call) -> int:
    """The `id` that the method is given; ERROR_ARGUMENT when it is no number."""
    value = call.params.get("id")
    if value is None or not str(value).isdigit():
        raise RestError("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
    return int(str(value))


def folder_of(call: Call) -> DiskObject:
    """The folder that `id` names; ACCESS_DENIED on the drive of another application."""
    folder = call.portal.disk.objects.get(object_id(call))
    if folder is None or folder.is_file:
        raise not_found(call)
    storage = call.portal.disk.storages[folder.storage_id]
    if storage.entity_type == "restapp" and storage.entity_id != str(call.portal.app.row_id):
        raise RestError("ACCESS_DENIED", "Access denied")
    return folder


def data_name(call: Call) -> str:
    """`data.NAME`; DISK_BASE_SERVICE_22001 when it is missing."""
    data = call.params.get("data")
    name = str(data.get("NAME") or "") if isinstance(data, dict) else ""
    if not name:
        raise RestError("DISK_BASE_SERVICE_22001", "Field NAME is required")
    return name


def not_found(call: Call) -> RestError:
    """Nothing on Disk has the `id`."""
    return RestError("ERROR_NOT_FOUND", f"Could not find entity with id `{call.params.get('id')}`")


def name_taken() -> RestError:
    """The folder already holds an object with this name."""
    return RestError("DISK_OBJ_22000", "Объект с таким именем уже существует")


def object_row(call: Call, item: DiskObject) -> dict[str, Any]:
    """A folder or a file as REST shows it, with a link that dies with the caller's token."""
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
