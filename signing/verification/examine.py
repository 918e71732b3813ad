"""Everything that can be said about the signatures of a file, as facts and cause codes.

No Django here: the public page runs this in a child process (`signing.verification.worker`).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from signing.verification.byte_ranges import SignedRange, ends_at_revision, read_ranges

# A signer's clock may be a little ahead of ours.
_CLOCK_SKEW = timedelta(minutes=10)
_HARMLESS_AFTER_LAST = {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}
# A broken certificate path is an answer here, not an event for the log.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.CRITICAL)

Facts = dict[str, Any]


def examine(
    data: bytes, *, roots: Sequence[x509.Certificate], pinned: Sequence[str], at: datetime
) -> Facts:
    """Causes about the whole file, and facts with causes for each signature.

    Causes are the keys of `signing.verify.CAUSES`; no cause means nothing speaks against it.
    """
    if not data.startswith(b"%PDF-"):
        return _file_facts("not_pdf")
    ranges, all_sound = read_ranges(data)
    if not all_sound:
        return _file_facts("range_broken")
    try:
        return _read(data, ranges, roots, pinned, at)
    except MemoryError:
        raise
    except Exception as error:  # a hostile structure can provoke any of them in the parser
        return _file_facts("unreadable_signed" if ranges else "unreadable", error)


def _read(
    data: bytes,
    ranges: Sequence[SignedRange],
    roots: Sequence[x509.Certificate],
    pinned: Sequence[str],
    at: datetime,
) -> Facts:
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
    tail = data[ranges[-1].end :].strip()
    if tail and not tail.endswith(b"%%EOF"):
        causes.append("changed_after")
    return {"causes": causes, "signatures": _signatures(reader, filled, roots, pinned, at)}


def _file_facts(cause: str, error: Exception | None = None) -> Facts:
    """`detail` is for the log: what kind of error the parser met."""
    return {"causes": [cause], "signatures": [], "detail": type(error).__name__ if error else ""}


def _signatures(
    reader: PdfFileReader,
    filled: Sequence[str],
    roots: Sequence[x509.Certificate],
    pinned: Sequence[str],
    at: datetime,
) -> list[Facts]:
    """The signatures in the order they were made; a broken one comes last."""
    embedded, broken = [], []
    for name in filled:
        signature = _embedded(reader, name)
        if signature is None:
            broken.append({"field": name, "causes": ["signature_broken"]})
        else:
            embedded.append(signature)
    embedded.sort(key=lambda signature: signature.signed_revision)
    last = len(embedded) - 1
    return [
        _one_signature(signature, roots, pinned, at, is_last=position == last)
        for position, signature in enumerate(embedded)
    ] + broken


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


def _one_signature(
    signature: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    pinned: Sequence[str],
    at: datetime,
    *,
    is_last: bool,
) -> Facts:
    facts: Facts = {"field": signature.field_name, "causes": []}
    try:
        claimed = signature.self_reported_timestamp
        facts |= _who(signature, claimed)
        status = _status(signature, roots, claimed or at)
    except MemoryError:
        raise
    except Exception as error:  # see examine()
        return facts | {"causes": ["signature_broken"], "detail": type(error).__name__}
    is_pinned = facts["fingerprint"] in pinned
    facts |= {
        "is_intact": bool(status.intact and status.valid),
        "is_trusted": bool(status.trusted) or is_pinned,
        "is_pinned": is_pinned,
    }
    facts["causes"] = _integrity_causes(status, is_last=is_last) or _certificate_causes(
        facts, signature.signer_cert, pinned, claimed, at
    )
    return facts


def _who(signature: EmbeddedPdfSignature, claimed: datetime | None) -> Facts:
    certificate = signature.signer_cert
    return {
        "name": str(signature.sig_object.get("/Name", "")),
        "subject": certificate.subject.human_friendly,
        "issuer": certificate.issuer.human_friendly,
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": certificate.sha256.hex(),
        "signed_at": claimed.isoformat() if claimed else "",
    }


def _status(
    signature: EmbeddedPdfSignature, roots: Sequence[x509.Certificate], moment: datetime
) -> PdfSignatureStatus:
    """Validate as of the claimed time; whether that time may be believed is judged later."""
    context = ValidationContext(
        trust_roots=list(roots), moment=moment, allow_fetching=False, revocation_mode="soft-fail"
    )
    usage = KeyUsageConstraints(key_usage={"digital_signature"})
    return validate_pdf_signature(signature, context, key_usage_settings=usage)


def _integrity_causes(status: PdfSignatureStatus, *, is_last: bool) -> list[str]:
    if not (status.intact and status.valid):
        return ["altered"]
    level = status.modification_level
    if not status.docmdp_ok or level == ModificationLevel.OTHER:
        return ["changed_after"]
    if is_last and level not in _HARMLESS_AFTER_LAST:
        return ["changed_after"]
    return []


def _certificate_causes(
    facts: Facts,
    certificate: x509.Certificate,
    pinned: Sequence[str],
    claimed: datetime | None,
    at: datetime,
) -> list[str]:
    causes = []
    validity = certificate["tbs_certificate"]["validity"]
    starts, ends = validity["not_before"].native, validity["not_after"].native
    if not facts["is_trusted"]:
        causes.append("issuer_unknown")
    elif pinned and not facts["is_pinned"]:
        causes.append("other_certificate")
    if claimed is None or claimed > at + _CLOCK_SKEW:
        causes.append("time_wrong")
    elif not starts <= claimed <= ends:
        causes.append("outside_term")
    elif at > ends:
        causes.append("certificate_expired")
    return causes
