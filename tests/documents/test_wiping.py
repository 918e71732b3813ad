"""A portal's data are deleted: nobody can read anything, and signed files can still be checked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from bitrix24.installation import lifecycle
from bitrix24.models import Portal
from documents.core import files, page_pictures
from documents.drafts import services
from documents.models import (
    DetachedSignature,
    Document,
    Draft,
    Signer,
    StoredFile,
    new_public_id,
)
from documents.proof import verification
from employees.models import Employee
from journal.models import AuditEvent, PersonalDetail
from journal.services import verify_chain
from outbox.models import Delivery
from signing.intake import EarlierSignature
from tests import factories
from tests.factories import NOON, paper
from tests.signing.signed_elsewhere import NAME

Kind = StoredFile.Kind


def wipe(portal: Portal) -> None:
    Portal.objects.filter(pk=portal.pk).update(status=Portal.Status.UNINSTALLED, wipe_at=NOON)
    lifecycle.wipe(portal.pk, NOON)


def everything_stored() -> str:
    """Every row of every model of ours, as text."""
    ours = {"bitrix24", "outbox", "journal", "employees", "documents", "robots"}
    rows = [
        row
        for model in apps.get_models()
        if model._meta.app_label in ours
        for row in model._default_manager.values()
    ]
    return json.dumps(rows, default=str, ensure_ascii=False)


def personal_words(document: Document) -> set[str]:
    words = {document.title}
    for signer in document.signers.all():
        words |= {signer.name, signer.email, signer.phone, signer.organisation, signer.role}
    for employee in Employee.objects.for_portal(document.portal):
        words |= {employee.name, employee.email, employee.position}
    return {word for word in words if len(word) > 3}


@pytest.fixture
def signed_before(office: Portal) -> Document:
    """The file came with a signature of somebody who is nobody's signer here."""
    earlier = EarlierSignature("Signature1", NAME, f"CN={NAME}", "CN=УЦ", "1f", "ab" * 32, "")
    pdf = replace(factories.paper(), signatures=(earlier,))
    return factories.make_draft(office, pdf=pdf)


@pytest.fixture
def director(completed: Document) -> Employee:
    return Employee.objects.for_portal(completed.portal).earliest("pk")


@pytest.fixture
def pdf_on_disk() -> object:
    return lambda: list(Path(settings.MEDIA_ROOT).rglob("*.pdf"))


def test_who_had_signed_before_is_forgotten_too(office, signed_before):
    assert NAME in everything_stored()

    wipe(office)

    assert NAME not in everything_stored()


def test_files_and_people_are_gone(completed, pdf_on_disk):
    words = personal_words(completed)
    assert len(words) > 4
    assert {word for word in words if word in everything_stored()} == words
    assert pdf_on_disk()

    wipe(completed.portal)

    left = everything_stored()
    assert {word for word in words if word in left} == set()
    assert pdf_on_disk() == []
    assert not PersonalDetail.objects.exists()
    assert not Delivery.objects.filter(subject_id=completed.public_id).exists()


def test_a_signed_file_can_still_be_checked(completed):
    signed = files.read(completed, Kind.SIGNED)
    digest = StoredFile.objects.get(document=completed, kind=Kind.SIGNED).sha256

    wipe(completed.portal)

    finding = verification.check_file("договор.pdf", signed, expected=None, at=NOON)
    assert StoredFile.objects.get(document=completed, kind=Kind.SIGNED).sha256 == digest
    assert finding.verdict == "valid"
    assert Document.objects.get(pk=completed.pk).status == Document.Status.COMPLETED


def test_a_signature_made_elsewhere_is_gone_with_its_file(completed, director):
    path = default_storage.save("somewhere.sig", ContentFile(b"0"))
    DetachedSignature.objects.create(
        document=completed,
        name="Иванова.sig",
        file=path,
        sha256="0" * 64,
        size_bytes=1,
        signed_sha256="1" * 64,
        level="qualified",
        signers=[{"name": "Иванова Ольга"}],
        added_by=director,
        added_at=NOON,
    )
    assert "Иванова" in everything_stored()

    wipe(completed.portal)

    assert not default_storage.exists(path)
    assert "Иванова" not in everything_stored()


def test_the_journal_keeps_its_chain(completed):
    before = AuditEvent.objects.for_portal(completed.portal).count()

    wipe(completed.portal)

    events = AuditEvent.objects.for_portal(completed.portal).in_order()
    assert verify_chain(completed.portal).ok
    assert events.count() == before + 1
    assert events.last().kind == "portal_wiped"


def test_a_document_that_was_being_signed_ends(sent):
    wipe(sent.portal)

    ended = Document.objects.get(pk=sent.pk)
    assert ended.status == Document.Status.CANCELLED
    assert not Signer.objects.filter(document=sent).exclude(link_hash="").exists()


def test_it_may_be_done_twice(completed, pdf_on_disk):
    wipe(completed.portal)
    wipe(completed.portal)

    assert pdf_on_disk() == []
    assert verify_chain(completed.portal).ok


def test_another_portal_is_not_touched(completed, pdf_on_disk):
    stranger = Portal.objects.create(
        member_id="0" * 32,
        domain="sever.example",
        client_endpoint="https://sever.example/rest/",
        auth_server="https://oauth.example",
    )
    before = len(pdf_on_disk())

    wipe(stranger)

    assert len(pdf_on_disk()) == before
    assert Signer.objects.filter(document=completed).exclude(name="").exists()
    assert default_storage.exists(completed.files.get(kind=Kind.SIGNED).file.name)


def test_drafts_and_pictures_of_pages_are_gone_too(completed: Document) -> None:
    owner = Employee.objects.for_portal(completed.portal).earliest("pk")
    upload = services.Upload("Расчёт премий.pdf", paper().pdf)
    draft = services.begin(owner, new_public_id(), upload, {"p0-name": "Юдин Олег"}, at=NOON)
    services.take_in_due(NOON)
    page_pictures.sheets_of(files.find(completed, Kind.SIGNED))
    assert default_storage.exists(f"{completed.folder}/pages")

    wipe(completed.portal)

    assert not Draft.objects.exists()
    assert not default_storage.exists(draft.folder)
    assert not default_storage.exists(f"{completed.folder}/pages")
    stored = everything_stored()
    assert not [words for words in ("Расчёт премий", "Юдин Олег") if words in stored]
