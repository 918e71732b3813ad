"""What the portal knows about a document to be: its file, the other side, the CRM item.

`look_up` reads everything in one request; the judgements stand apart, so that a caller makes them
in the order of its checks and the first that fails is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from bitrix24.rest import client, methods
from bitrix24.rest.client import BatchAnswer
from bitrix24.wire.errors import BitrixError
from documents.core import files
from documents.core.creation import Counterparty, CrmEntity
from documents.crm.references import (
    ItemReference,
    PartyKind,
    PartyReference,
    SourceKind,
    SourceReference,
)
from documents.models import CodeChannel, PortalSettings
from employees.people.directory import find_employee
from outbox.base import Command
from outbox.sms import phone_digits
from signing.intake import Intake
from signx.errors import RETRYABLE, ErrorCode, SignXError

Parsed = TypeVar("Parsed")
# Keys of the commands in one batch.
_DOCUMENT, _AGREEMENT, _ITEM = "document", "agreement", "item"
_CONTACT, _COMPANY, _CONTACTS = "contact", "company", "contacts"


class StillConverting(Exception):
    """Bitrix24 is still making the PDF: nothing is wrong yet, look again later."""

    def __init__(self, reference: SourceReference) -> None:
        super().__init__(f"{reference} is being converted")
        self.reference = reference

    def too_long(self) -> SignXError:
        """What it is once nobody wants to wait any more."""
        return _not_ready(self.reference, _("the conversion has not ended within 10 minutes."))


class _Refused(Exception):
    """The portal will not give one of the things asked for, now or later."""


@dataclass(frozen=True)
class Wanted:
    """What a document is to be made of, by reference; no `document` when a person uploaded it."""

    document: SourceReference | None
    parties: tuple[PartyReference, ...]
    item: ItemReference | None = None
    agreement: SourceReference | None = None


@dataclass(frozen=True)
class Paper:
    """A file that can be fetched now; `url` dies with the token it was asked with."""

    reference: SourceReference
    title: str
    url: str


@dataclass(frozen=True)
class Facts:
    """The portal's answers about `wanted`, not judged yet."""

    portal: Portal
    wanted: Wanted
    answer: BatchAnswer
    needs_phone: bool = False  # codes go by SMS

    def document(self) -> Paper:
        """Raises DOCUMENT_NOT_FOUND, DOCUMENT_NOT_READY, DOCUMENT_INVALID or StillConverting."""
        if self.wanted.document is None:
            raise SignXError(ErrorCode.DOCUMENT_NOT_FOUND, "none was asked for")
        return self._paper(_DOCUMENT, self.wanted.document)

    @property
    def is_converting(self) -> bool:
        """Whether Bitrix24 is still making one of the files."""
        try:
            self.document()
            self.agreement()
        except StillConverting:
            return True
        except SignXError:
            pass
        return False

    def agreement(self) -> Paper | None:
        """The file given as the agreement, if one was. Raises as `document` does."""
        wanted = self.wanted.agreement
        return self._paper(_AGREEMENT, wanted) if wanted else None

    def counterparty(self, number: int = 0) -> Counterparty:
        """The party of that place in `wanted`. Raises CONTACT_NOT_FOUND, or CONTACT_INCOMPLETE
        with the names of the empty fields.

        An employee may be asked of the portal anew.
        """
        party = self.wanted.parties[number]
        if party.kind is PartyKind.EMPLOYEE:
            return _employee(self.portal, party)
        contact = self._contact(party, number)
        _require_filled(
            contact.name or str(party), contact.name, contact.emails, self._phones(contact)
        )
        return Counterparty(
            name=contact.name,
            email=_first_address(contact.emails),
            phone=_first_phone(contact.phones) or next(iter(contact.phones), ""),
            organisation=self._organisation(number),
            role=contact.position,
            crm_contact_id=contact.id,
        )

    def crm_entity(self, allowed_types: list[int]) -> CrmEntity | None:
        """The item to bind to, if one was named: a deal, or a type that the portal allows.

        Raises CRM_ENTITY_NOT_ALLOWED, CRM_ENTITY_NOT_FOUND.
        """
        wanted = self.wanted.item
        if wanted is None:
            return None
        if not wanted.is_deal and wanted.entity_type_id not in allowed_types:
            raise SignXError(
                ErrorCode.CRM_ENTITY_NOT_ALLOWED,
                f"type {wanted.entity_type_id}",
                entity=str(wanted),
            )
        try:
            item = self._taken(_ITEM, methods.parse_crm_item)
        except _Refused as error:
            raise SignXError(
                ErrorCode.CRM_ENTITY_NOT_FOUND, str(error), entity=str(wanted)
            ) from error
        return CrmEntity(wanted.entity_type_id, wanted.id, item.title[:255])

    def _paper(self, key: str, reference: SourceReference) -> Paper:
        try:
            if reference.kind is SourceKind.DISK_FILE:
                return _disk_paper(reference, self._taken(key, methods.parse_disk_file))
            return _generated_paper(reference, self._taken(key, methods.parse_document))
        except _Refused as error:
            raise SignXError(
                ErrorCode.DOCUMENT_NOT_FOUND, str(error), document=str(reference)
            ) from error

    def _contact(self, party: PartyReference, number: int) -> methods.Contact:
        """The contact that was named, or the main one of the company that was."""
        try:
            if party.kind is PartyKind.COMPANY:
                company = self._taken(f"{_COMPANY}{number}", methods.parse_company)
                if not self._taken(f"{_CONTACTS}{number}", methods.parse_company_contact_ids):
                    raise _incomplete(company.title or str(party), [_("contact person")])
            return self._taken(f"{_CONTACT}{number}", methods.parse_contact)
        except _Refused as error:
            raise _unknown_contact(party, str(error)) from error

    def _phones(self, contact: methods.Contact) -> tuple[str, ...] | None:
        """Those to send the code to; None when it goes by e-mail."""
        return contact.phones if self.needs_phone else None

    def _organisation(self, number: int) -> str:
        """The company's title; a contact without one signs for himself."""
        try:
            return self._taken(f"{_COMPANY}{number}", methods.parse_company).title[:200]
        except _Refused:
            return ""

    def _taken(self, key: str, parse: Callable[[Any], Parsed]) -> Parsed:
        """One result. Raises _Refused for a verdict; what may pass stays a BitrixError."""
        try:
            return parse(self.answer.take(key))
        except BitrixError as error:
            if error.code in RETRYABLE:
                raise
            raise _Refused(error.detail) from error


