"""The two hashes of every file: SHA-256 and GOST R 34.11-2012 with 256 bits."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from ctypes.util import find_library
from functools import cache

from signing import streebog

# From gcrypt.h: GCRY_MD_STRIBOG256 and GCRYCTL_TEST_ALGO.
_GCRYPT_STREEBOG_256 = 309
_GCRYPT_TEST_ALGORITHM = 8
# Carries run through the whole 512-bit sum: the input on which libgcrypt before 1.9 was wrong.
_PROBE = b"\xff" * 192 + b"\x01"


def sha256(data: bytes) -> str:
    """SHA-256 as 64 lowercase hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def streebog256(data: bytes) -> str:
    """GOST R 34.11-2012 with 256 bits as 64 lowercase hexadecimal digits. Source: RFC 6986."""
    return _implementation()(data).hex()


@cache
def _implementation() -> Callable[[bytes], bytes]:
    """libgcrypt where the system has a correct one (100 times faster), else plain Python."""
    fast = _libgcrypt()
    if fast is not None and fast(_PROBE) == streebog.streebog256(_PROBE):
        return fast
    return streebog.streebog256


def _libgcrypt() -> Callable[[bytes], bytes] | None:
    name = find_library("gcrypt") or "libgcrypt.so.20"
    try:
        library = ctypes.CDLL(name)
        library.gcry_check_version.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        return None
    if library.gcry_check_version(None) is None:
        return None
    if library.gcry_md_algo_info(_GCRYPT_STREEBOG_256, _GCRYPT_TEST_ALGORITHM, None, None):
        return None

    def digest(data: bytes) -> bytes:
        result = ctypes.create_string_buffer(32)
        library.gcry_md_hash_buffer(
            _GCRYPT_STREEBOG_256, result, ctypes.c_char_p(data), ctypes.c_size_t(len(data))
        )
        return result.raw

    return digest
