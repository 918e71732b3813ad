"""What becomes of a document that a person prepares: uploaded, checked, filled in, sent once.

The file is checked by the worker (`take_in_due`), as everything that comes from outside; the row
remembers when it comes due again. A draft becomes one document, however often «Send» is pressed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from documents.core import creation, files, sending
from documents.core.creation import NewDocument, Prepared
from documents.models import PUBLIC_ID_LETTERS, Document, Draft, PortalSettings
from employees.models import Employee
from employees.people.delegations import require_sender
from signing.base import Place
from signing.hashes import sha256
from signing.intake import EarlierSignature, Intake, check_outside, refusal
from signx.claims import claim
from signx.errors import ErrorCode, SignXError

State = Draft.State
KEPT = 20  # unsent drafts of one person; the oldest give way
FORGOTTEN_AFTER = timedelta(days=30)
# Longer than intake and its child process may take together.
LEASE = timedelta(seconds=120)
TRIES = 3
BATCH = 10
# A file and the small fields around it.
_ANSWERS_LIMIT_BYTES = 64 * 1024
_PUBLIC_ID_LENGTH = 12


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes


@dataclass(frozen=True)
class Placement:
    """Boxes by key on the pages of `Draft.shown`; `problem` says why there are none."""

    places: dict[str, tuple[Place, ...]]
    problem: str | Promise = ""


def find(owner: Employee, public_id: str) -> Draft:
    """A draft of this person. Raises SignXError(NOT_FOUND)."""
    draft = Draft.objects.of(owner).select_related("portal", "owner", "document", "replaces")
    found = draft.filter(public_id=public_id).first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such draft of this person")
    return found


def begin(
    owner: Employee,
    public_id: str,
    upload: Upload,
    answers: Mapping[str, Any],
    *,
    at: datetime,
    replaces: Document | None = None,
) -> Draft:
    """A draft with a file on its way to the check; begun twice is begun once. `replaces`: the
    document whose place it is to take.

    Not inside a transaction: it writes the file. Raises SignXError: RIGHT_MISSING,
    DOCUMENT_INVALID, NOT_FOUND for an id that is no id of ours or somebody else's.
    """
    require_sender(owner, at=at)
    if len(public_id) != _PUBLIC_ID_LENGTH or set(public_id) - set(PUBLIC_ID_LETTERS):
        raise SignXError(ErrorCode.NOT_FOUND, "not an id of a draft")
    check_outside(upload.content, files.limits())
    draft = Draft(
        portal=owner.portal,
        owner=owner,
        public_id=public_id,
        answers={"title": _title(upload.name), **answers},
        created_at=at,
    )
    path = files.put(draft, "source", upload.content)
    values = _uploaded(upload, path, at) | {
        "portal": draft.portal,
        "owner": owner,
        "answers": draft.answers,
        "replaces": replaces,
        "created_at": at,
    }
    with transaction.atomic():
        known, _is_new = Draft.objects.get_or_create(public_id=public_id, defaults=values)
        wake_intake()
    _drop_oldest(owner)
    return find(owner, known.public_id)


def replace_file(draft: Draft, upload: Upload, *, at: datetime) -> Draft:
    """Another file for the same answers. Not inside a transaction. Raises DOCUMENT_INVALID,
    STATUS_CONFLICT."""
    check_outside(upload.content, files.limits())
    path = files.put(draft, "source", upload.content)
    empty: dict[str, Any] = {"checked": "", "facts": {}, "shown": "", "shown_sha256": ""}
    values = _uploaded(upload, path, at) | empty | {"error": "", "placement": {}}
    with transaction.atomic():
        if not Draft.objects.unsent().filter(pk=draft.pk).update(**values):
            raise SignXError(ErrorCode.STATUS_CONFLICT, "the draft was sent")
        wake_intake()
    return find(draft.owner, draft.public_id)


def remember(draft: Draft, answers: Mapping[str, Any], *, at: datetime) -> None:
    """Keep what was typed. Raises SignXError(INPUT_INVALID) for more than a form can hold."""
    if len(json.dumps(answers, ensure_ascii=False).encode()) > _ANSWERS_LIMIT_BYTES:
        raise SignXError(ErrorCode.INPUT_INVALID, "too long", reason=_("too much was typed"))
    draft.answers, draft.changed_at = dict(answers), at
    Draft.objects.unsent().filter(pk=draft.pk).update(answers=draft.answers, changed_at=at)


def forget(draft: Draft) -> None:
    """Delete an unsent draft with its file. May run twice."""
    if Draft.objects.unsent().filter(pk=draft.pk).delete()[0]:
        files.remove_folder(draft.folder)


def forget_old(at: datetime | None = None) -> None:
    """Every day: drafts that nobody has touched for a month, and what is left of sent ones."""
    at = at or timezone.now()
    for draft in Draft.objects.filter(changed_at__lte=at - FORGOTTEN_AFTER).iterator():
        draft.delete()
        files.remove_folder(draft.folder)


# --- The check of the file -------------------------------------------------------------------


def has_due(at: datetime) -> bool:
    """Whether `take_in_due` would find something at `at`."""
    return Draft.objects.step_due(at).exists()


def take_in_due(at: datetime | None = None) -> None:
    """Check the files of drafts; killed anywhere, it is done again."""
    at = at or timezone.now()
    for draft in Draft.objects.step_due(at).select_related("portal", "owner")[:BATCH]:
        same = Draft.objects.step_due(at).filter(pk=draft.pk, source=draft.source.name)
        if claim(same, field="next_step_at", at=at, lease=LEASE, attempts="step_attempts"):
            _take_in(draft)


def wake_intake() -> None:
    """Have a worker look at once, when the transaction is committed."""
    transaction.on_commit(lambda: async_task("documents.drafts.services.take_in_due"))


def _take_in(draft: Draft) -> None:
    try:
        if draft.step_attempts >= TRIES:  # no worker lived to tell why
            raise refusal("too_heavy", died="worn out")
        intake = files.cleaned(
            _read(draft.source, draft.source_sha256),
            keeps_signatures=PortalSettings.objects.of(draft.portal).adds_to_signed,
        )
    except SignXError as error:
        if error.code == ErrorCode.SERVICE_BUSY:
            return  # no word about the file: the lease runs out and it is tried again
        with translation.override(draft.owner.spoken_language):
            values: dict[str, Any] = {"state": State.REFUSED, "error": error.sentence}
    else:
        path = files.put(draft, "clean", intake.pdf)
        facts = {key: value for key, value in asdict(intake).items() if key != "pdf"}
        values = {"state": State.READY, "checked": path, "facts": facts}
    # Only of this file: another may have taken its place meanwhile.
    same = Draft.objects.filter(pk=draft.pk, source=draft.source.name, state=State.CHECKING)
    same.update(**values, next_step_at=None)


def intake_of(draft: Draft) -> Intake:
    """The checked file. Raises SignXError(DOCUMENT_INVALID) while there is none."""
    if draft.state != State.READY:
        reason = draft.error or State(draft.state).label
        raise SignXError(ErrorCode.DOCUMENT_INVALID, draft.state, reason=reason)
    facts = draft.facts
    return Intake(
        pdf=_read(draft.checked, facts["clean_sha256"]),
        page_count=facts["page_count"],
        page_sizes_mm=tuple((width, height) for width, height in facts["page_sizes_mm"]),
        source_sha256=facts["source_sha256"],
        clean_sha256=facts["clean_sha256"],
        removed=tuple(facts["removed"]),
        has_text=facts["has_text"],
        notes=tuple(facts["notes"]),
        signatures=tuple(EarlierSignature(**one) for one in facts["signatures"]),
    )


def source_of(draft: Draft) -> bytes:
    """The file as it was uploaded."""
    return _read(draft.source, draft.source_sha256)


# --- The preview and the sending -------------------------------------------------------------


def place(draft: Draft, *, others: int, where: str, title: str) -> Placement:
    """The stamps where sending would put them; worked out again only when something has changed.

    Not inside a transaction: it writes the file that is shown.
    """
    if draft.state != State.READY:
        return Placement({})
    portal, keys = draft.portal, creation.stamp_keys(others)
    wish = where or PortalSettings.objects.of(portal).coordinates
    asked = sha256("\n".join([draft.facts["clean_sha256"], wish, title, *keys]).encode())
    if draft.placement.get("asked") != asked:
        try:
            placed = creation.place_stamps(
                portal,
                intake_of(draft).pdf,
                keys,
                where=where,
                title=title,
                language=portal.language,
            )
        except SignXError as error:
            if error.code != ErrorCode.PARAMETER_INVALID:
                raise
            return Placement({}, error.context["reason"])  # type: ignore[arg-type]
        _keep_placed(draft, asked, placed.pdf, placed.places)
    boxes = draft.placement["places"]
    return Placement({key: tuple(Place(**box) for box in found) for key, found in boxes.items()})


def send(draft: Draft, new: NewDocument, *, at: datetime) -> Document:
    """The document of this draft: made and sent now, or the one that is there already.

    Not inside a transaction: it writes files. Raises as `creation.prepare` and
    `services.send_prepared` do.
    """
    prepared = creation.prepare(new, at=at)
    try:
        document = _send_once(draft, new, prepared, at)
    except SignXError:
        files.remove_folder(prepared.document.folder)
        raise
    if document.pk != prepared.document.pk:  # pressed twice: the other press has sent it
        files.remove_folder(prepared.document.folder)
    files.remove_folder(draft.folder)
    return document


@transaction.atomic
def _send_once(draft: Draft, new: NewDocument, prepared: Prepared, at: datetime) -> Document:
    locked = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if locked.document is not None:
        return locked.document
    actor = draft.owner.audit_name
    document = sending.send_prepared(new, prepared, actor=actor, at=at)
    # Nothing typed stays behind: the document has it, and forgets it by its own rules.
    locked.document, locked.changed_at, locked.next_step_at = document, at, None
    locked.answers, locked.facts, locked.placement = {}, {}, {}
    locked.file_name = locked.source = locked.checked = locked.shown = ""
    locked.save()
    return document


def _keep_placed(
    draft: Draft, asked: str, pdf: bytes, places: Mapping[str, tuple[Place, ...]]
) -> None:
    draft.shown.name = files.put(draft, "shown", pdf)
    draft.shown_sha256 = sha256(pdf)
    boxes = {key: [asdict(box) for box in found] for key, found in places.items()}
    draft.placement = {"asked": asked, "places": boxes}
    Draft.objects.unsent().filter(pk=draft.pk, state=State.READY).update(
        shown=draft.shown.name, shown_sha256=draft.shown_sha256, placement=draft.placement
    )


def _uploaded(upload: Upload, path: str, at: datetime) -> dict[str, Any]:
    return {
        "state": State.CHECKING,
        "file_name": PurePath(upload.name).name[:255],
        "source": path,
        "source_sha256": sha256(upload.content),
        "size_bytes": len(upload.content),
        "changed_at": at,
        "next_step_at": at,
        "step_attempts": 0,
    }


def _title(file_name: str) -> str:
    """«Договор 24-117» of «Договор_24-117.pdf»."""
    return " ".join(PurePath(file_name).stem.replace("_", " ").split())[:255]


def _drop_oldest(owner: Employee) -> None:
    for draft in Draft.objects.of(owner).unsent()[KEPT:]:
        forget(draft)


def _read(file: Any, digest: str) -> bytes:
    with default_storage.open(file.name, "rb") as handle:
        content: bytes = handle.read()
    if sha256(content) != digest:
        raise SignXError(ErrorCode.INTERNAL_ERROR, "a draft's file differs from its hash")
    return content
