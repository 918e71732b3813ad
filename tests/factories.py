"""Rows for tests that need no portal on the other side: a cast, a paper, a document on its way."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from django.db import transaction
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bitrix24.models import Portal
from documents import tasks
from documents.core import creation, flow, sending
from documents.core.agreement_offers import due_offer, offer_for
from documents.core.creation import Counterparty, CrmEntity, NewDocument
from documents.core.evidence import Evidence
from documents.core.files import shown_sha256
from documents.models import Document, Signer
from employees.balances import ledger
from employees.models import Employee, EmployeeRight, Right, SignatureProfile
from employees.signatures import certificates
from outbox.base import Outcome
from outbox.models import Delivery
from outbox.services import settle
from signing.base import Level
from signing.fonts.typeface import FONTS
from signing.intake import Intake, take_in

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROBOT = "robot:signx_send"
_numbers = count(1)


def make_portal(*, units: int = 5, language: str = "ru") -> Portal:
    """An installed portal with a Disk folder and some units on the balance."""
    number = next(_numbers)
    domain = f"kontora{number}.portal.test"
    portal = Portal.objects.create(
        member_id=f"{number:032x}",
        domain=domain,
        client_endpoint=f"http://{domain}/rest/",
        auth_server="http://oauth.portal.test",
        language=language,
        status=Portal.Status.ACTIVE,
        disk_folder_id="8910",
        installed_at=NOON,
    )
    if units:
        ledger.top_up(portal, units=units, reason="Договор 7", actor="admin:support", at=NOON)
    return portal


def make_employee(
    portal: Portal, user_id: int = 12, name: str = "Орлова Вера Павловна"
) -> Employee:
    """An employee with the right to send."""
    employee = Employee.objects.create(
        portal=portal,
        bitrix_user_id=user_id,
        name=name,
        email=f"user{user_id}@kontora.example",
        position="Директор",
    )
    EmployeeRight.objects.create(employee=employee, right=Right.SEND)
    return employee


def make_signer_employee(portal: Portal, user_id: int = 12) -> Employee:
    """An employee whose signature is active and may be used by robots."""
    employee = make_employee(portal, user_id)
    SignatureProfile.objects.create(
        employee=employee,
        state=SignatureProfile.State.CONFIRMED,
        email=employee.email,
        robots_allowed=True,
        turned_on_at=NOON - timedelta(days=30),
        confirmed_at=NOON - timedelta(days=29),
        confirmed_by="support",
    )
    return employee


def give_own_key(employee: Employee) -> None:
    """Support has confirmed an unqualified signature: the employee signs with a key of his own."""
    profile = SignatureProfile.objects.get(employee=employee)
    profile.level = Level.UNQUALIFIED
    profile.save(update_fields=["level"])
    certificates.issue_if_due(profile, by="support:anna", at=NOON)


@cache
def paper() -> Intake:
    """A clean contract of two pages, through the real intake."""
    pdfmetrics.registerFont(TTFont("Contract", str(FONTS / "SIGNXSans-Regular.ttf")))
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=A4, invariant=True)
    for page in (1, 2):
        canvas.setFont("Contract", 12)
        canvas.drawString(60, 780, f"Договор оказания услуг № 24-117, лист {page}")
        canvas.showPage()
    canvas.save()
    return take_in(output.getvalue())


def new_document(portal: Portal, **changes: object) -> NewDocument:
    """What a robot would ask for: the director signs, a contact is asked to."""
    clean = paper()
    asked: dict[str, object] = {
        "portal": portal,
        "title": "Договор оказания услуг № 24-117",
        "source_id": "61",
        "pdf": clean,
        "source_bytes": clean.pdf,
        "sender": None,
        "responsible": None,
        "signer_company": None,
        "counterparty": Counterparty(
            name="Ильин Пётр Андреевич",
            email="ilin@zakazchik.example",
            organisation="ООО «Заказчик»",
            crm_contact_id=5,
        ),
        "crm_entity": CrmEntity(2, 315, "Внедрение учёта"),
        "agreement": "N",
    }
    asked |= changes
    if asked["signer_company"] is None:
        known = Employee.objects.filter(portal=portal, bitrix_user_id=12).first()
        asked["signer_company"] = known or make_signer_employee(portal)
    return NewDocument(**asked)  # type: ignore[arg-type]


def personnel(portal: Portal, worker: Employee, **changes: object) -> dict[str, object]:
    """A paper for an employee, signed by the employer as the Labour Code asks."""
    director = Employee.objects.filter(portal=portal, bitrix_user_id=12).first()
    if director is None:
        director = make_signer_employee(portal)
        give_own_key(director)
    other = Counterparty(worker.name, worker.email, employee=worker)
    return {
        "counterparty": other,
        "signer_company": director,
        "title": "Заявление на отпуск",
    } | changes


def make_draft(portal: Portal, **changes: object) -> Document:
    """Written and not sent yet, as it never is outside of a test for longer than a transaction."""
    new = new_document(portal, **changes)
    prepared = creation.prepare(new, at=NOON)
    with transaction.atomic():
        return creation.write(new, prepared, at=NOON)


def make_sending(portal: Portal, **changes: object) -> Document:
    return sending.send_document(make_draft(portal, **changes), actor=ROBOT, at=NOON)


def settle_deliveries(
    kind: str, *, at: datetime = NOON, outcome: Callable[[Delivery], Outcome] | None = None
) -> list[Delivery]:
    """What the outbox does after its channel has answered; by default everything is taken."""
    due = list(Delivery.objects.filter(kind=kind, state=Delivery.State.PENDING))
    for delivery in due:
        settle(delivery, outcome(delivery) if outcome else Outcome(done=True), at)
    return due


def counterparty_of(document: Document) -> Signer:
    return document.signers.get(side=Signer.Side.COUNTERPARTY)


def evidence_for(document: Document) -> Evidence:
    """A signer who confirmed the code for the file that was shown."""
    return Evidence(
        ip="203.0.113.7",
        user_agent="Mozilla/5.0 (Linux; Android 15) Mobile",
        time_zone="Europe/Moscow",
        confirmed_by="код из письма на i***@zakazchik.example",
        signed_sha256=shown_sha256(document),
        level=document.level,
    )


def accept_agreement(document: Document, *, at: datetime) -> None:
    """What the signing page does with the agreement it has shown."""
    signer = counterparty_of(document)
    offer = offer_for(signer)
    assert offer is not None, "the document asks for no agreement"
    flow.signer_agreed(
        signer.pk,
        evidence_for(document),
        at,
        template_version=offer.version,
        template_hash=offer.digest,
        language=document.language,
    )


def sign_as_counterparty(document: Document, *, at: datetime) -> Document:
    signer = counterparty_of(document)
    return flow.signer_signed(signer.pk, evidence_for(document), at)


def make_completed(portal: Portal, **changes: object) -> Document:
    """Handed over, agreed, signed by both sides and sealed; nothing of it delivered but the
    invitation."""
    document = make_sending(portal, **changes)
    tasks.hand_over(document.pk, NOON)
    settle_deliveries("invitation")
    if due_offer(counterparty_of(document)) is not None:
        accept_agreement(document, at=NOON)
    sign_as_counterparty(document, at=NOON)
    tasks.seal(document.pk, NOON)
    return Document.objects.get(pk=document.pk)
