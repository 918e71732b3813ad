"""How people and business processes name things of the portal, read into typed references.

`61`, `disk_9011`, `C_5`, `CO_3`, `user_7`, `DEAL_315`, `T80_6`: pure text in, dataclasses out.
Source: Bitrix24, CRM data types (short and full codes of object types) and Disk ("n9011").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bitrix24.rest import crm_types

# The widest id our own columns can hold; Bitrix24 ids are 32-bit as well.
_LARGEST_ID = 2_147_483_647
# Only ASCII digits: \d would also take «٣», which no portal ever sends.
_NUMBER = re.compile(r"[0-9]{1,10}")
_DISK_FILE = re.compile(r"(?:disk_|n)([0-9]{1,10})", re.IGNORECASE)
# A printed name: «Иванов Иван [7]» or «Иванов Иван (user_7)».
_PRINTED_USER = re.compile(
    r"\[([0-9]{1,10})\]|(?<![0-9a-z_])user_([0-9]{1,10})(?![0-9a-z_])", re.IGNORECASE
)
_GROUP = re.compile(r"(?<![0-9a-z_])group_[0-9a-z]", re.IGNORECASE)
_TYPED = re.compile(r"([a-z_]+|dynamic_[0-9]+|t[0-9a-f]+)_([0-9]{1,10})", re.IGNORECASE)


class UnreadableReference(ValueError):
    """A text that names nothing; `reason` tells a person why and what would be right."""

    def __init__(self, reason: Promise | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


# Short and full codes of the types that are not smart processes.
_TYPE_NAMES: dict[str, int] = {
    "l": crm_types.LEAD,
    "lead": crm_types.LEAD,
    "d": crm_types.DEAL,
    "deal": crm_types.DEAL,
    "c": crm_types.CONTACT,
    "contact": crm_types.CONTACT,
    "co": crm_types.COMPANY,
    "company": crm_types.COMPANY,
    "i": 5,
    "invoice": 5,
    "q": crm_types.QUOTE,
    "quote": crm_types.QUOTE,
    "o": 14,
    "order": 14,
    "si": crm_types.SMART_INVOICE,
    "smart_invoice": crm_types.SMART_INVOICE,
}


class SourceKind(StrEnum):
    CRM_DOCUMENT = "crm_document"
    DISK_FILE = "disk_file"


@dataclass(frozen=True)
class SourceReference:
    """A file to be signed: a document of the CRM generator or a file on Disk."""

    kind: SourceKind
    id: int

    def __str__(self) -> str:
        """The one spelling kept in Document.source_id."""
        return str(self.id) if self.kind is SourceKind.CRM_DOCUMENT else f"disk_{self.id}"


class PartyKind(StrEnum):
    CONTACT = "contact"
    COMPANY = "company"
    EMPLOYEE = "employee"


@dataclass(frozen=True)
class PartyReference:
    """The other side of a document: a contact, a company's main contact, or an employee."""

    kind: PartyKind
    id: int

    def __str__(self) -> str:
        return f"{_PARTY_PREFIX[self.kind]}_{self.id}"


_PARTY_KINDS: dict[int | None, PartyKind] = {
    crm_types.CONTACT: PartyKind.CONTACT,
    crm_types.COMPANY: PartyKind.COMPANY,
}
_PARTY_PREFIX = {
    PartyKind.CONTACT: "C",
    PartyKind.COMPANY: "CO",
    PartyKind.EMPLOYEE: "user",
}


@dataclass(frozen=True)
class ItemReference:
    """A CRM item; `text` is how it was named, for sentences about it."""

    entity_type_id: int
    id: int
    text: str

    @property
    def is_deal(self) -> bool:
        return self.entity_type_id == crm_types.DEAL

    def __str__(self) -> str:
        return self.text


def read_source(text: str) -> SourceReference:
    """`61` (CRM document), `disk_9011` or `n9011` (Disk file). Raises UnreadableReference."""
    if _NUMBER.fullmatch(text):
        return SourceReference(SourceKind.CRM_DOCUMENT, _identifier(text))
    if found := _DISK_FILE.fullmatch(text):
        return SourceReference(SourceKind.DISK_FILE, _identifier(found[1]))
    raise UnreadableReference(
        _("expected the number of a CRM document, such as 61, or a Disk file, such as disk_9011.")
    )


def read_user(text: str) -> int:
    """`user_12`, `12` or a printed name «Имя [12]»; a group is refused with its own reason."""
    if _NUMBER.fullmatch(text):
        return _identifier(text)
    if _names_a_group(text):
        raise UnreadableReference(_("a group or a department was given, choose one employee."))
    user_id = _printed_user(text)
    if user_id is None:
        raise UnreadableReference(_("expected an employee, such as user_12."))
    return user_id


def read_party(text: str) -> PartyReference:
    """`5`, `C_5`, `CONTACT_5`, `CO_3`, `COMPANY_3`, `user_7` or a printed name with `[7]`."""
    if _NUMBER.fullmatch(text):
        return PartyReference(PartyKind.CONTACT, _identifier(text))
    if _names_a_group(text):
        raise UnreadableReference(_("a group or a department was given, choose one person."))
    if found := _TYPED.fullmatch(text):
        kind = _PARTY_KINDS.get(_entity_type(found[1].lower()))
        if kind:
            return PartyReference(kind, _identifier(found[2]))
    user_id = _printed_user(text)
    if user_id is None:
        raise UnreadableReference(
            _("expected a contact (C_5), a company (CO_3) or an employee (user_7).")
        )
    return PartyReference(PartyKind.EMPLOYEE, user_id)


def read_item(text: str) -> ItemReference:
    """`315` and `D_315` are deals; any other CRM type is read too and judged later."""
    if _NUMBER.fullmatch(text):
        return ItemReference(crm_types.DEAL, _identifier(text), f"DEAL_{_identifier(text)}")
    found = _TYPED.fullmatch(text)
    entity_type_id = _entity_type(found[1].lower()) if found else None
    if found is None or entity_type_id is None:
        raise UnreadableReference(_("expected a deal, such as 315 or DEAL_315."))
    return ItemReference(entity_type_id, _identifier(found[2]), text)


def item_text(entity_type_id: int, item_id: int) -> str:
    """How a person writes what `read_item` reads: `DEAL_315`, `T80_6`."""
    names = {number: name for name, number in _TYPE_NAMES.items()}  # the long one of each
    return f"{names.get(entity_type_id, f't{entity_type_id:x}').upper()}_{item_id}"


def _entity_type(name: str) -> int | None:
    if name in _TYPE_NAMES:
        return _TYPE_NAMES[name]
    digits, base = (name[8:], 10) if name.startswith("dynamic_") else (name[1:], 16)
    if not (name.startswith(("dynamic_", "t")) and re.fullmatch(r"[0-9a-f]{1,10}", digits)):
        return None
    number = int(digits, base)
    return number if crm_types.FIRST_DYNAMIC <= number <= _LARGEST_ID else None


def _printed_user(text: str) -> int | None:
    """The one employee named in a text; None when there is none."""
    found = {_identifier(one or two) for one, two in _PRINTED_USER.findall(text)}
    if len(found) > 1:
        raise UnreadableReference(_("several employees were given, choose one."))
    return found.pop() if found else None


def _names_a_group(text: str) -> bool:
    return _GROUP.search(text) is not None


def _identifier(digits: str) -> int:
    number = int(digits)
    if not 1 <= number <= _LARGEST_ID:
        raise UnreadableReference(_("the number is not an ID of Bitrix24."))
    return number
