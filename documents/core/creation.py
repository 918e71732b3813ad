"""From what was asked for to a draft: files and places first, then every row at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents.core import files
from documents.core.law import refuse_level
from documents.models import (
    CodeChannel,
    CrmBinding,
    Document,
    PortalSettings,
    Signer,
    StoredFile,
    new_public_id,
    party_reference,
)
from employees.models import Employee, SignatureProfile
from journal.events import EventKind
from journal.services import record
from outbox.sms import phone_digits
from signing.base import Level, Place
from signing.hashes import sha256
from signing.intake import Intake
from signing.placement import coordinates
from signing.registry import require_level
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind
COMPANY = "1"
PROVIDER = "embedded"
ALWAYS, NEVER = "Y", "N"
# What the columns of Signer hold; the CRM's own fields may be longer.
NAME_LENGTH, PHONE_LENGTH = 200, 40
# Bitrix24's own codes of interface languages: "kz" and "by" are not ISO 639.
READ_IN_RUSSIAN = frozenset({"ru", "kz", "kk", "by", "be"})


@dataclass(frozen=True)
class Counterparty:
    """The other side: a CRM contact, an employee (HR document), or somebody whom no list knows.

    Among several, those with an earlier `turn` sign first and those with the same one at once.
    """

    name: str
    email: str
    phone: str = ""
    organisation: str = ""
    tax_number: str = ""
    role: str = ""
    crm_contact_id: int | None = None
    employee: Employee | None = None
    turn: int = 1

    @property
    def reference(self) -> str:
        """How agreements name it, as Signer.counterparty does."""
        return party_reference(self.crm_contact_id, self.employee, self.name, self.tax_number)


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

    `coordinates`: grammar of signing.placement.coordinates, empty = the portal's default.
    `agreement`: "Y", "N", or empty = the portal's setting; `agreement_file` implies "Y".
    `counterparty` is the usual one; several go into `counterparties`, their stamps have the keys
    "2", "3", … `signing_order`: a value of PortalSettings.SigningOrder, empty = the portal's
    setting. `code_channel`: how counterparties get their codes, empty = the portal's setting.
    `kind`: a row of documents.core.law that the sender named. `delegate` sends by the company
    signer's permission, and uses up one document of it. `replaces` is the document whose new
    edition it is.
    """

    portal: Portal
    title: str
    source_id: str
    pdf: Intake
    source_bytes: bytes
    sender: Employee | None
    responsible: Employee | None
    signer_company: Employee
    counterparty: Counterparty | None = None
    counterparties: Sequence[Counterparty] = ()
    crm_entity: CrmEntity | None = None
    coordinates: str = ""
    agreement: str = ""
    agreement_file: AgreementFile | None = None
    expires_in_days: int | None = None
    level: str = "simple"
    language: str = "ru"
    signing_order: str = ""
    code_channel: str = ""
    kind: str = ""
    message: str = ""
    delegate: Employee | None = None
    replaces: Document | None = None

    @property
    def others(self) -> tuple[Counterparty, ...]:
        """The other sides, in the order of their keys."""
        single = () if self.counterparty is None else (self.counterparty,)
        return single + tuple(self.counterparties)

    @property
    def keys(self) -> list[str]:
        return stamp_keys(len(self.others))


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


def stamp_keys(others: int) -> list[str]:
    """The keys of all stamps: the company's, then one for each counterparty."""
    return [COMPANY, *(str(number) for number in range(2, others + 2))]


def place_stamps(
    portal: Portal,
    pdf: bytes,
    keys: Sequence[str],
    *,
    where: str,
    title: str,
    language: str,
) -> coordinates.Placed:
    """Where the stamps of a clean file go; `where` empty = as the portal has decided.

    Raises SignXError(PARAMETER_INVALID) with a reason.
    """
    return coordinates.place(
        coordinates.parse(where or PortalSettings.objects.of(portal).coordinates),
        pdf,
        keys,
        language=_language(language),
        document_title=title,
    )


def prepare(new: NewDocument, *, at: datetime) -> Prepared:
    """Check, place the stamps, write the files. No rows, and no transaction around it."""
    personnel = any(other.employee is not None for other in new.others)
    for party, level in (("company", _company_level(new)), ("counterparty", new.level)):
        refuse_level(new.title, [party], level, kind=new.kind, personnel=personnel)
        require_level(PROVIDER, level)
    _require_own_keys(new)
    settings = PortalSettings.objects.of(new.portal)
    _require_others(new, settings)
    placed = place_stamps(
        new.portal,
        new.pdf.pdf,
        new.keys,
        where=new.coordinates,
        title=new.title,
        language=new.language,
    )
    document = _document(new, settings, placed.places, at)
    return Prepared(document, tuple(_put_files(new, document, placed.pdf)))


def _company_level(new: NewDocument) -> str:
    """What the company's signer signs with: the kind of signature that he turned on."""
    profile = SignatureProfile.objects.filter(employee=new.signer_company).first()
    return profile.level if profile is not None else new.level


def _require_own_keys(new: NewDocument) -> None:
    """What is promised can be kept: a link and a code make a simple signature and no other."""
    if new.level != Level.SIMPLE:
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED,
            f"counterparties have no keys for {new.level}",
            reason=_(
                "counterparties sign with a link and a code, which is a simple signature; a "
                "signature made elsewhere is attached on the document's card after sending"
            ),
        )


