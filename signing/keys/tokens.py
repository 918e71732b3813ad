"""Keys that never leave a PKCS#11 token (a smart card, an HSM, SoftHSM2 in the tests).

They stand behind the same classes as keys in memory, so certificates, revocation lists and seals
are made with either. The package `python-pkcs11` is imported at the first use only.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import quote, unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from signx.errors import ErrorCode, SignXError

_SCHEME = "pkcs11:"
_COORDINATE_BYTES = 32
_RSA_BITS = 3072

TokenKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def is_token_key(text: str) -> bool:
    """Whether a stored key is the name of a token's object."""
    return text.startswith(_SCHEME)


@dataclass(frozen=True)
class Token:
    """A token of a PKCS#11 library: path of the module, label of the token, PIN of its user."""

    module: str
    label: str
    pin: str

    def __repr__(self) -> str:
        return f"Token({self.label!r})"  # the PIN stays out of logs

    def new_key(self, key_type: str) -> tuple[TokenKey, str]:
        """Make a key pair in the token. The URI (RFC 7512) names it from now on."""
        name = f"signx-{secrets.token_hex(8)}"
        slot = _slot(self)
        make = _make_rsa if key_type == "RSA-3072" else _make_ec
        slot.use(lambda session: make(session, name))
        uri = f"{_SCHEME}token={quote(self.label)};object={name}"
        return self.open_key(uri), uri

    def open_key(self, uri: str) -> TokenKey:
        """The key of a URI that `new_key` gave. Raises LookupError when the token has none."""
        parts = dict(part.split("=", 1) for part in uri.removeprefix(_SCHEME).split(";"))
        if unquote(parts["token"]) != self.label:
            raise LookupError(f"the key lies in the token {unquote(parts['token'])}")
        return _slot(self).use(lambda session: _opened(self, session, parts["object"]))


class _Slot:
    """One session per process, opened anew after a fork or a failure; calls come one at a time.

    Raises SignXError(PROVIDER_FAILED), worth another try, when the token does not do its work.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._lock = threading.Lock()
        self._session: Any = None
        self._pid = 0

    def use(self, work: Callable[[Any], Any]) -> Any:
        from pkcs11 import PKCS11Error

        with self._lock:
            try:
                if self._session is None or self._pid != os.getpid():
                    self._open()
                return work(self._session)
            except PKCS11Error as error:
                # A token that was taken out or restarted knows nothing of the old session.
                self._pid = 0
                cause = f"the token {self._token.label}: {type(error).__name__}"
                raise SignXError(ErrorCode.PROVIDER_FAILED, cause) from error

    def _open(self) -> None:
        import pkcs11

        library = pkcs11.lib(self._token.module)
        if self._session is not None:
            # A library that was initialised before a fork is of no use after it (PKCS#11, 6.7.4);
            # this also ends the sessions of this process.
            library.reinitialize()
        token = library.get_token(token_label=self._token.label)
        self._session = token.open(user_pin=self._token.pin, rw=True)
        self._pid = os.getpid()


@lru_cache(maxsize=4)
def _slot(token: Token) -> _Slot:
    return _Slot(token)


def _make_ec(session: Any, name: str) -> None:
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
    parameters.generate_keypair(store=True, label=name)


def _make_rsa(session: Any, name: str) -> None:
    from pkcs11 import KeyType

    session.generate_keypair(KeyType.RSA, _RSA_BITS, store=True, label=name)


def _opened(token: Token, session: Any, name: str) -> TokenKey:
    from pkcs11 import Attribute, KeyType, NoSuchKey, ObjectClass

    try:
        public = session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=name)
    except NoSuchKey as error:
        raise LookupError(f"the token {token.label} has no key {name}") from error
    if public.key_type == KeyType.RSA:
        modulus = int.from_bytes(public[Attribute.MODULUS], "big")
        exponent = int.from_bytes(public[Attribute.PUBLIC_EXPONENT], "big")
        return TokenRsaKey(token, name, rsa.RSAPublicNumbers(exponent, modulus).public_key())
    # The point comes as a DER octet string: tag and length before the point itself.
    point = bytes(public[Attribute.EC_POINT])[-(2 * _COORDINATE_BYTES + 1) :]
    curve = ec.SECP256R1()
    return TokenEcKey(token, name, ec.EllipticCurvePublicKey.from_encoded_point(curve, point))


def _sign(token: Token, name: str, data: bytes, mechanism: str) -> bytes:
    def work(session: Any) -> bytes:
        from pkcs11 import Mechanism, ObjectClass

        private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=name)
        return bytes(private.sign(data, mechanism=Mechanism[mechanism]))

    signature: bytes = _slot(token).use(work)
    return signature


def _refuse(*_args: object) -> NoReturn:
    raise ValueError("the key stays in its token")


class TokenEcKey(ec.EllipticCurvePrivateKey):
    """A P-256 key in a token; signs SHA-256 digests."""

    def __init__(self, token: Token, name: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._name, self._public = token, name, public

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(
        self,
        data: bytes,  # type: ignore[override]  # narrower than any buffer
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        """A DER signature; a token chooses its own random number, whatever is asked."""
        algorithm = signature_algorithm.algorithm
        digest = data if isinstance(algorithm, Prehashed) else _digest(data, algorithm)
        raw = _sign(self._token, self._name, digest, "ECDSA")
        half = len(raw) // 2
        first, second = (int.from_bytes(part, "big") for part in (raw[:half], raw[half:]))
        return encode_dss_signature(first, second)

    def __copy__(self) -> TokenEcKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> TokenEcKey:
        return self

    exchange = private_numbers = private_bytes = _refuse  # type: ignore[assignment]


class TokenRsaKey(rsa.RSAPrivateKey):
    """An RSA key in a token; signs with PKCS#1 v1.5 and SHA-256."""

    def __init__(self, token: Token, name: str, public: rsa.RSAPublicKey) -> None:
        self._token, self._name, self._public = token, name, public

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(self, data: bytes, padding: object, algorithm: object) -> bytes:
        if not isinstance(algorithm, hashes.SHA256):
            raise ValueError("a key in a token signs SHA-256 only")
        return _sign(self._token, self._name, data, "SHA256_RSA_PKCS")

    def __copy__(self) -> TokenRsaKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> TokenRsaKey:
        return self

    decrypt = private_numbers = private_bytes = _refuse  # type: ignore[assignment]


def _digest(data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
