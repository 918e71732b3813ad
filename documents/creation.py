"""From what was asked for to a draft: files and places first, then every row at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents import files
from documents.law import refuse_level
from documents.models import (
    Agreement,
    CrmBinding,
    Document,
    PortalSettings,
    Signer,
    StoredFile,
    new_public_id,
)
from employees.models import Employee
from journal.events import EventKind
from journal.services import record
from signing import agreement as agreement_template
from signing import coordinates
from signing.base import Place
from signing.hashes import sha256
from signing.intake import Intake
from signing.provider import require_level
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind
COMPANY, COUNTERPARTY = "1", "2"
PROVIDER = "embedded"
ALWAYS, NEVER = "Y", "N"
# What the columns of Signer hold; the CRM's own fields may be longer.
NAME_LENGTH, PHONE_LENGTH = 200, 40
# Bitrix24's own codes of interface languages: "kz" and "by" are not ISO 639.
READ_IN_RUSSIAN = frozenset({"ru", "kz", "kk", "by", "be"})


@dataclass(frozen=True)
class Counterparty:
    """The other side: a CRM contact, or an employee (HR document)."""

    name: str
    email: str
    phone: str = ""
    organisation: str = ""
    role: str = ""
    crm_contact_id: int | None = None
    employee: Employee | None = None

    @property
    def reference(self) -> str:
        """How agreements name it, as Signer.counterparty does."""
        if self.crm_contact_id:
            return f"contact:{self.crm_contact_id}"
        return f"employee:{self.employee.bitrix_user_id if self.employee else 0}"


@dataclass(frozen=True)
class CrmEntity:
    """The CRM item to bind to; 2 is a deal."""

    entity_type_id: int
    entity_id: int
    title: str = ""


@dataclass(frozen=True)
class AgreementFile:
    """The portal's own agreement in place of our template; a clean PDF."""

    name: str
    pdf: Intake


@dataclass(frozen=True)
class NewDocument:
    """What is to be signed, by whom and how.

    `coordinates`: grammar of signing.coordinates, empty = the portal's default. `agreement`:
    "Y", "N", or empty = the portal's setting; `agreement_file` implies "Y".
    """

    portal: Portal
    title: str
    source_id: str
    pdf: Intake
    source_bytes: bytes
    sender: Employee | None
    responsible: Employee | None
    signer_company: Employee
    counterparty: Counterparty
    crm_entity: CrmEntity | None = None
    coordinates: str = ""
    agreement: str = ""
    agreement_file: AgreementFile | None = None
    expires_in_days: int | None = None
    level: str = "simple"
    language: str = "ru"


@dataclass(frozen=True)
class _File:
    kind: str
    name: str
    content: bytes
    path: str


@dataclass(frozen=True)
class Prepared:
    """A document not saved yet, its files in the storage and the places of its stamps."""

    document: Document
    files: tuple[_File, ...]


def agreement_needed(portal: Portal, counterparty: str, address: str) -> bool:
    """By the portal's setting: whether the agreement is signed along with the next document.

    `counterparty` like "contact:5". An accepted one counts until template or address change.
    """
    wish = PortalSettings.objects.of(portal).agreement
    if wish != PortalSettings.Agreement.WHEN_NEEDED:
        return wish == PortalSettings.Agreement.ALWAYS
    return not Agreement.objects.filter(
        portal=portal,
        counterparty=counterparty,
        address=address,
        template_version=agreement_template.TEMPLATE_VERSION,
    ).exists()


def prepare(new: NewDocument, *, at: datetime) -> Prepared:
    """Check, place the stamps, write the files. No rows, and no transaction around it."""
    refuse_level(new.title, ("company", "counterparty"), new.level)
    require_level(PROVIDER, new.level)
    if not new.counterparty.email:
        raise SignXError(
            ErrorCode.CONTACT_INCOMPLETE, contact=new.counterparty.name, fields=_("E-mail")
        )
    settings = PortalSettings.objects.of(new.portal)
    placed = coordinates.place(
        coordinates.parse(new.coordinates or settings.coordinates),
        new.pdf.pdf,
        [COMPANY, COUNTERPARTY],
        language=_language(new.language),
        document_title=new.title,
    )
    document = _document(new, settings, placed.places, at)
    return Prepared(document, tuple(_put_files(new, document, placed.pdf)))


