"""Deleting a portal's documents: files and people go, hashes and the journal's chain stay.

So whoever holds a signed file can still have it checked, and nobody can read it here.
"""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import transaction

from bitrix24.models import Portal
from documents.core import files, flow
from documents.models import (
    Agreement,
    Annulment,
    AnnulmentConsent,
    CrmBinding,
    Document,
    Draft,
    EarlierLink,
    PortalSettings,
    Signature,
    Signer,
    StoredFile,
    WorkflowSubscription,
)
from documents.models.detached import DetachedSignature
from employees.models import OneTimeCode
from outbox.models import Delivery

Status = Document.Status


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24. May run again after it was cut off: done documents are empty."""
    if what != "wiped":
        return
    documents = Document.objects.for_portal(portal)
    for document in documents.filter(status__in=[Status.DRAFT, Status.SENT]):
        flow.move(document.pk, Status.CANCELLED, actor="portal")
    for document in documents.iterator():
        _remove_files(document)
        _forget_people(document)
    Draft.objects.filter(portal=portal).delete()
    files.remove_folder(str(portal.pk))  # what died on its way to a document, too
    Agreement.objects.filter(portal=portal).delete()
    PortalSettings.objects.filter(portal=portal).delete()


def _remove_files(document: Document) -> None:
    """From the storage first: a row without its file is found again, a file without row is not.

    The folder holds pictures and words of the pages too.
    """
    for stored in document.files.exclude(file=""):
        default_storage.delete(str(stored.file.name))
        StoredFile.objects.filter(pk=stored.pk).update(file="", name=f"{document.number}.pdf")
    for signature in DetachedSignature.objects.filter(document=document).exclude(file=""):
        default_storage.delete(str(signature.file.name))
        DetachedSignature.objects.filter(pk=signature.pk).update(file="", name="", signers=[])
    files.remove_folder(document.folder)


@transaction.atomic
def _forget_people(document: Document) -> None:
    signers = Signer.objects.filter(document=document)
    for signer in signers:
        OneTimeCode.objects.filter(subject=f"signer:{signer.pk}").delete()
    signers.update(
        name="",
        role="",
        organisation="",
        tax_number="",
        email="",
        phone="",
        decline_reason="",
        link_hash="",
    )
    Signature.objects.filter(signer__document=document).update(
        confirmed_by="", ip=None, user_agent="", time_zone=""
    )
    signers.update(bounce_reason="")
    EarlierLink.objects.filter(signer__document=document).delete()
    Annulment.objects.filter(document=document).update(reason="")
    AnnulmentConsent.objects.filter(annulment__document=document).update(
        confirmed_by="", ip=None, user_agent=""
    )
    CrmBinding.objects.filter(document=document).update(title="")
    WorkflowSubscription.objects.filter(document=document).delete()
    kind, public_id = document.subject
    Delivery.objects.filter(subject_kind=kind, subject_id=public_id).delete()
    Document.objects.filter(pk=document.pk).update(
        title=document.number,
        message="",
        error="",
        closed_reason="",
        earlier_signatures=[],
    )
