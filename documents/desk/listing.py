"""The list of documents: who sees which, tabs, search and pages by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.access.visibility import with_parties
from documents.models import Document, Signer
from employees.models import Employee

PAGE_SIZE = 25
COUNT_LIMIT = 99  # a tab says «99+»: counting a million rows is not worth the answer
SHORTEST_SEARCH = 2

Status = Document.Status


@dataclass(frozen=True)
class Tab:
    code: str
    name: str | Promise
    condition: Q
    tone: str = ""


@dataclass(frozen=True)
class CountedTab:
    tab: Tab
    count: str
    is_current: bool


@dataclass(frozen=True)
class Page:
    """`after` asks for the rows that follow; empty on the last page."""

    documents: list[Document]
    after: str


def tabs_for(reader: Employee) -> list[Tab]:
    undecided = [Signer.Status.PENDING, Signer.Status.VIEWED]
    asked = Signer.objects.filter(employee=reader, status__in=undecided).exclude(link_hash="")
    mine = asked.values("document")
    return [
        Tab("mine", _("Waiting for me"), Q(pk__in=mine, status=Status.SENT), "turn"),
        Tab(
            "work",
            _("In work"),
            Q(status__in=[Status.SENDING, Status.SENT, Status.SEALING]),
        ),
        Tab("done", _("Completed"), Q(status=Status.COMPLETED)),
        Tab(
            "trouble",
            _("Needs attention"),
            Q(status__in=[Status.FAILED, Status.DECLINED, Status.EXPIRED]),
            "bad",
        ),
        Tab("drafts", _("Drafts"), Q(status=Status.DRAFT)),
        Tab("all", _("All"), Q()),
    ]


def count_tabs(documents: QuerySet[Document], reader: Employee, wanted: str) -> list[CountedTab]:
    """Tabs with counts; the current one is the wanted, else the first that is not empty.

    Drafts are shown only where there are some: most portals send through robots alone.
    """
    counts = {tab.code: _count(documents.filter(tab.condition)) for tab in tabs_for(reader)}
    tabs = [tab for tab in tabs_for(reader) if tab.code != "drafts" or counts["drafts"]]
    filled = next((tab.code for tab in tabs if counts[tab.code]), "all")
    current = wanted if wanted in counts else filled
    return [CountedTab(tab, _shown(counts[tab.code]), tab.code == current) for tab in tabs]


def _count(documents: QuerySet[Document]) -> int:
    return documents.order_by()[: COUNT_LIMIT + 1].count()


def _shown(count: int) -> str:
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)


def search(documents: QuerySet[Document], words: str) -> QuerySet[Document]:
    """By name, number, or a signer's name or e-mail; fewer than two characters find all."""
    words = words.strip()
    if len(words) < SHORTEST_SEARCH:
        return documents
    number = words.replace("-", "").lower()
    found: Q | Combinable = Q(public_id__startswith=number)
    # SQLite folds the case of Latin letters only, so Russian words are tried in their usual cases.
    for spelling in {words, words.lower(), words.capitalize(), words.title()}:
        signers = Signer.objects.filter(document=OuterRef("pk"))
        found |= Q(title__icontains=spelling)
        found |= Exists(signers.filter(Q(name__icontains=spelling) | Q(email__icontains=spelling)))
    return documents.filter(found)


def read_page(documents: QuerySet[Document], after: str, size: int = PAGE_SIZE) -> Page:
    """The newest changes first. A cursor that cannot be read starts from the top."""
    documents = documents.order_by("-changed_at", "-pk")
    key = _read_cursor(after)
    if key:
        changed_at, pk = key
        documents = documents.filter(
            Q(changed_at__lt=changed_at) | Q(changed_at=changed_at, pk__lt=pk),
            changed_at__lte=changed_at,  # alone decides where the index is entered
        )
    rows = list(with_parties(documents)[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _cursor(rows[-1]) if has_more else "")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor(document: Document) -> str:
    since = document.changed_at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return f"{micros}.{document.pk}"


def _read_cursor(cursor: str) -> tuple[datetime, int] | None:
    micros, _dot, pk = cursor.partition(".")
    if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit()):
        return None
    if len(micros) > 16 or len(pk) > 18:  # past year 2286 or a 64-bit key
        return None
    seconds, rest = divmod(int(micros), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), int(pk)