def look_up(
    portal: Portal,
    wanted: Wanted,
    *,
    as_user: int | None = None,
    along: Mapping[str, Command] | None = None,
    code_channel: str = "",
) -> Facts:
    """Ask for everything in one request; `along` are the caller's own commands in it.

    Raises BitrixError when the portal does not answer at all; nothing is asked of it when there is
    nothing to ask.
    """
    commands = {**(along or {}), **questions(wanted)}
    answer = client.batch(portal, commands, as_user=as_user) if commands else client.BatchAnswer()
    return facts(portal, wanted, answer, code_channel=code_channel)


def questions(wanted: Wanted) -> dict[str, Command]:
    """What to ask for; `facts` reads the answer."""
    commands: dict[str, Command] = {}
    if wanted.document:
        commands[_DOCUMENT] = _source_command(wanted.document)
    if wanted.agreement:
        commands[_AGREEMENT] = _source_command(wanted.agreement)
    for number, party in enumerate(wanted.parties):
        commands |= _party_commands(party, number)
    if wanted.item:
        commands[_ITEM] = methods.crm_item_command(wanted.item.entity_type_id, wanted.item.id)
    return commands


def facts(portal: Portal, wanted: Wanted, answer: BatchAnswer, *, code_channel: str = "") -> Facts:
    """The answer to `questions`; `code_channel` empty = as the portal chose."""
    channel = code_channel or PortalSettings.objects.of(portal).code_channel
    return Facts(portal, wanted, answer, channel == CodeChannel.SMS)


