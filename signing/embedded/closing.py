"""Validation data after the last signature: certificates, revocation lists, a time-stamp over all.

They are one more revision, which a locked document allows (ISO 32000-2, 12.8.4.3 and 12.8.5).
Source: ETSI EN 319 142-1, 6 (B-LT and B-LTA).
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from asn1crypto import cms, crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError
from pyhanko_certvalidator.path import ValidationPath

from signing.embedded.fields import FIELD_PREFIX
from signing.embedded.revision import RevisionWriter
from signing.keys.proof import Baseline, OwnAuthorities, Proof
from signing.keys.revocation import lists_for
from signing.keys.signer import DIGEST
from signing.keys.timestamps import TimestampClient, issuers_of
from signx.errors import ErrorCode, SignXError

TIME_FIELD = "SIGNX_time"
# Hexadecimal digits kept for a document time-stamp.
TOKEN_DIGITS = 24_576
_DOCUMENT_TIMESTAMP = SigSeedSubFilter.ETSI_RFC3161.value
_USAGE_OF_SEALS = frozenset({"digital_signature"})
_USAGE_OF_TIME = frozenset({"time_stamping"})

_Found = list[tuple[x509.Certificate, list[x509.Certificate]]]


def close(pdf: bytes, proof: Proof) -> bytes:
    """The file with what it takes to check its signatures offline, now and later.

    Raises SignXError(PROVIDER_FAILED), worth another try, when a path cannot be proven with
    revocation lists: then the level would not be what it is called.
    """
    stamper = proof.timestamps
    if stamper is None:
        raise ValueError("validation data are collected for time-stamped signatures")
    is_archived = proof.baseline is Baseline.LTA
    return _closed(pdf, *_signers_of(pdf), proof.own(), stamper, TIME_FIELD if is_archived else "")


def extend(pdf: bytes, stamper: TimestampClient) -> bytes:
    """An archived file with one more time-stamp over it, and what proves the one before.

    To be done while the certificate of the one before is valid: then each proves the next.
    Raises SignXError: PROVIDER_FAILED as `close`, DOCUMENT_INVALID for a file without one.
    Source: ETSI EN 319 142-1, 5.5.
    """
    stamps = _archive_stamps(pdf)
    if not stamps:
        raise SignXError(ErrorCode.DOCUMENT_INVALID, "no archive time-stamp to extend")
    last = stamps[-1]
    token = (last.signer_cert, list(last.other_embedded_certs))
    field = f"{TIME_FIELD}_{len(stamps) + 1}"
    return _closed(pdf, [], [token], OwnAuthorities(), stamper, field)


def protected_until(pdf: bytes) -> datetime | None:
    """When the certificate of the last archive time-stamp ends; None for a file without one."""
    stamps = _archive_stamps(pdf)
    if not stamps:
        return None
    ends: datetime = stamps[-1].signer_cert["tbs_certificate"]["validity"]["not_after"].native
    return ends


def _archive_stamps(pdf: bytes) -> list[EmbeddedPdfSignature]:
    """Our time-stamps over the whole file, in the order they were made."""
    reader = PdfFileReader(io.BytesIO(pdf))
    return [one for one in reader.embedded_signatures if one.field_name.startswith(TIME_FIELD)]


def _closed(
    pdf: bytes,
    seals: _Found,
    tokens: _Found,
    own: OwnAuthorities,
    stamper: TimestampClient,
    field: str,
) -> bytes:
    """One more revision: validation data of the certificates, and in `field` a time-stamp."""
    paths, lists = asyncio.run(_proven(seals, tokens, own, stamper, datetime.now(UTC)))
    writer = RevisionWriter.over(pdf, field or TIME_FIELD)
    DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=paths, crls=lists)
    output = io.BytesIO()
    if field:
        asyncio.run(_stamp_whole(writer, stamper, field, output))
    else:
        writer.write(output)
    return output.getvalue()


async def _stamp_whole(
    writer: RevisionWriter, stamper: TimestampClient, field: str, output: io.BytesIO
) -> None:
    await PdfTimeStamper(stamper, field_name=field).async_timestamp_pdf(
        writer, DIGEST, bytes_reserved=TOKEN_DIGITS, output=output
    )


def _signers_of(pdf: bytes) -> tuple[_Found, _Found]:
    """Certificates of our signatures and of their time-stamps, each with what came along.

    Signatures that the file came with are proven by whoever made them, as far as he cared to.
    """
    seals: _Found = []
    tokens: _Found = []
    for signature in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
        is_timestamp = signature.sig_object.get("/SubFilter") == _DOCUMENT_TIMESTAMP
        if is_timestamp or not signature.field_name.startswith(FIELD_PREFIX):
            continue
        seals.append((signature.signer_cert, list(signature.other_embedded_certs)))
        for token in _tokens_of(signature.signer_info):
            tokens.append((_signer_of(token), issuers_of(token)))
    return seals, tokens


def _tokens_of(signer: cms.SignerInfo) -> Iterable[cms.ContentInfo]:
    unsigned = signer["unsigned_attrs"]
    for attribute in unsigned if isinstance(unsigned, cms.CMSAttributes) else ():
        if attribute["type"].native == "signature_time_stamp_token":
            yield from attribute["values"]


def _signer_of(token: cms.ContentInfo) -> x509.Certificate:
    (signer,) = token["content"]["signer_infos"]
    wanted = signer["sid"].chosen
    for certificate in issuers_of(token):
        is_same_issuer = certificate.issuer.dump() == wanted["issuer"].chosen.dump()
        if is_same_issuer and certificate.serial_number == wanted["serial_number"].native:
            return certificate
    raise SignXError(ErrorCode.PROVIDER_FAILED, "a time-stamp without its certificate")


async def _proven(
    seals: _Found, tokens: _Found, own: OwnAuthorities, stamper: TimestampClient, at: datetime
) -> tuple[list[ValidationPath], list[crl.CertificateList]]:
    """Every path with its lists; revocation must be known for each certificate below a root."""
    others = [*own.issuing, *stamper.helpers]
    for leaf, along in (*seals, *tokens):
        others += [leaf, *along]
    foreign = [certificate for leaf, along in tokens for certificate in (leaf, *along)]
    ders = [*own.lists, *lists_for([*foreign, *stamper.helpers], stamper.send, at)]
    lists = [crl.CertificateList.load(der) for der in ders]
    context = ValidationContext(
        trust_roots=[*own.roots, *stamper.roots],
        other_certs=others,
        crls=lists,
        moment=at,
        allow_fetching=False,
        revocation_mode="require",
    )
    paths = [await _path(leaf, context, key=_USAGE_OF_SEALS) for leaf, _along in seals]
    paths += [await _path(leaf, context, extended=_USAGE_OF_TIME) for leaf, _along in tokens]
    return paths, lists


async def _path(
    leaf: x509.Certificate,
    context: ValidationContext,
    *,
    key: frozenset[str] = frozenset(),
    extended: frozenset[str] = frozenset(),
) -> ValidationPath:
    validator = CertificateValidator(leaf, validation_context=context)
    try:
        return await validator.async_validate_usage(set(key), set(extended))
    except (PathBuildingError, PathValidationError) as error:
        detail = f"no proof for the certificate {leaf.serial_number:x} ({type(error).__name__})"
        raise SignXError(ErrorCode.PROVIDER_FAILED, detail) from error
