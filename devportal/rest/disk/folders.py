"""`disk.storage.*` and `disk.folder.*`: drives and what lies in folders."""

from __future__ import annotations

from typing import Any

from devportal.portals.disk import NameTaken, Storage
from devportal.rest.disk.objects import (
    data_name,
    folder_of,
    name_taken,
    not_found,
    object_id,
    object_row,
)
from devportal.rest.filters import fits, parse_filter
from devportal.rest.registry import Call, Page, page_of, rest_method


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
    folder = folder_of(call)
    known = ("ID", "NAME", "TYPE", "PARENT_ID", "STORAGE_ID", "CREATED_BY")
    conditions = parse_filter(call.params.get("filter"), known)
    rows = [object_row(call, item) for item in call.portal.disk.children(folder.id)]
    rows = [row for row in rows if fits(row, conditions)]
    page, following = page_of(rows, call.params.get("start"))
    return Page(page, len(rows), following)


@rest_method("disk.folder.addsubfolder", "disk")
def add_subfolder(call: Call) -> dict[str, Any]:
    """A folder inside a folder. DISK_OBJ_22000 when the name is taken."""
    parent, name = folder_of(call), data_name(call)
    try:
        made = call.portal.disk.add_folder(parent, name, by=call.user.id, now=call.now)
    except NameTaken:
        raise name_taken() from None
    return object_row(call, made)


@rest_method("disk.storage.addfolder", "disk")
def add_folder(call: Call) -> dict[str, Any]:
    """A folder in the root of a drive; `id` is the drive's."""
    storage = call.portal.disk.storages.get(object_id(call))
    if storage is None:
        raise not_found(call)
    name = data_name(call)
    root = call.portal.disk.objects[storage.root_id]
    try:
        made = call.portal.disk.add_folder(root, name, by=call.user.id, now=call.now)
    except NameTaken:
        raise name_taken() from None
    return object_row(call, made)


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
