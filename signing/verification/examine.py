"""Everything that can be said about the signatures of a file, as facts and cause codes.

No Django here: the public page runs this in a child process (`signing.verification.worker`).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.verification.byte_ranges import SignedRange, ends_at_revision, read_ranges
from signing.verification.signature import Surroundings, one_signature
from signing.verification.tail import is_clean
from signing.verification.timestamp import document_timestamp
from signing.verification.trust import Trust
from signing.verification.validation_data import validation_data_of

# A broken certificate path is an answer here, not an event for the log.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.CRITICAL)

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
    except Exception as error:  # a hostile structure can provoke any of them in the parser
        return _file_facts("unreadable_signed" if ranges else "unreadable", error)


def _read(data: bytes, ranges: Sequence[SignedRange], trust: Trust, at: datetime) -> Facts:
    reader = PdfFileReader(io.BytesIO(data))
    fields = list(enumerate_sig_fields(reader))
    filled = [name for name, value, _reference in fields if value is not None]
    if len(filled) != len(ranges):
        return _file_facts("range_broken")
    if not filled:
        return _file_facts("no_signatures")
    causes = []
    if len(filled) < len(fields):
        causes.append("unfinished")
    if not all(ends_at_revision(data, found.end) for found in ranges):
        causes.append("range_broken")
    if not is_clean(reader, data, ranges[-1].end):
        causes.append("changed_after")
    around = Surroundings(trust, validation_data_of(reader), at)
    return {"causes": causes} | _signatures(reader, filled, around)


def _file_facts(cause: str, error: Exception | None = None) -> Facts:
    """`detail` is for the log: what kind of error the parser met."""
    detail = type(error).__name__ if error else ""
    return {"causes": [cause], "signatures": [], "timestamps": [], "detail": detail}


def _signatures(reader: PdfFileReader, filled: Sequence[str], around: Surroundings) -> Facts:
    """Signatures and time stamps of the file, in the order they were made; broken ones last."""
    signatures, timestamps, broken = [], [], []
    for name in filled:
        embedded = _embedded(reader, name)
        if embedded is None:
            broken.append({"field": name, "causes": ["signature_broken"]})
        elif str(embedded.sig_object.get("/Type", "")) == "/DocTimeStamp":
            timestamps.append(embedded)
        else:
            signatures.append(embedded)
    signatures.sort(key=lambda signature: signature.signed_revision)
    timestamps.sort(key=lambda timestamp: timestamp.signed_revision)
    known = around.data.certificates
    stamped: list[Facts] = []
    proven: list[tuple[int, datetime]] = []
    for timestamp in reversed(timestamps):
        at = _known_to_exist(timestamp, proven, around.at)
        facts = document_timestamp(timestamp, around.trust, known, at)
        stamped.insert(0, facts)
        if not facts["causes"]:
            moment = datetime.fromisoformat(facts["timestamp_at"])
            proven.append((timestamp.signed_revision, moment))
    checked: list[Facts] = []
    for signature in reversed(signatures):
        at = _known_to_exist(signature, proven, around.at)
        checked.insert(0, one_signature(signature, around, stamp_at=at, later=checked))
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
    except MemoryError:
        raise
    except Exception:  # see examine()
        return None
    return None