def write(new: NewDocument, prepared: Prepared, *, at: datetime) -> Document:
    """Every row of a prepared document, in the caller's transaction."""
    document = prepared.document
    document.save()
    for file in prepared.files:
        files.register(document, file.kind, file.name, file.path, file.content)
    _write_signers(new, document)
    if new.crm_entity is not None:
        CrmBinding.objects.create(document=document, **asdict(new.crm_entity))
    _record(new, document, at)
    return document


def _document(
    new: NewDocument,
    settings: PortalSettings,
    places: Mapping[str, tuple[Place, ...]],
    at: datetime,
) -> Document:
    days = new.expires_in_days or settings.expires_in_days
    pages = {place.page_index for boxes in places.values() for place in boxes}
    return Document(
        portal=new.portal,
        public_id=new_public_id(),
        title=new.title[:255],
        source_id=new.source_id,
        level=new.level,
        provider=PROVIDER,
        language=_language(new.language),
        places={key: [asdict(place) for place in boxes] for key, boxes in places.items()},
        # A signature sheet, if one was added, is the page after the last.
        page_count=max(new.pdf.page_count, *(page + 1 for page in pages)),
        source_page_count=new.pdf.page_count,
        needs_agreement=_needs_agreement(new),
        sender=new.sender,
        responsible=new.responsible,
        expires_at=at + timedelta(days=days),
    )


def _needs_agreement(new: NewDocument) -> bool:
    if new.agreement_file is not None or new.agreement == ALWAYS:
        return True
    if new.agreement == NEVER:
        return False
    return agreement_needed(new.portal, new.counterparty.reference, new.counterparty.email)


def _put_files(new: NewDocument, document: Document, shown: bytes) -> list[_File]:
    name = files.safe_name(new.title)
    contents = [(Kind.SOURCE, name, new.source_bytes), (Kind.SHOWN, name, shown)]
    if new.agreement_file is not None:
        agreement = new.agreement_file
        contents.append((Kind.AGREEMENT_SOURCE, agreement.name, agreement.pdf.pdf))
    return [
        _File(kind, name, content, files.put(document, kind, content))
        for kind, name, content in contents
    ]


def _write_signers(new: NewDocument, document: Document) -> None:
    company, other = new.signer_company, new.counterparty
    Signer.objects.create(
        document=document,
        key=COMPANY,
        order=1,
        side=Signer.Side.COMPANY,
        employee=company,
        name=company.name[:NAME_LENGTH],
        role=company.position[:NAME_LENGTH],
        organisation=PortalSettings.objects.of(new.portal).organisation,
        email=company.email,
        language=_language(company.language or new.language),
    )
    Signer.objects.create(
        document=document,
        key=COUNTERPARTY,
        order=2,
        side=Signer.Side.COUNTERPARTY,
        employee=other.employee,
        crm_contact_id=other.crm_contact_id,
        name=other.name[:NAME_LENGTH],
        role=other.role[:NAME_LENGTH],
        organisation=other.organisation[:NAME_LENGTH],
        email=other.email,
        phone=other.phone[:PHONE_LENGTH],
        language=document.language,
    )


def _language(code: str) -> str:
    """A language that we have papers in: those of the portal's neighbours are read in Russian."""
    short = code[:2].lower()
    return "ru" if short in READ_IN_RUSSIAN else "en"


def _record(new: NewDocument, document: Document, at: datetime) -> None:
    actor = new.sender.audit_name if new.sender is not None else "robot:signx_send"
    shown = files.shown_sha256(document)
    record(
        document.portal,
        EventKind.DOCUMENT_CREATED,
        actor=actor,
        subject=document.subject,
        data={
            "source_id": document.source_id,
            "source_sha256": sha256(new.source_bytes),
            "shown_sha256": shown,
            "pages": document.page_count,
            "level": document.level,
        },
        personal={"title": document.title},
        at=at,
    )
    if new.pdf.removed:
        record(
            document.portal,
            EventKind.DOCUMENT_CLEANED,
            actor="system",
            subject=document.subject,
            data={"removed": list(new.pdf.removed), "sha256": shown},
            at=at,
        )