def fetch(portal: Portal, paper: Paper, *, keeps_signatures: bool = False) -> tuple[bytes, Intake]:
    """The file as it is and as it may be signed: checked and cleaned.

    `keeps_signatures`: one that is signed already is taken as it is.
    Raises DOCUMENT_INVALID with the reason, SERVICE_BUSY, or BitrixError.
    """
    content = client.download(portal, paper.url)
    return content, files.cleaned(content, keeps_signatures=keeps_signatures)


def _source_command(reference: SourceReference) -> Command:
    if reference.kind is SourceKind.DISK_FILE:
        return methods.disk_file_command(reference.id)
    return methods.document_command(reference.id)


def _party_commands(party: PartyReference, number: int) -> dict[str, Command]:
    """A contact with its company, or a company with its main contact; one by the other."""
    contact, company, contacts = (f"{key}{number}" for key in (_CONTACT, _COMPANY, _CONTACTS))
    if party.kind is PartyKind.CONTACT:
        return {
            contact: methods.contact_command(party.id),
            company: methods.company_command(f"$result[{contact}][item][companyId]"),
        }
    if party.kind is PartyKind.COMPANY:
        return {
            company: methods.company_command(party.id),
            contacts: methods.company_contacts_command(party.id),
            contact: methods.contact_command(f"$result[{contacts}][items][0][id]"),
        }
    return {}


def _generated_paper(reference: SourceReference, document: methods.GeneratedDocument) -> Paper:
    if document.pdf_url:
        return Paper(reference, document.title, document.pdf_url)
    if document.is_failed:
        reason = document.failure or _("the conversion failed.")
        raise _not_ready(reference, reason)
    raise StillConverting(reference)


def _disk_paper(reference: SourceReference, file: methods.DiskFile) -> Paper:
    if file.size > settings.FILE_LIMIT_BYTES:
        reason = _("it is bigger than the limit of SIGNX.")
        raise SignXError(ErrorCode.DOCUMENT_INVALID, f"{file.size} bytes", reason=reason)
    return Paper(reference, PurePath(file.name).stem or str(reference), file.download_url)


def _employee(portal: Portal, party: PartyReference) -> Counterparty:
    try:
        employee = find_employee(portal, party.id)
    except SignXError as error:
        if error.code != ErrorCode.SIGNER_UNKNOWN:
            raise
        raise _unknown_contact(party, error.detail) from error
    _require_filled(employee.name or str(party), employee.name, (employee.email,))
    return Counterparty(
        name=employee.name, email=employee.email, role=employee.position, employee=employee
    )


def _require_filled(
    label: str, name: str, addresses: Sequence[str], phones: Sequence[str] | None = None
) -> None:
    """`phones` are asked for only when given. Raises CONTACT_INCOMPLETE."""
    empty: list[Promise | str] = []
    if not name:
        empty.append(_("name"))
    if not any(addresses):
        empty.append(_("e-mail"))
    elif not _first_address(addresses):
        empty.append(_("e-mail (the present one is not an address)"))
    if phones is not None and not any(phones):
        empty.append(_("phone"))
    elif phones and not _first_phone(phones):
        empty.append(_("phone (the present one is not a number for SMS)"))
    if empty:
        raise _incomplete(label, empty)


def _first_phone(phones: Sequence[str]) -> str:
    """The first one that an SMS can be sent to; empty when there is none."""
    return next((phone for phone in phones if phone_digits(phone)), "")


def _first_address(addresses: Sequence[str]) -> str:
    """The first one that mail can be sent to; empty when there is none."""
    return next((address for address in addresses if _is_address(address)), "")


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _not_ready(reference: SourceReference, reason: Promise | str) -> SignXError:
    return SignXError(
        ErrorCode.DOCUMENT_NOT_READY, str(reference), document=str(reference), reason=reason
    )


def _unknown_contact(party: PartyReference, detail: str) -> SignXError:
    return SignXError(ErrorCode.CONTACT_NOT_FOUND, detail, contact=str(party))


def _incomplete(label: str, fields: list[Promise | str]) -> SignXError:
    return SignXError(
        ErrorCode.CONTACT_INCOMPLETE, "empty fields", contact=label, fields=_listed(*fields)
    )


def _list_in_words(*words: object) -> str:
    return ", ".join(str(word) for word in words)


_listed = lazy(_list_in_words, str)
