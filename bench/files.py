"""The files that are signed: contracts of 1, 10 and 200 pages, and a scan of 12 MB."""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings
from PIL import Image

from bench.job import FILES, KEYS, PASSWORD
from signing.keys import authority as keys
from tests.signing import papers

SCAN_BYTES = 12_000_000
_SCAN_QUALITY = 50
_AT = datetime(2026, 11, 24, 11, 5, 9, tzinfo=UTC)


def make(folder: Path) -> None:
    """Write every file and key into the folder, under the names of FILES and KEYS."""
    for name, pages in zip(FILES, (1, 10, 200), strict=False):
        (folder / name).write_bytes(papers.contract(pages, rows=30))
    # Rewritten, because not every tool reads the scanner's own cross-reference table.
    (folder / FILES[-1]).write_bytes(papers.changed(_scan(), lambda _document: None))
    make_keys(folder)


def make_keys(folder: Path) -> None:
    """PKCS#12 files: P-256 with its chain, and for the tool that cannot use it RSA-2048."""
    organisation = "ООО «Север-Логистика»"
    authority = keys.new_authority(organisation, at=_AT)
    pair = keys.issue_seal(authority, organisation=organisation, at=_AT)
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    key = serialization.load_pem_private_key(pair.private_key_pem.encode(), None)
    rsa_key = rsa.generate_private_key(65537, 2048)
    rsa_certificate = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(certificate.subject)
        .public_key(rsa_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
        .sign(rsa_key, hashes.SHA256())
    )
    (folder / KEYS[0]).write_bytes(_packed(key, certificate, [root]))
    (folder / KEYS[1]).write_bytes(_packed(rsa_key, rsa_certificate, []))


def _packed(key: object, certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> bytes:
    # The scripting tools read only the older encryption.
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .build(PASSWORD.encode())
    )
    return pkcs12.serialize_key_and_certificates(
        b"bench",
        key,  # type: ignore[arg-type]
        certificate,
        list(chain),
        encryption,
    )


def _scan() -> bytes:
    """Pages of noise, which no compression makes smaller."""
    source = random.Random(7)
    pages: list[Image.Image] = []
    size = 0
    while size < SCAN_BYTES:
        page = Image.frombytes("RGB", (1240, 1754), source.randbytes(1240 * 1754 * 3))
        packed = io.BytesIO()
        page.save(packed, "JPEG", quality=_SCAN_QUALITY)
        size += len(packed.getvalue())
        pages.append(page)
    output = io.BytesIO()
    pages[0].save(
        output, "PDF", save_all=True, append_images=pages[1:], resolution=150, quality=_SCAN_QUALITY
    )
    return output.getvalue()


if __name__ == "__main__":
    settings.configure(USE_I18N=False)
    make(Path(sys.argv[1]))
