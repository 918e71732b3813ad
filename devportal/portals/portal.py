"""What one portal holds: people, CRM, documents, Disk, notices and the installed application."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from devportal.portals.disk import Disk
from devportal.portals.process import Process

DEAL, CONTACT, COMPANY, SMART_PROCESS = 2, 3, 4, 128


@dataclass(slots=True)
class User:
    """An employee; `active` is false once he is fired."""

    id: int
    name: str
    last_name: str
    second_name: str
    email: str
    position: str
    is_admin: bool = False
    active: bool = True
    phone: str = ""

    @property
    def full_name(self) -> str:
        """First and last name, as the portal shows a colleague."""
        return f"{self.name} {self.last_name}"


@dataclass(slots=True)
class GeneratedDocument:
    """A document of the CRM generator, whose PDF appears only after a conversion.

    `conversion_s` is how long the conversion takes (`inf`: for ever); it begins when the
    document is made, or with the first `get` where `conversion_started_at` is None.
    """

    id: int
    title: str
    number: str
    entity_type_id: int
    entity_id: int
    created_at: float
    created_by: int
    pdf: Callable[[], bytes]
    docx: Callable[[], bytes]
    conversion_s: float
    conversion_started_at: float | None = None
    conversion_fails: bool = False
    is_announced: bool = False
    updated_at: float = 0.0

    def is_converted(self, now: float) -> bool:
        """Whether the PDF can be fetched at `now` (unix seconds)."""
        return not self.conversion_fails and self._is_over(now)

    def has_failed(self, now: float) -> bool:
        """Whether the conversion has ended in an error."""
        return self.conversion_fails and self._is_over(now)

    def _is_over(self, now: float) -> bool:
        started = self.conversion_started_at
        return started is not None and now >= started + self.conversion_s


@dataclass(slots=True)
class Comment:
    """A timeline comment with the Disk ids of its files."""

    id: int
    entity_type: str
    entity_id: int
    author_id: int
    text: str
    created_at: float
    file_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Notification:
    """A notice in the bell of one employee."""

    id: int
    user_id: int
    text: str
    tag: str
    sub_tag: str
    created_at: float
    author: str


@dataclass(slots=True)
class EventHandler:
    """One `event.bind`."""

    id: int
    event: str
    url: str
    auth_type: int


@dataclass(slots=True)
class Placement:
    """One `placement.bind`."""

    code: str
    url: str
    title: str
    lang_all: dict[str, dict[str, str]]
    options: dict[str, Any]

    def title_in(self, language: str) -> str:
        """With LANG_ALL the plain title is ignored, as on the real portal."""
        if not self.lang_all:
            return self.title
        row = self.lang_all.get(language) or self.lang_all.get("en") or {}
        return row.get("TITLE", "") or self.title


@dataclass(slots=True)
class Installation:
    """The application on one portal. `row_id` changes when it is removed and put back."""

    row_id: int
    is_present: bool = True
    is_installed: bool = False
    version: int = 1
    robots: dict[str, dict[str, Any]] = field(default_factory=dict)
    handlers: list[EventHandler] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    token_number: int = 0
    triggers: dict[str, str] = field(default_factory=dict)
    executed_triggers: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Portal:
    """One customer's Bitrix24. `crm` is keyed by (entityTypeId, id).

    `hidden` holds (user, entityTypeId, id): what an employee has no right to read.
    """

    domain: str
    renamed_domain: str
    member_id: str
    title: str
    language: str
    app: Installation
    users: dict[int, User] = field(default_factory=dict)
    crm: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    documents: dict[int, GeneratedDocument] = field(default_factory=dict)
    disk: Disk = field(default_factory=Disk)
    comments: list[Comment] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    unavailable_scopes: set[str] = field(default_factory=set)
    hidden: set[tuple[int, int, int]] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    former_domains: list[str] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def secret(self) -> bytes:
        """Key of this portal's signatures (links, event tokens)."""
        return hashlib.sha256(f"portal secret of {self.member_id}".encode()).digest()

    @property
    def application_token(self) -> str:
        """Stable for one installation, the same for every user of the portal."""
        seed = f"{self.member_id}|{self.app.row_id}|{self.app.token_number}|application"
        return hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Host names that lead here; only `domain` answers, the others redirect to it."""
        return (self.domain, self.renamed_domain, *self.former_domains)

    def rename(self) -> None:
        """Move to the other name; the old one redirects for ever."""
        self.former_domains.append(self.domain)
        self.domain, self.renamed_domain = self.renamed_domain, self.domain

    def item(self, entity_type_id: int, item_id: int) -> dict[str, Any] | None:
        """A CRM item's fields in camelCase, or None."""
        return self.crm.get((entity_type_id, item_id))

    def can_read(self, user: User, entity_type_id: int, item_id: int) -> bool:
        """Administrators read everything, employees what was not hidden from them."""
        return user.is_admin or (user.id, entity_type_id, item_id) not in self.hidden

    def comments_on(self, entity_type: str, entity_id: int) -> list[Comment]:
        """Timeline comments of one card, oldest first."""
        return [
            comment
            for comment in self.comments
            if (comment.entity_type, comment.entity_id) == (entity_type, entity_id)
        ]
