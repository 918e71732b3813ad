"""Signatures made elsewhere, by other programs than ours: openssl with GOST, `cryptography`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem
from signing.verification import gost
from tests.tools import program, required

VALID = ("20260601000000Z", "20270601000000Z")
_AUTHORITY = """
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
policy = any
x509_extensions = root
[any]
commonName = supplied
organizationName = supplied
[root]
subjectKeyIdentifier = hash
basicConstraints = critical, CA:true
"""


@dataclass(frozen=True)
class GostSigner:
    """A person with a GOST key, its self-signed certificate being its own root."""

    folder: Path
    bits: int

    @classmethod
    def made_in(cls, folder: Path, bits: int = 256) -> GostSigner:
        required(gost.is_available(), "the GOST engine of openssl")
        signer = cls(folder, bits)
        signer._openssl(
            *("req", "-new", "-newkey", f"gost2012_{bits}", "-pkeyopt", "paramset:A", "-nodes"),
            *("-keyout", "key.pem", "-out", "request.pem", "-utf8"),
            *("-subj", "/CN=Лапина Ольга Игоревна/O=ООО «Вектор»"),
        )
        (folder / "ca.cnf").write_text(_AUTHORITY)
        (folder / "index.txt").touch()
        # Dated by hand: the clock of the tests is not that of openssl.
        signer._openssl(
            *("ca", "-selfsign", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", "key.pem"),
            *("-in", "request.pem", "-out", "certificate.pem", "-utf8", "-preserveDN"),
            *("-md", f"md_gost12_{bits}", "-startdate", VALID[0], "-enddate", VALID[1]),
        )
        return signer

    @property
    def certificate_pem(self) -> str:
        return (self.folder / "certificate.pem").read_text("ascii")

    def sign(self, content: bytes, *, form: str = "DER", is_detached: bool = True) -> bytes:
        (self.folder / "content").write_bytes(content)
        self._openssl(
            *("cms", "-sign", "-binary", "-signer", "certificate.pem", "-inkey", "key.pem"),
            *("-md", f"md_gost12_{self.bits}", "-in", "content", "-out", "sig", "-outform", form),
            *(() if is_detached else ("-nodetach",)),
        )
        return (self.folder / "sig").read_bytes()

    def _openssl(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [program("openssl"), command, "-engine", "gost", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )


def person(at: datetime, key_type: keys.KeyType = "RSA-3072") -> tuple[KeyPairPem, KeyPairPem]:
    """A person's key pair of another authority, and that authority."""
    authority = keys.new_authority("АО «Удостоверяющий центр»", at=at, key_type=key_type)
    pair = keys.issue_person(
        authority,
        name="Лапина Ольга Игоревна",
        organisation="ООО «Вектор»",
        email="lapina@vektor.example",
        at=at,
        key_type=key_type,
    )
    return pair, authority


def signature_of(pair: KeyPairPem, content: bytes, *, is_detached: bool = True) -> bytes:
    """A CMS in DER by the library's own builder."""
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    key = serialization.load_pem_private_key(pair.private_key_pem.encode(), None)
    options = [pkcs7.PKCS7Options.Binary]
    if is_detached:
        options.append(pkcs7.PKCS7Options.DetachedSignature)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate, key, hashes.SHA256())  # type: ignore[arg-type]
    return builder.sign(serialization.Encoding.DER, options)
