"""A time-stamping authority on a real port, which can be told to misbehave."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asn1crypto.keys
import asn1crypto.x509
from asn1crypto import algos, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

_PEM = serialization.Encoding.PEM
_DER = serialization.Encoding.DER
_DAY = timedelta(days=1)

Change = Callable[[tsp.TimeStampReq], tsp.TimeStampReq]


@dataclass
class TimeServer:
    """What the server answers next is decided by `mood`; `asked` counts time-stamp requests."""

    url: str = ""
    mood: str = "good"
    asked: int = 0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    is_for_time: bool = True
    days: int = 3650  # the term of its certificate
    is_list_served: bool = True
    is_revoked: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = _leaf_key()
        self._root = _certificate("Учебный центр времени", self._root_key, None, self._root_key)

    def start(self, url: str) -> None:
        """The certificate names the address of its revocation list, so it is made with the port."""
        self.url = f"{url}/tsr"
        point = x509.UniformResourceIdentifier(f"{url}/time.crl")
        self._leaf = _certificate(
            "Учебный сервер времени",
            self._key,
            self._root,
            self._root_key,
            list_url=point,
            is_for_time=self.is_for_time,
            days=self.days,
        )

    @property
    def root_pem(self) -> str:
        return self._root.public_bytes(_PEM).decode()

    @property
    def roots(self) -> list[asn1crypto.x509.Certificate]:
        return [asn1crypto.x509.Certificate.load(self._root.public_bytes(_DER))]

    def answer(self, body: bytes) -> tuple[int, bytes]:
        self.asked += 1
        if self.mood == "http_500":
            return 500, b"out of order"
        if self.mood == "silent":
            self.released.wait(20)
            return 200, b""
        if self.mood == "not_asn1":
            return 200, b"<html>Welcome to the guest network</html>"
        if self.mood == "huge":
            return 200, b"0" * 400_000
        if self.mood == "refuses":
            return 200, _refusal()
        return 200, self._token_for(_CHANGES.get(self.mood, _same)(tsp.TimeStampReq.load(body)))

    def revocation_list(self) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._root.subject)
        builder = builder.last_update(now - _DAY).next_update(now + 30 * _DAY)
        if self.is_revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(self._leaf.serial_number)
            entry = entry.revocation_date(now - _DAY)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._root_key, hashes.SHA256()).public_bytes(_DER)

    def _token_for(self, request: tsp.TimeStampReq) -> bytes:
        leaf = asn1crypto.x509.Certificate.load(self._leaf.public_bytes(_DER))
        moment = self.clock() - timedelta(hours=1 if self.mood == "wrong_time" else 0)
        stamper = DummyTimeStamper(leaf, _asn1_key(self._key), self._store(), fixed_dt=moment)
        answer = stamper.request_tsa_response(request)
        if self.mood == "forged":
            signer = answer["time_stamp_token"]["content"]["signer_infos"][0]
            raw = signer["signature"].native
            signer["signature"] = raw[:-1] + bytes([raw[-1] ^ 1])
        der: bytes = answer.dump(force=True)
        return der

    def _store(self) -> SimpleCertificateStore:
        store = SimpleCertificateStore()
        store.register(asn1crypto.x509.Certificate.load(self._root.public_bytes(_DER)))
        return store

    def write_for_openssl(self, folder: Path) -> None:
        """The files that `openssl ts -reply` wants."""
        key = self._key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "tsa.key").write_bytes(key)
        (folder / "tsa.pem").write_bytes(self._leaf.public_bytes(_PEM))
        (folder / "root.pem").write_bytes(self._root.public_bytes(_PEM))
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_OPENSSL.format(folder=folder))


@contextmanager
def running(server: TimeServer, openssl_in: Path | None = None) -> Iterator[TimeServer]:
    """The server on a free port of this machine; with a folder, `openssl ts` makes the tokens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            if openssl_in is not None:
                self._reply(200, _openssl_reply(openssl_in, body), "application/timestamp-reply")
            else:
                self._reply(*server.answer(body), "application/timestamp-reply")

        def do_GET(self) -> None:
            if server.is_list_served:
                self._reply(200, server.revocation_list(), "application/pkix-crl")
            else:
                self._reply(404, b"", "text/plain")

        def _reply(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # who gave up waiting is gone
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.start(f"http://127.0.0.1:{http.server_address[1]}")
    if openssl_in is not None:
        server.write_for_openssl(openssl_in)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()


@cache
def _leaf_key() -> rsa.RSAPrivateKey:
    """One for all servers: making it takes long, and pyHanko's stamper takes no other kind."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _same(request: tsp.TimeStampReq) -> tsp.TimeStampReq:
    return request


def _other_imprint(request: tsp.TimeStampReq) -> tsp.TimeStampReq:
    digest = request["message_imprint"]["hashed_message"].native
    request["message_imprint"]["hashed_message"] = bytes(byte ^ 255 for byte in digest)
    return request


def _other_kind(request: tsp.TimeStampReq) -> tsp.TimeStampReq:
    request["message_imprint"]["hash_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha512"})
    return request


def _other_nonce(request: tsp.TimeStampReq) -> tsp.TimeStampReq:
    request["nonce"] = request["nonce"].native + 1
    return request


def _no_nonce(request: tsp.TimeStampReq) -> tsp.TimeStampReq:
    imprint = request["message_imprint"].native
    return tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})


_CHANGES: dict[str, Change] = {
    "wrong_imprint": _other_imprint,
    "wrong_kind": _other_kind,
    "wrong_nonce": _other_nonce,
    "no_nonce": _no_nonce,
}


def _refusal() -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {"bad_alg"}}).dump()
    return bytes([0x30, len(status)]) + status  # TimeStampResp with the status alone


def _openssl_reply(folder: Path, body: bytes) -> bytes:
    query = folder / "query.tsq"
    query.write_bytes(body)
    command = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", query]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout


def _asn1_key(key: rsa.RSAPrivateKey) -> asn1crypto.keys.PrivateKeyInfo:
    der = key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return asn1crypto.keys.PrivateKeyInfo.load(der)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    list_url: x509.UniformResourceIdentifier | None = None,
    is_for_time: bool = False,
    days: int = 3650,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    is_root = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 365 * _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if list_url is not None:
        point = x509.DistributionPoint([list_url], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    if is_for_time:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


_OPENSSL = """
[ tsa ]
default_tsa = one
[ one ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
