"""Bitrix24's answers as values: one dataclass and one parse function per kind of record.

The parsers take `result` of the method named in bitrix24/rest/methods.py, from a call or a batch,
and raise BitrixError(NOT_FOUND) where the portal says "no such thing" by an empty answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bitrix24.wire.answers import as_bool, as_dict, as_int, as_list, as_text
from bitrix24.wire.errors import BitrixError
from signx.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a token belongs to (`profile`)."""

    id: int
    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class User:
    """A portal user. `name` is «Фамилия Имя Отчество»; `email` needs the scope user_basic."""

    id: int
    name: str
    email: str
    position: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class GeneratedDocument:
    """A document of the CRM generator. `pdf_url` is None until the conversion is over."""

    id: int
    title: str
    pdf_url: str | None
    is_failed: bool
    failure: str
    number: str = ""
    updated_at: str = ""
    entity_type_id: int = 0
    entity_id: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """`name` is «Фамилия Имя Отчество»; first e-mail and phone are the main ones."""

    id: int
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    company_id: int | None
    position: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    id: int
    title: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrmItem:
    """A deal, lead, smart process item…; `fields` is the item as crm.item.get gives it."""

    entity_type_id: int
    id: int
    title: str
    contact_id: int | None
    company_id: int | None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DiskFile:
    """`download_url` dies with the token of this answer: fetch it at once."""

    id: str
    name: str
    size: int
    download_url: str
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class TimelineComment:
    id: int
    text: str


def parse_profile(result: Any) -> Profile:
    row = as_dict(result)
    if not as_int(row.get("ID")):
        raise missing("profile")
    name = _joined(row.get("LAST_NAME"), row.get("NAME"))
    return Profile(id=as_int(row["ID"]), name=name, is_admin=as_bool(row.get("ADMIN")))


def parse_user(result: Any) -> User:
    """The first row of user.get; bots, guests and unknown ids are not among its rows."""
    rows = as_list(result)
    row = as_dict(rows[0]) if rows else {}
    if not as_int(row.get("ID")):
        raise missing("user")
    return User(
        id=as_int(row["ID"]),
        name=_joined(row.get("LAST_NAME"), row.get("NAME"), row.get("SECOND_NAME")),
        email=as_text(row.get("EMAIL")),
        position=as_text(row.get("WORK_POSITION")),
        is_active=as_bool(row.get("ACTIVE")),
    )


def parse_document(result: Any) -> GeneratedDocument:
    row = as_dict(as_dict(result).get("document"))
    if not as_int(row.get("id")):
        raise missing("document")
    return GeneratedDocument(
        id=as_int(row["id"]),
        title=as_text(row.get("title")),
        pdf_url=as_text(row.get("pdfUrlMachine")) or None,
        is_failed=as_bool(row.get("isTransformationError")),
        failure=as_text(row.get("transformationErrorMessage"))
        or as_text(row.get("transformationErrorCode")),
        number=as_text(row.get("number")),
        updated_at=as_text(row.get("updateTime")),
        entity_type_id=as_int(row.get("entityTypeId")),
        entity_id=as_int(row.get("entityId")),
    )


def parse_contact(result: Any) -> Contact:
    row = _item(result, "contact")
    return Contact(
        id=as_int(row["id"]),
        name=_joined(row.get("lastName"), row.get("name"), row.get("secondName")),
        emails=_multifield(row, "EMAIL"),
        phones=_multifield(row, "PHONE"),
        company_id=as_int(row.get("companyId")) or None,
        position=as_text(row.get("post")),
    )


def parse_company(result: Any) -> Company:
    row = _item(result, "company")
    return Company(
        id=as_int(row["id"]),
        title=as_text(row.get("title")),
        emails=_multifield(row, "EMAIL"),
        phones=_multifield(row, "PHONE"),
    )


def parse_crm_item(result: Any) -> CrmItem:
    row = _item(result, "CRM item")
    return CrmItem(
        entity_type_id=as_int(row.get("entityTypeId")),
        id=as_int(row["id"]),
        title=as_text(row.get("title")),
        contact_id=as_int(row.get("contactId")) or None,
        company_id=as_int(row.get("companyId")) or None,
        fields=row,
    )


def parse_company_contact_ids(result: Any) -> tuple[int, ...]:
    """Contacts of crm.item.list filtered by company, in the order asked for."""
    rows = as_list(as_dict(result).get("items"))
    return tuple(as_int(as_dict(row).get("id")) for row in rows)


def parse_disk_file(result: Any) -> DiskFile:
    row = as_dict(result)
    if not as_int(row.get("ID")):
        raise missing("file")
    return DiskFile(
        id=as_text(row["ID"]),
        name=as_text(row.get("NAME")),
        size=as_int(row.get("SIZE")),
        download_url=as_text(row.get("DOWNLOAD_URL")),
        parent_id=as_text(row.get("PARENT_ID")),
    )


def parse_disk_files(result: Any) -> list[DiskFile]:
    """Files of disk.folder.getchildren; folders are left out."""
    rows = [as_dict(row) for row in as_list(result)]
    return [
        parse_disk_file(row)
        for row in rows
        if as_int(row.get("ID")) and as_text(row.get("TYPE")) != "folder"
    ]


def parse_comments(result: Any) -> list[TimelineComment]:
    rows = [as_dict(row) for row in as_list(result)]
    return [TimelineComment(as_int(row.get("ID")), as_text(row.get("COMMENT"))) for row in rows]


def parse_codes(result: Any) -> list[str]:
    """A list of plain codes, such as bizproc.robot.list."""
    return [as_text(code) for code in as_list(result)]


def missing(what: str) -> BitrixError:
    return BitrixError(ErrorCode.NOT_FOUND, f"no such {what}", bitrix_code="NOT_FOUND")


def _item(result: Any, what: str) -> dict[str, Any]:
    row = as_dict(as_dict(result).get("item"))
    if not as_int(row.get("id")):
        raise missing(what)
    return row


def _multifield(row: dict[str, Any], kind: str) -> tuple[str, ...]:
    """Values of one type in `fm`; the flat aliases (`emailWork`) hold only first ones."""
    cells = [as_dict(cell) for cell in as_list(row.get("fm"))]
    values = [as_text(cell.get("value")) for cell in cells if cell.get("typeId") == kind]
    return tuple(dict.fromkeys(value for value in values if value))


def _joined(*parts: Any) -> str:
    return " ".join(filter(None, (as_text(part) for part in parts)))
