"""Private keys with their certificates, as text and as objects that sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.keys.signer import PrivateKey
from signing.keys.tokens import Token, is_token_key

KeyType = Literal["P-256", "RSA-3072"]


@dataclass(frozen=True)
class KeyPairPem:
    """A certificate with its private key (PKCS#8, not encrypted: the caller encrypts it).

    A key that never leaves a PKCS#11 token is named instead, by its URI (RFC 7512).
    `chain_pem` holds the certificates above it, the nearest first; empty for a root.
    """

    certificate_pem: str
    private_key_pem: str
    chain_pem: str
    serial: str
    subject: str
    not_after: datetime


def new_key(key_type: KeyType, token: Token | None = None) -> tuple[PrivateKey, str]:
    """A new private key and the text that `open_key` opens it by."""
    if token is not None:
        return token.new_key(key_type)
    key: PrivateKey
    if key_type == "RSA-3072":
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key, text.decode()


def open_key(text: str, token: Token | None = None) -> PrivateKey:
    """The private key of a PKCS#8 text, or of a token that `text` names.

    Raises ValueError for a key in a token when no token is configured.
    """
    if is_token_key(text):
        if token is None:
            raise ValueError("the key lies in a PKCS#11 token, and none is configured")
        return token.open_key(text)
    key = serialization.load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"unsupported key: {type(key).__name__}")
    return key