def _channel(new: NewDocument, settings: PortalSettings) -> str:
    return new.code_channel or settings.code_channel


def _require_others(new: NewDocument, settings: PortalSettings) -> None:
    """Everybody can be reached and is asked once."""
    for other in new.others:
        if not other.email and other.employee is None:
            raise SignXError(ErrorCode.CONTACT_INCOMPLETE, contact=other.name, fields=_("E-mail"))
        by_sms = _channel(new, settings) == CodeChannel.SMS and other.employee is None
        if by_sms and not phone_digits(other.phone):
            raise SignXError(ErrorCode.CONTACT_INCOMPLETE, contact=other.name, fields=_("phone"))
    company = new.signer_company
    parties = [other.reference for other in new.others] + [f"employee:{company.bitrix_user_id}"]
    # One mailbox for two sides is one person who signs for both.
    addresses = [company.email, *(other.email for other in new.others)]
    mailboxes = [address.casefold() for address in addresses if address]
    if len(parties) < 2 or any(len(set(names)) < len(names) for names in (parties, mailboxes)):
        raise SignXError(
            ErrorCode.PARAMETER_INVALID,
            "counterparties",
            parameter="signer_counterparty",
            reason=_("name at least one signer, and nobody twice"),
        )


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
        kind=new.kind,
        replaces=new.replaces,
        message=new.message,
        source_id=new.source_id,
        level=new.level,
        provider=PROVIDER,
        language=_language(new.language),
        places={key: [asdict(place) for place in boxes] for key, boxes in places.items()},
        # A signature sheet, if one was added, is the page after the last.
        page_count=max(new.pdf.page_count, *(page + 1 for page in pages)),
        source_page_count=new.pdf.page_count,
        earlier_signatures=[asdict(one) for one in new.pdf.signatures],
        needs_agreement=_needs_agreement(new, settings),
        may_delegate=settings.may_delegate,
        sender=new.sender,
        responsible=new.responsible,
        expires_at=at + timedelta(days=days),
    )


def _needs_agreement(new: NewDocument, settings: PortalSettings) -> bool:
    """Whether the other sides are asked for an agreement, each unless one of his is in force."""
    if new.agreement_file is not None or new.agreement == ALWAYS:
        return True
    return new.agreement != NEVER and settings.agreement != PortalSettings.Agreement.NEVER


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
    first, then = _turns(new)
    company = new.signer_company
    Signer.objects.create(
        document=document,
        key=COMPANY,
        order=first,
        side=Signer.Side.COMPANY,
        employee=company,
        name=company.name[:NAME_LENGTH],
        role=company.position[:NAME_LENGTH],
        organisation=PortalSettings.objects.of(new.portal).organisation,
        email=company.email,
        code_channel=_code_channel(company.email),
        language=_language(company.language or new.language),
    )
    for key, other in zip(new.keys[1:], new.others, strict=True):
        _write_counterparty(new, document, key, then + other.turn - 1, other)


def _write_counterparty(
    new: NewDocument, document: Document, key: str, order: int, other: Counterparty
) -> None:
    Signer.objects.create(
        document=document,
        key=key,
        order=order,
        side=Signer.Side.COUNTERPARTY,
        employee=other.employee,
        crm_contact_id=other.crm_contact_id,
        name=other.name[:NAME_LENGTH],
        role=other.role[:NAME_LENGTH],
        organisation=other.organisation[:NAME_LENGTH],
        tax_number=other.tax_number,
        email=other.email,
        phone=other.phone[:PHONE_LENGTH],
        code_channel=_counterparty_channel(new, other),
        language=document.language,
    )


def _counterparty_channel(new: NewDocument, other: Counterparty) -> str:
    """As the sender or the portal chose; employees have no phone that we know."""
    if other.employee is not None:
        return _code_channel(other.email)
    return _channel(new, PortalSettings.objects.of(new.portal))


def _code_channel(email: str) -> str:
    """An employee without an e-mail gets his codes in the portal's chat."""
    return CodeChannel.EMAIL if email else CodeChannel.NOTICE


def _turns(new: NewDocument) -> tuple[int, int]:
    """The turn of the company and the first turn of the counterparties."""
    order = new.signing_order or PortalSettings.objects.of(new.portal).signing_order
    last = max(other.turn for other in new.others)
    turns = {
        PortalSettings.SigningOrder.COMPANY_FIRST: (1, 2),
        PortalSettings.SigningOrder.COUNTERPARTY_FIRST: (last + 1, 1),
        PortalSettings.SigningOrder.TOGETHER: (1, 1),
    }
    return turns[PortalSettings.SigningOrder(order)]


def _language(code: str) -> str:
    """A language that we have papers in: those of the portal's neighbours are read in Russian."""
    short = code[:2].lower()
    return "ru" if short in READ_IN_RUSSIAN else "en"


def _record(new: NewDocument, document: Document, at: datetime) -> None:
    actor = new.sender.audit_name if new.sender is not None else "robot:signx_send"
    shown = files.shown_sha256(document)
    earlier = len(new.pdf.signatures)
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
            **({"earlier_signatures": earlier} if earlier else {}),
            **({"kind": document.kind} if document.kind else {}),
            **({"replaces": new.replaces.number} if new.replaces else {}),
        },
        personal={"title": document.title}
        | ({"actor": new.sender.name} if new.sender is not None else {}),
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
