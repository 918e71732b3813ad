"""How a document's status is shown: one table for the list, the card and the deal tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from documents.models import Document, Signer
from employees.models import Employee

Status = Document.Status
_UNDECIDED = {Signer.Status.PENDING, Signer.Status.VIEWED}
DUE_SOON = timedelta(hours=24)


@dataclass(frozen=True)
class Chip:
    """`tone` is a colour of the style sheet; the meaning is always in `text` too."""

    tone: str
    icon: str
    text: str | Promise
    is_moving: bool = False


CHIPS: dict[str, Chip] = {
    Status.DRAFT: Chip("mute", "pencil", _("Draft")),
    Status.SENDING: Chip("info", "arrow", _("Sending"), is_moving=True),
    Status.SENT: Chip("info", "clock", _("Waiting for signatures")),
    Status.SEALING: Chip("info", "layers", _("Finalising"), is_moving=True),
    Status.COMPLETED: Chip("ok", "check", _("Signed by all")),
    Status.DECLINED: Chip("bad", "cross", _("Declined")),
    Status.EXPIRED: Chip("mute", "hourglass", _("Expired")),
    Status.CANCELLED: Chip("mute", "stop", _("Withdrawn")),
    Status.FAILED: Chip("bad", "warning", _("Not sent")),
    Status.ANNULLED: Chip("mute", "stop", _("Annulled")),
}

SIGNER_CHIPS: dict[str, Chip] = {
    Signer.Status.PENDING: Chip("mute", "mail", _("Invited")),
    Signer.Status.VIEWED: Chip("info", "eye", _("Opened")),
    Signer.Status.SIGNED: Chip("ok", "check", _("Signed")),
    Signer.Status.DECLINED: Chip("bad", "cross", _("Refused")),
}
_WAITS_FOR_OTHERS = Chip("mute", "clock", _("Next in turn"))


def document_chip(document: Document, reader: Employee, at: datetime) -> Chip:
    """The document's chip as `reader` sees it; `document.signers` should be prefetched."""
    if document.status != Status.SENT:
        return CHIPS[document.status]
    waiting = next_signers(document)
    if any(signer.employee_id == reader.pk for signer in waiting):
        return Chip("turn", "pen", _("Your signature needed"))
    if document.expires_at - at < DUE_SOON:
        return Chip("warn", "clock", _("Due today"))
    if not waiting:
        return CHIPS[Status.SENT]
    names = ", ".join(short_name(signer.name) for signer in waiting)
    return Chip("info", "clock", gettext("Waiting for %(name)s") % {"name": names})


def signer_chip(signer: Signer, document: Document) -> Chip:
    """«Invited» is true only once an invitation went out."""
    if signer.status == Signer.Status.PENDING and not signer.invited_at and not document.is_final:
        return _WAITS_FOR_OTHERS
    return SIGNER_CHIPS[signer.status]


def next_signers(document: Document) -> list[Signer]:
    """Whose turn it is: several when they sign at once."""
    undecided = [one for one in document.signers.all() if one.status in _UNDECIDED]
    return [one for one in undecided if one.order == undecided[0].order]


def short_name(name: str) -> str:
    """«Ильин П. А.» of «Ильин Пётр Андреевич»; a name that is not of two or three words stays."""
    family, *given = name.split() or [""]
    if not 1 <= len(given) <= 2:
        return name
    return "\N{NO-BREAK SPACE}".join([family, *(f"{word[0]}." for word in given)])


@dataclass(frozen=True)
class Progress:
    """How many of the signers have signed; `marks` has a CSS class for each of them."""

    done: int
    total: int
    marks: tuple[str, ...]


def progress(document: Document) -> Progress:
    marks = {Signer.Status.SIGNED: "is-done", Signer.Status.DECLINED: "is-bad"}
    statuses = [signer.status for signer in document.signers.all()]
    return Progress(
        done=statuses.count(Signer.Status.SIGNED),
        total=len(statuses),
        marks=tuple(marks.get(Signer.Status(status), "") for status in statuses),
    )


def version(document: Document) -> str:
    """Changes whenever a row or a card of this document would look different."""
    signers = ((one.status, one.invited_at, one.email) for one in document.signers.all())
    seen = repr((document.status, document.changed_at, document.title, *signers))
    return f"{crc32(seen.encode()):08x}"
