"""Everything that can be said about the signatures of a file, as facts and cause codes.

No Django here: the public page runs this in a child process (`signing.verification.worker`).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.verification.byte_ranges import SignedRange, ends_at_revision, read_ranges
from signing.verification.limits import OUT_OF_ROOM
from signing.verification.signature import Surroundings, one_signature
from signing.verification.tail import is_clean
from signing.verification.timestamp import causes_of_later_changes, document_timestamp
from signing.verification.trust import Trust
from signing.verification.validation_data import validation_data_of

# A broken certificate path or a change after signing is an answer here, not an event for the log.
for _source in ("pyhanko.sign.validation", "pyhanko.sign.diff_analysis"):
    logging.getLogger(_source).setLevel(logging.CRITICAL)

Facts = dict[str, Any]
PDF_MARK = b"%PDF-"


def examine(data: bytes, *, trust: Trust, at: datetime) -> Facts:
    """Causes about the whole file, and facts with causes for each signature and time stamp.

    Causes are the keys of `signing.verify.CAUSES`; no cause means nothing speaks against it.
    """
    if not data.startswith(PDF_MARK):
        return _file_facts("not_pdf")
    ranges, all_sound = read_ranges(data)
    if not all_sound:
        return _file_facts("range_broken")
    try:
        return _read(data, ranges, trust, at)
    except MemoryError:
        raise
    except RecursionError as error:
        return _file_facts("too_heavy", error)
    except Exception as error:  # a hostile structure can provoke any of them in the parser
        return _file_facts("unreadable_signed" if ranges else "unreadable", error)


def _read(data: bytes, ranges: Sequence[SignedRange], trust: Trust, at: datetime) -> Facts:
    reader = PdfFileReader(io.BytesIO(data))
    fields = list(enumerate_sig_fields(reader))
    names = [name for name, value, _reference in fields if value is not None]
    if len(names) != len(ranges):
        return _file_facts("range_broken")
    if not names:
        return _file_facts("no_signatures")
    filled = _filled(reader, names)
    ends = [found.end for found in ranges]
    if not set(map(_end_of, (*filled.signatures, *filled.timestamps))) <= set(ends):
        return _file_facts("range_broken")
    causes = []
    if not filled.signatures and not filled.broken:
        # A time stamp tells when the file existed, not that anybody agreed to it.
        causes.append("no_signatures")
    if len(names) < len(fields):
        causes.append("unfinished")
    if not all(ends_at_revision(data, end) for end in ends):
        causes.append("range_broken")
    if not is_clean(data, max(map(_end_of, filled.signatures), default=min(ends))):
        causes.append("changed_after")
    around = Surroundings(trust, validation_data_of(reader), at)
    return {"causes": causes} | _checked(filled, around)


def _file_facts(cause: str, error: Exception | None = None) -> Facts:
    """`detail` is for the log: what kind of error the parser met."""
    detail = type(error).__name__ if error else ""
    return {"causes": [cause], "signatures": [], "timestamps": [], "detail": detail}


class _Filled(NamedTuple):
    """Signatures and time stamps in the order they were made; names of what is neither."""

    signatures: list[EmbeddedPdfSignature]
    timestamps: list[EmbeddedPdfSignature]
    broken: list[str]


def _filled(reader: PdfFileReader, names: Sequence[str]) -> _Filled:
    found = _Filled([], [], [])
    for name in names:
        embedded = _embedded(reader, name)
        if embedded is None:
            found.broken.append(name)
        elif str(embedded.sig_object.get("/Type", "")) == "/DocTimeStamp":
            found.timestamps.append(embedded)
        else:
            found.signatures.append(embedded)
    for kind in (found.signatures, found.timestamps):
        kind.sort(key=lambda embedded: embedded.signed_revision)
    return found


def _end_of(embedded: EmbeddedPdfSignature) -> int:
    """The first byte after what it covers, as the parser reads it."""
    _zero, _length, start, length = embedded.byte_range
    return int(start) + int(length)


def _checked(filled: _Filled, around: Surroundings) -> Facts:
    """The facts of all, in the order they were made; broken ones last."""
    known = around.data.certificates
    stamped: list[Facts] = []
    proven: list[tuple[int, datetime]] = []
    for timestamp in reversed(filled.timestamps):
        at = _known_to_exist(timestamp, proven, around.at)
        facts = document_timestamp(timestamp, around.trust, known, at)
        stamped.insert(0, facts)
        if not facts["causes"]:
            moment = datetime.fromisoformat(facts["timestamp_at"])
            proven.append((timestamp.signed_revision, moment))
    checked: list[Facts] = []
    for signature in reversed(filled.signatures):
        at = _known_to_exist(signature, proven, around.at)
        checked.insert(0, one_signature(signature, around, stamp_at=at, later=checked))
    for timestamp, facts in zip(filled.timestamps, stamped, strict=True):
        later = [
            of_signature
            for signature, of_signature in zip(filled.signatures, checked, strict=True)
            if signature.signed_revision > timestamp.signed_revision
        ]
        facts["causes"] += causes_of_later_changes(timestamp, later, around.trust)
    broken = [{"field": name, "causes": ["signature_broken"]} for name in filled.broken]
    return {"signatures": checked + broken, "timestamps": stamped}


def _known_to_exist(
    embedded: EmbeddedPdfSignature, proven: Sequence[tuple[int, datetime]], at: datetime
) -> datetime:
    """The moment to judge a time-stamp's certificate at: when the next time-stamp over the whole
    file was made, because it existed by then. So each proves the one before (ETSI EN 319 142-1)."""
    after = [moment for revision, moment in proven if revision > embedded.signed_revision]
    return min(after, default=at)


def _embedded(reader: PdfFileReader, name: str) -> EmbeddedPdfSignature | None:
    """The signature of a field; None when its dictionary is not what a signature is."""
    try:
        for _name, value, reference in enumerate_sig_fields(reader, with_name=name):
            if isinstance(value.get_object(), DictionaryObject):
                return EmbeddedPdfSignature(reader, reference.get_object(), name)
    except OUT_OF_ROOM:
        raise
    except Exception:  # see examine()
        return None
    return None
