"""SIGNX: the fields of both sides prepared and one signature made, bytes in and bytes out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings

from bench.job import PASSWORD, STAMP_LINES, measure, read_job

_PEM = serialization.Encoding.PEM


def main() -> None:
    settings.configure(USE_I18N=False)
    from signing.base import Place, StampText
    from signing.embedded import seal
    from signing.keys import authority

    job = read_job()
    key, certificate, chain = pkcs12.load_key_and_certificates(
        Path(job.pkcs12).read_bytes(), PASSWORD.encode()
    )
    if key is None or certificate is None:
        raise SystemExit("no key")
    pair = authority.KeyPairPem(
        certificate_pem=certificate.public_bytes(_PEM).decode(),
        private_key_pem=key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        chain_pem="".join(one.public_bytes(_PEM).decode() for one in chain),
        serial="",
        subject="",
        not_after=certificate.not_valid_after_utc,
    )
    pdf = Path(job.pdf).read_bytes()
    places = {"1": (Place(0, 20, 200, 78, 28),), "2": (Place(0, 110, 200, 78, 28),)}
    prepared = seal.add_fields(pdf, places) if "--prepared" in sys.argv else b""

    def sign() -> bytes:
        return seal.sign(
            prepared or seal.add_fields(pdf, places),
            key="1",
            stamp=StampText(STAMP_LINES),
            with_key=authority.load(pair),
            at=datetime(2026, 11, 24, 11, 5, 9, tzinfo=UTC),
            reason="",
            name=STAMP_LINES[1],
        )

    measure(job, sign)


if __name__ == "__main__":
    main()
