"""One typed function per REST method we use.

`<name>_command(...)` builds a call that goes with others and `parse_<name>(result)` reads its
answer; `<name>(portal, ...)` does what is asked alone. All raise BitrixError.
Source: Bitrix24 docs, api-reference/<first part of the method's name>.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from bitrix24.models import Portal
from bitrix24.rest import crm_types
from bitrix24.rest.client import batch, call, upload
from bitrix24.rest.records import (
    Company,
    Contact,
    CrmItem,
    DiskFile,
    GeneratedDocument,
    Profile,
    TimelineComment,
    User,
    missing,
    parse_codes,
    parse_comments,
    parse_company,
    parse_company_contact_ids,
    parse_contact,
    parse_crm_item,
    parse_disk_file,
    parse_disk_files,
    parse_document,
    parse_profile,
    parse_user,
)
from bitrix24.wire.answers import as_dict, as_text
from bitrix24.wire.errors import BitrixError
from outbox.base import Command

__all__ = [
    "NAME_TAKEN",
    "Company",
    "Contact",
    "CrmItem",
    "DiskFile",
    "GeneratedDocument",
    "Profile",
    "TimelineComment",
    "User",
    "parse_comments",
    "parse_company",
    "parse_company_contact_ids",
    "parse_contact",
    "parse_crm_item",
    "parse_disk_file",
    "parse_disk_files",
    "parse_document",
    "parse_profile",
    "parse_user",
]

# Above this a file goes in two steps, as a plain multipart body instead of base64 in JSON.
BASE64_LIMIT_BYTES = 5 * 1024 * 1024
NAME_TAKEN = "DISK_OBJ_22000"


def run(portal: Portal, command: Command) -> Any:
    """`result` of one command."""
    return call(portal, command.method, command.params)


def read_many(
    portal: Portal, *commands: Command, as_user: int | None = None
) -> list[Any | BitrixError]:
    """Results of many commands in one request, in their order; a failed one is its error."""
    keyed = {f"c{number}": command for number, command in enumerate(commands)}
    answer = batch(portal, keyed, as_user=as_user)
    return [
        answer.results[key] if key in answer.results else answer.errors.get(key, missing(key))
        for key in keyed
    ]


# --- People ---------------------------------------------------------------------------------


def profile(portal: Portal, *, as_user: int) -> Profile:
    """Name and administrator flag of a user whose token we hold."""
    return parse_profile(call(portal, "profile", as_user=as_user))


def user_command(user_id: int) -> Command:
    return Command("user.get", {"FILTER": {"ID": user_id}})


def user(portal: Portal, user_id: int) -> User:
    """A user by id, dismissed ones too. Raises BitrixError(NOT_FOUND)."""
    return parse_user(run(portal, user_command(user_id)))


# --- CRM ------------------------------------------------------------------------------------


def document_command(document_id: int | str) -> Command:
    """Asking also starts a conversion that has not begun."""
    return Command("crm.documentgenerator.document.get", {"id": document_id})


def crm_item_command(entity_type_id: int, item_id: int | str) -> Command:
    return Command("crm.item.get", {"entityTypeId": entity_type_id, "id": item_id})


def contact_command(contact_id: int | str) -> Command:
    return crm_item_command(crm_types.CONTACT, contact_id)


def company_command(company_id: int | str) -> Command:
    return crm_item_command(crm_types.COMPANY, company_id)


def company_contacts_command(company_id: int | str) -> Command:
    """Ids of the company's contacts, the oldest first: the main contact in most portals."""
    return Command(
        "crm.item.list",
        {
            "entityTypeId": crm_types.CONTACT,
            "select": ["id"],
            "filter": {"=companyId": company_id},
            "order": {"id": "ASC"},
        },
    )


def timeline_comment_command(
    entity_type_id: int, item_id: int, text: str, files: Mapping[str, bytes] | None = None
) -> Command:
    """A comment in a card's timeline, with files that land on Disk; `fields` is lower case."""
    fields: dict[str, Any] = {
        "ENTITY_ID": item_id,
        "ENTITY_TYPE": crm_types.symbol(entity_type_id),
        "COMMENT": text,
    }
    if files:
        fields["FILES"] = [[name, _base64(content)] for name, content in files.items()]
    return Command("crm.timeline.comment.add", {"fields": fields})


def timeline_comments_command(entity_type: str, item_id: int) -> Command:
    """The newest comments of a card; `entity_type` as in crm_types.symbol."""
    return Command(
        "crm.timeline.comment.list",
        {
            "filter": {"ENTITY_ID": item_id, "ENTITY_TYPE": entity_type},
            "select": ["ID", "COMMENT"],
            "order": {"ID": "DESC"},
        },
    )


# --- Disk -----------------------------------------------------------------------------------


def disk_file_command(file_id: int | str) -> Command:
    return Command("disk.file.get", {"id": file_id})


