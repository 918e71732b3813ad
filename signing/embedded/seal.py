"""PAdES signatures by incremental update: bytes of a PDF in, bytes of a PDF out.

The first signature of a file certifies it and allows form filling and signing; the last field's
lock allows nothing more. What else proves a signature follows from its key
(`signing.keys.proof`).
Source: ETSI EN 319 142-1, ISO 32000-2, 12.8.
"""

from __future__ import annotations

import asyncio
import io
from datetime import datetime

from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    enumerate_sig_fields,
)
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.stamp import NoOpStampStyle

from signing.base import StampText
from signing.embedded.closing import TOKEN_DIGITS, close
from signing.embedded.fields import add_fields, field_name
from signing.embedded.revision import RevisionWriter
from signing.embedded.widgets import draw_stamps
from signing.keys.authority import SealKey
from signing.keys.proof import Proof
from signing.keys.signer import DIGEST
from signx.errors import ErrorCode, SignXError

__all__ = ["add_fields", "seal_whole", "sign"]

# Hexadecimal digits kept for the CMS: an RSA-3072 signature with its chain takes about 6600.
_RESERVED_DIGITS = 8192
_WHOLE_FIELD = "SIGNX_seal"


def sign(
    pdf: bytes,
    *,
    key: str,
    stamp: StampText,
    with_key: SealKey,
    at: datetime,
    reason: str,
    name: str,
    location: str = "",
    is_last: bool = False,
) -> bytes:
    """One more revision: the party's stamps drawn and its signature field signed.

    A signature certifies the file only when there is none before it (ISO 32000-2, 12.8.2.2);
    after the last one come the validation data that the key's proof asks for. Without outside
    time the same arguments give the same bytes; the call may be repeated in any case. Raises
    SignXError: STATUS_CONFLICT when the field is signed already or may not be signed any more,
    DOCUMENT_INVALID for a file `add_fields` did not make, PROVIDER_FAILED when no time-stamp or no
    proof can be had.
    """
    writer = RevisionWriter.over(pdf, key)
    is_first = next(enumerate_sig_fields(writer, filled_status=True), None) is None
    draw_stamps(writer, key, stamp)
    metadata = PdfSignatureMetadata(
        field_name=field_name(key),
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
        name=name or None,
        location=location or None,
        certify=is_first,
        docmdp_permissions=MDPPerm.FILL_FORMS if is_first else None,
    )
    signer = PdfSigner(
        metadata,
        signer=with_key.signer,
        timestamper=with_key.proof.timestamps,
        stamp_style=NoOpStampStyle(),
    )
    signed = _signed(signer, writer, at, with_key.proof, existing_fields_only=True)
    return close(signed, with_key.proof) if is_last and with_key.proof.is_closed_by_data else signed


def seal_whole(
    pdf: bytes, *, with_key: SealKey, at: datetime, reason: str, name: str = ""
) -> bytes:
    """A file of our own (report, agreement) with an invisible seal that forbids any change."""
    metadata = PdfSignatureMetadata(
        field_name=_WHOLE_FIELD,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
        name=name or None,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    field = SigFieldSpec(_WHOLE_FIELD, on_page=0)
    proof = with_key.proof
    signer = PdfSigner(
        metadata,
        signer=with_key.signer,
        timestamper=proof.timestamps,
        stamp_style=NoOpStampStyle(),
        new_field_spec=field,
    )
    writer = RevisionWriter.over(pdf, _WHOLE_FIELD)
    signed = _signed(signer, writer, at, proof, existing_fields_only=False)
    return close(signed, proof) if proof.is_closed_by_data else signed


def _signed(
    signer: PdfSigner,
    writer: RevisionWriter,
    at: datetime,
    proof: Proof,
    *,
    existing_fields_only: bool,
) -> bytes:
    try:
        session = signer.init_signing_session(writer, existing_fields_only=existing_fields_only)
    except SigningError as error:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"signature refused: {error}") from error
    session.system_time = at
    digits = _RESERVED_DIGITS + (TOKEN_DIGITS if proof.timestamps else 0)
    prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=digits)
    digest, output = prepared.digest_tbs_document(output=io.BytesIO())
    attributes = PdfCMSSignedAttributes(signing_time=at)
    asyncio.run(
        prepared.perform_signature(
            document_digest=digest.document_digest, pdf_cms_signed_attrs=attributes
        )
    )
    signed = bytes(output.getvalue())
    # pyHanko's objects refer to each other in circles, and would keep both files in memory until
    # the next garbage collection.
    output.close()
    writer.prev.stream.close()
    return signed
