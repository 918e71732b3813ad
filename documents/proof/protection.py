"""Archive time-stamps are renewed before their certificate ends, so that files stay provable.

A file is extended, never changed: the new one begins with the old one. It takes the place of the
old one, whose hash stays known (`FileEdition`). Source: ETSI EN 319 142-1, 5.5 and 6 (B-LTA).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from documents.core import files
from documents.models import FileEdition, StoredFile
from employees.signatures.sealing_policy import proof
from journal.events import EventKind
from journal.services import record
from signing.embedded.closing import extend, protected_until
from signing.hashes import sha256
from signing.keys.proof import Baseline
from signing.keys.timestamps import TimestampClient
from signx.errors import SignXError

log = logging.getLogger(__name__)

# Time enough for servers and people to come back before anything is lost.
AHEAD = timedelta(days=90)
_AT_ONCE = 500
# A worker is ended after 180 s on one task (Q_CLUSTER); what is left waits an hour.
_RUN_S = 100


def note(stored: StoredFile, content: bytes) -> None:
    """Remember how long the archive time-stamp of a new file lasts, if there is one."""
    if proof().baseline is Baseline.LTA:
        StoredFile.objects.filter(pk=stored.pk).update(protected_until=protected_until(content))


def extend_due(at: datetime | None = None) -> int:
    """Extend what ends soon; the number of files. Run hourly, and safe to run twice at once."""
    at = at or timezone.now()
    ends = monotonic() + _RUN_S
    stamper = proof().timestamps
    if stamper is None:
        return 0
    due = StoredFile.objects.filter(protected_until__gt=at, protected_until__lte=at + AHEAD)
    done = 0
    for stored in due.exclude(file="").order_by("protected_until")[:_AT_ONCE]:
        if monotonic() > ends:
            break
        try:
            is_longer = _extend(stored, stamper, at)
        except SignXError as error:
            until = stored.protected_until
            log.warning("file %s stays protected until %s only: %s", stored.pk, until, error)
            continue
        if not is_longer:
            log.warning("the time-stamping server still has the certificate that ends soon")
            break
        done += 1
    return done


def _extend(stored: StoredFile, stamper: TimestampClient, at: datetime) -> bool:
    """False when the new time-stamp would not last longer; then nothing is kept."""
    longer = extend(files.content_of(stored), stamper)
    until, before = protected_until(longer), stored.protected_until
    if until is None or before is None or until <= before:
        return False
    path = files.put(stored.document, stored.kind, longer)
    with transaction.atomic():
        same = StoredFile.objects.filter(pk=stored.pk, sha256=stored.sha256)
        facts = {"sha256": sha256(longer), "size_bytes": len(longer), "protected_until": until}
        is_first = same.update(file=path, streebog256="", **facts) == 1
        if is_first:
            FileEdition.objects.create(stored=stored, sha256=stored.sha256, until=at)
            record(
                stored.document.portal,
                EventKind.DOCUMENT_EXTENDED,
                actor="system",
                subject=stored.document.subject,
                data={
                    "file": stored.kind,
                    "sha256": facts["sha256"],
                    "until": until.date().isoformat(),
                },
                at=at,
            )
        # The one that nobody refers to goes; the longer one begins with the same bytes.
        spare = str(stored.file.name) if is_first else path
        transaction.on_commit(partial(default_storage.delete, spare))
    return True
