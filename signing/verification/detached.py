"""A signature made elsewhere and brought as a file (.sig): is it one, and for these very bytes?

The usual form of a qualified signature in Russia: a detached CMS beside the document, by
GOST R 34.10-2012 or, for an unqualified one, by RSA or an elliptic curve. Several people may have
signed into one file; each is judged alone. Source: RFC 5652; Federal Law 63-FZ, article 5.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, pem, x509
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from signing.base import Level
from signing.verification import gost
from signing.verification.causes import Judged, merged
from signing.verification.trust import Trust

SIZE_LIMIT_BYTES = 1024 * 1024
_SIGNERS_LIMIT = 20


@dataclass(frozen=True)
class DetachedSigner(Judged):
    """One signer of the file. `signed_at` is the signer's claim; empty texts are unknown.

    `level` is what has been proven: QUALIFIED only by GOST under a root that we trust.
    """

    name: str
    subject: str
    issuer: str
    serial: str
    algorithm: str
    signed_at: datetime | None
    level: Level
    causes: tuple[str, ...]


@dataclass(frozen=True)
class DetachedCheck(Judged):
    """The answer about a signature file; `causes` are those of the file and of every signer."""

    causes: tuple[str, ...]
    signers: tuple[DetachedSigner, ...] = ()

    @property
    def level(self) -> Level:
        """The lowest of its signers' levels: the file is as strong as its weakest signature."""
        is_qualified = self.signers and all(one.level == Level.QUALIFIED for one in self.signers)
        return Level.QUALIFIED if is_qualified else Level.UNQUALIFIED


def check_detached(
    signature: bytes, content: bytes, *, roots: Sequence[str], at: datetime
) -> DetachedCheck:
    """Check a signature file (DER, PEM or bare base64) against the bytes it should be for.

    `roots` are PEM texts of the authorities that we trust at the moment `at`. Never raises for
    what the file holds.
    """
    try:
        return _checked(_read(signature), content, Trust.of(roots), at)
    except MemoryError:
        raise
    except Exception:  # a hostile structure can provoke any of them in the parser
        return DetachedCheck(("not_signature",))


def _checked(signed: cms.SignedData, content: bytes, trust: Trust, at: datetime) -> DetachedCheck:
    if signed["encap_content_info"]["content"].native is not None:
        return DetachedCheck(("not_detached",))
    signers = tuple(_signer(signed, one, content, trust, at) for one in signed["signer_infos"])
    return DetachedCheck(merged(*(signer.causes for signer in signers)), signers)


def _read(signature: bytes) -> cms.SignedData:
    """Raises ValueError for what is no signed CMS."""
    if len(signature) > SIZE_LIMIT_BYTES:
        raise ValueError("too big")
    container = cms.ContentInfo.load(_der(signature), strict=True)
    if container["content_type"].native != "signed_data":
        raise ValueError("not signed data")
    signed = container["content"]
    if not 0 < len(signed["signer_infos"]) <= _SIGNERS_LIMIT:
        raise ValueError("no signers, or too many")
    return signed


def _der(signature: bytes) -> bytes:
    if pem.detect(signature):
        _kind, _headers, der = pem.unarmor(signature)
        return bytes(der)
    if signature[:1] == b"\x30":
        return signature
    try:
        return base64.b64decode(b"".join(signature.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("neither DER nor base64") from error


def _signer(
    signed: cms.SignedData, info: cms.SignerInfo, content: bytes, trust: Trust, at: datetime
) -> DetachedSigner:
    certificate = _certificate(signed, info)
    if certificate is None:
        nobody = ("", "", "", "", "")
        return DetachedSigner(*nobody, None, Level.UNQUALIFIED, ("certificate_absent",))
    algorithm = _algorithm(certificate)
    claimed = _claimed(info)
    alone = signed.copy()
    alone["signer_infos"] = cms.SignerInfos([info])
    check = _by_gost if algorithm in gost.KEYS else _by_library
    # An ended certificate is a cause of its own, not an issuer that we do not know.
    moment = min(at, certificate["tbs_certificate"]["validity"]["not_after"].native)
    causes = check(alone, content, trust, moment) or _time_causes(certificate, claimed, at)
    is_qualified = algorithm in gost.KEYS and not causes
    return DetachedSigner(
        name=str(certificate.subject.native.get("common_name", "")),
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        serial=f"{certificate.serial_number:x}",
        algorithm=gost.KEYS.get(algorithm, algorithm.upper()),
        signed_at=claimed,
        level=Level.QUALIFIED if is_qualified else Level.UNQUALIFIED,
        causes=tuple(causes),
    )


def _certificate(signed: cms.SignedData, info: cms.SignerInfo) -> x509.Certificate | None:
    wanted = info["sid"].chosen
    for choice in signed["certificates"]:
        certificate = choice.chosen
        if not isinstance(certificate, x509.Certificate):
            continue
        if info["sid"].name == "subject_key_identifier":
            if certificate.key_identifier == wanted.native:
                return certificate
        elif (certificate.issuer, certificate.serial_number) == (
            wanted["issuer"],
            wanted["serial_number"].native,
        ):
            return certificate
    return None


def _algorithm(certificate: x509.Certificate) -> str:
    """The key's own word: «rsa», «ec», or the number of one that the library does not know."""
    key = certificate["tbs_certificate"]["subject_public_key_info"]
    return str(key["algorithm"]["algorithm"].native)


def _claimed(info: cms.SignerInfo) -> datetime | None:
    for attribute in info["signed_attrs"]:
        if attribute["type"].native == "signing_time":
            moment: datetime = attribute["values"][0].native
            return moment
    return None


def _by_gost(alone: cms.SignedData, content: bytes, trust: Trust, at: datetime) -> list[str]:
    der = cms.ContentInfo({"content_type": "signed_data", "content": alone}).dump()
    try:
        if not gost.is_sound(der, content):
            return ["other_content"]
        is_trusted = gost.is_trusted(der, content, roots=trust.roots, at=at)
    except gost.CannotCheck:
        return ["not_checkable"]
    return [] if is_trusted else ["issuer_unknown"]


def _by_library(alone: cms.SignedData, content: bytes, trust: Trust, at: datetime) -> list[str]:
    """RSA and elliptic curves of the library; any other algorithm is an honest «not here»."""
    context = ValidationContext(
        trust_roots=list(trust.root_certificates),
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    try:
        status: Any = asyncio.run(async_validate_detached_cms(content, alone, context))
    except MemoryError:
        raise
    except Exception:  # a hostile structure can provoke any of them in the parser
        return ["not_checkable"]
    if not (status.intact and status.valid):
        return ["other_content"]
    return [] if status.trusted else ["issuer_unknown"]


def _time_causes(
    certificate: x509.Certificate, claimed: datetime | None, at: datetime
) -> list[str]:
    validity = certificate["tbs_certificate"]["validity"]
    starts, ends = validity["not_before"].native, validity["not_after"].native
    if claimed is not None and not starts <= claimed <= ends:
        return ["outside_term"]
    return ["certificate_expired"] if at > ends else []
