"""Portals whose certificate is from their company's own authority (SIGNX_CA_FILE)."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bitrix24.wire import transport
from bitrix24.wire.errors import BitrixError
from signx.env import Host

HOST = "crm.corp.example"


class Authority:
    """Certifies hosts; `pem` is what others need to believe it."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        self.certificate = self._certify(
            self.name,
            self.key.public_key(),
            x509.BasicConstraints(ca=True, path_length=None),
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()),
            x509.KeyUsage(False, False, False, False, False, True, True, False, False),
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, host: str) -> bytes:
        """Certificate and key of `host`, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(
            _name(host), key.public_key(), x509.SubjectAlternativeName([x509.DNSName(host)])
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM) + private

    def _certify(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(issuer_key, critical=False)
        )
        for extension in extensions:
            is_critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(self.key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@pytest.fixture(scope="module")
def company() -> Authority:
    return Authority("Corp Root")


@pytest.fixture
def url(company, tmp_path, settings) -> Iterator[str]:
    """A portal on loopback, certified by its company."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    pem = tmp_path / "portal.pem"
    pem.write_bytes(company.issue(HOST))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    name = f"{HOST}:{server.server_port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, "127.0.0.1")}
    transport.reset()
    yield f"https://{name}/rest/"
    transport.reset()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_companys_own_authority_is_not_believed_by_itself(url):
    with pytest.raises(BitrixError, match="SSLError"):
        transport.get(url)


def test_a_portal_certified_by_a_listed_authority_is_connected_to(url, company, settings):
    settings.CA_CERTIFICATES = Authority("Other Root").pem + company.pem

    response, body = transport.get(url)

    assert (response.status_code, body) == (200, b"{}")


def test_another_authority_of_the_list_opens_nothing(url, settings):
    settings.CA_CERTIFICATES = Authority("Corp Root").pem

    with pytest.raises(BitrixError, match="SSLError"):
        transport.get(url)


def test_the_usual_authorities_are_believed_beside_it(
    url, company, settings, tmp_path, monkeypatch
):
    """The portal's authority is the usual one here, and the setting names another."""
    usual = tmp_path / "usual.pem"
    usual.write_text(company.pem)
    settings.CA_CERTIFICATES = Authority("Other Root").pem
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(usual))

    assert transport.get(url)[0].status_code == 200


def start_with(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.CA_CERTIFICATES)"],
        env=os.environ | {"SIGNX_CA_FILE": str(path), "DJANGO_SETTINGS_MODULE": "signx.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_is_read_at_the_start(company, tmp_path):
    path = tmp_path / "company-ca.pem"
    path.write_text(f"Наш удостоверяющий центр, до 2036\n{company.pem}")

    assert start_with(path).stdout.strip() == company.pem.strip()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"\x30\x82\x01\x0a", "holds no certificate in PEM"),
        (b"the certificate of our company\n", "holds no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
    ],
    ids=["missing", "DER", "text", "damaged"],
)
def test_a_file_that_cannot_be_used_stops_the_start_and_names_itself(tmp_path, content, reason):
    path = tmp_path / "company-ca.pem"
    if content is not None:
        path.write_bytes(content)

    started = start_with(path)

    assert started.returncode != 0
    assert "SIGNX_CA_FILE" in started.stderr
    assert reason in started.stderr
