"""A document as a row of a list: what the templates draw, worked out once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from documents.access.visibility import visible_to, with_parties
from documents.desk.chips import Chip, Progress, document_chip, progress, version
from documents.models import Document
from employees.models import Employee

ROWS_LIMIT = 200  # of one question for news: a page shows 25 at a time
_MOVING = {Document.Status.SENDING, Document.Status.SEALING}


@dataclass(frozen=True)
class Row:
    document: Document
    chip: Chip
    progress: Progress
    version: str

    @property
    def may_change(self) -> bool:
        return not self.document.is_final


def rows_of(documents: Iterable[Document], reader: Employee, at: datetime) -> list[Row]:
    return [
        Row(document, document_chip(document, reader, at), progress(document), version(document))
        for document in documents
    ]


def changed_rows(seen: Iterable[str], reader: Employee, at: datetime) -> list[Row]:
    """Rows that look different from what the reader has: `seen` are «public id.version»."""
    known = dict(item.split(".", 1) for item in list(seen)[:ROWS_LIMIT] if "." in item)
    documents = with_parties(visible_to(reader).filter(public_id__in=known))
    rows = rows_of(documents, reader, at)
    return [row for row in rows if row.version != known[row.document.public_id]]


def poll_seconds(documents: Iterable[Document]) -> int:
    """How soon it is worth asking again; 0 = never. Sending and finalising take seconds."""
    statuses = {document.status for document in documents}
    if statuses & _MOVING:
        return 3
    return 20 if statuses - Document.FINAL else 0
