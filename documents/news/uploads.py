"""Result files on their way to the portal's Disk."""

from __future__ import annotations

from documents.core import files
from documents.models import Document, StoredFile
from outbox.base import Command
from outbox.models import Delivery
from outbox.services import queue

KIND = "disk_upload"
Kind = StoredFile.Kind
# Which file answers which output of the robots.
OUTPUTS = {
    "signed_document_id": Kind.SIGNED,
    "agreement_document_id": Kind.AGREEMENT,
    "report_document_id": Kind.REPORT,
}


def of(document: Document) -> list[Delivery]:
    """The uploads of a document's files, in whatever state."""
    keys = [key_of(document, kind) for kind in OUTPUTS.values()]
    return list(Delivery.objects.filter(key__in=keys))


def queue_uploads(document: Document) -> list[Delivery]:
    """Every result file on its way to the portal's Disk."""
    return [
        queue(
            key=key_of(document, stored.kind),
            kind=KIND,
            channel="disk",
            lane=document.portal.lane,
            payload={"file": stored.pk},
            subject=document.subject,
        )
        for stored in files.of_kinds(document, OUTPUTS.values())
    ]


def build_upload(delivery: Delivery) -> Command:
    """`disk.folder.uploadfile` into the application's folder. The name is unique per document and
    kind, so that a repeated upload finds the file of the first try."""
    stored = StoredFile.objects.select_related("document__portal").get(pk=delivery.payload["file"])
    return Command(
        "disk.folder.uploadfile",
        {
            "name": stored.name,
            "content": files.content_of(stored),
        },
    )


def key_of(document: Document, kind: str) -> str:
    return f"upload:{document.pk}:{kind}"