def app_folder_id(portal: Portal) -> str:
    """Folder of the application's own storage, made at the first call; needs an administrator."""
    storage = as_dict(call(portal, "disk.storage.getforapp"))
    folder_id = as_text(storage.get("ROOT_OBJECT_ID"))
    if not folder_id:
        raise missing("application storage")
    return folder_id


def folder_files_command(folder_id: str, name: str) -> Command:
    """Files of that exact name in a folder."""
    return Command("disk.folder.getchildren", {"id": folder_id, "filter": {"NAME": name}})


def upload_command(
    folder_id: str, name: str, content: bytes, *, is_unique: bool = False
) -> Command:
    """A new file, at most BASE64_LIMIT_BYTES. A taken name is refused with NAME_TAKEN, or with
    `is_unique` given a number, so that a second call makes a second file."""
    params = _new_file(folder_id, name, is_unique=is_unique)
    return Command("disk.folder.uploadfile", params | {"fileContent": [name, _base64(content)]})


def upload_file(
    portal: Portal, folder_id: str, name: str, content: bytes, *, is_unique: bool = False
) -> str:
    """Disk id of a new file of any size; `is_unique` as in `upload_command`."""
    if len(content) <= BASE64_LIMIT_BYTES:
        command = upload_command(folder_id, name, content, is_unique=is_unique)
        return parse_disk_file(run(portal, command)).id
    params = _new_file(folder_id, name, is_unique=is_unique)
    place = as_dict(call(portal, "disk.folder.uploadfile", params))
    answer = upload(
        portal,
        as_text(place.get("uploadUrl")),
        field_name=as_text(place.get("field")) or "file",
        name=name,
        content=content,
        may_repeat=not is_unique,
    )
    return parse_disk_file(answer).id


def _new_file(folder_id: str, name: str, *, is_unique: bool) -> dict[str, Any]:
    return {"id": folder_id, "data": {"NAME": name}, "generateUniqueName": is_unique}


# --- Business processes ---------------------------------------------------------------------


def event_send_command(
    event_token: str, return_values: Mapping[str, Any], log_message: str = ""
) -> Command:
    """Answers a waiting robot. `true` proves nothing: the portal only queues it."""
    return Command(
        "bizproc.event.send",
        {
            "event_token": event_token,
            "return_values": dict(return_values),
            "log_message": log_message,
        },
    )


def activity_log_command(event_token: str, log_message: str) -> Command:
    """A line in the process log; the robot's step stays open."""
    return Command("bizproc.activity.log", {"event_token": event_token, "log_message": log_message})


def robots_list(portal: Portal) -> list[str]:
    """Codes of our robots that the portal has."""
    return parse_codes(call(portal, "bizproc.robot.list"))


def robots_add(portal: Portal, robot: Mapping[str, Any]) -> None:
    """Registers a robot, or renews one that is there already (codes never change)."""
    try:
        call(portal, "bizproc.robot.add", robot)
    except BitrixError as error:
        if error.bitrix_code != "ERROR_ACTIVITY_ALREADY_INSTALLED":
            raise
        fields = {key: value for key, value in robot.items() if key != "CODE"}
        robots_update(portal, str(robot["CODE"]), fields)


def robots_update(portal: Portal, code: str, fields: Mapping[str, Any]) -> None:
    call(portal, "bizproc.robot.update", {"CODE": code, "FIELDS": dict(fields)})


def robots_delete(portal: Portal, code: str) -> None:
    """Removes a robot; one that is not there is removed already."""
    try:
        call(portal, "bizproc.robot.delete", {"CODE": code})
    except BitrixError as error:
        if error.bitrix_code != "ERROR_ACTIVITY_NOT_FOUND":
            raise


# --- Notices, events, places ----------------------------------------------------------------


def notify_command(user_id: int, message: str, *, tag: str = "", message_out: str = "") -> Command:
    """A notice from the application. A new one with the same tag takes the old one's place."""
    params = {"USER_ID": user_id, "MESSAGE": message, "MESSAGE_OUT": message_out or message}
    return Command("im.notify.system.add", params | ({"TAG": tag} if tag else {}))


def event_bind_command(event: str, handler: str) -> Command:
    return Command("event.bind", {"event": event, "handler": handler})


def placement_bind_command(
    placement: str, handler: str, titles: Mapping[str, str], description: Mapping[str, str]
) -> Command:
    """`titles` and `description` by language; kz does not fall back to ru, so give it too."""
    languages = {
        language: {"TITLE": title, "DESCRIPTION": description.get(language, ""), "GROUP_NAME": ""}
        for language, title in titles.items()
    }
    return Command(
        "placement.bind",
        {"PLACEMENT": placement, "HANDLER": handler, "TITLE": titles["en"], "LANG_ALL": languages},
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
