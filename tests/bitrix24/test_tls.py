"""A portal on a company's own server is believed by the certificate of its name."""

from __future__ import annotations

import socket
import ssl
import threading
import time
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

pytestmark = pytest.mark.usefixtures("fresh_session")


@pytest.fixture
def certificate(tmp_path) -> Path:
    """Of crm.corp.example, signed by itself: certificate and key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crm.corp.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("crm.corp.example")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "portal.pem"
    path.write_bytes(
        built.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


@pytest.fixture
def tls_listener(certificate, settings) -> Iterator[int]:
    """A web server of that name on loopback, whose certificate the session believes."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    transport.session().verify = str(certificate)
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_certificate_is_that_of_the_name_not_of_the_address(tls_listener, settings):
    name = f"crm.corp.example:{tls_listener}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, "127.0.0.1")}

    _response, body = transport.get(f"https://{name}/")

    assert body == name.encode()


def test_another_names_certificate_is_refused(tls_listener, settings):
    name = f"sever.corp.example:{tls_listener}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, "127.0.0.1")}

    with pytest.raises(BitrixError, match="SSLError"):
        transport.get(f"https://{name}/")


def test_a_server_that_never_ends_its_handshake_is_left(settings):
    server = socket.create_server(("127.0.0.1", 0))
    name = f"crm.corp.example:{server.getsockname()[1]}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, "127.0.0.1")}
    settings.BITRIX24_TIMEOUT_S = (0.3, 1)
    started = time.monotonic()

    with pytest.raises(BitrixError):
        transport.get(f"https://{name}/")

    server.close()
    assert time.monotonic() - started < 10
