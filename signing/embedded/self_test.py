"""Does the seal work? A blank page is sealed and checked, the way every document is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pikepdf

from signing.base import Place, StampText
from signing.embedded import seal
from signing.keys.authority import SealKey
from signing.keys.proof import Proof
from signing.verify import verify

_PLACES = {"1": (Place(0, 20, 20, 86, 30),), "2": (Place(0, 110, 20, 86, 30),)}


class SelfTestFailed(Exception):
    """The text tells support what is wrong; it holds no secret."""


def check_seal(key: SealKey, *, roots: Sequence[str], at: datetime) -> None:
    """Sign a page for two parties, then verify it. No outside server is asked.

    Raises SelfTestFailed.
    """
    try:
        signed = signed_twice(_blank_page(), key, at=at)
    except Exception as error:  # whatever it is, the installation cannot sign
        raise SelfTestFailed(f"cannot sign: {type(error).__name__}") from error
    verdict = verify(signed, roots=roots, pinned=[key.fingerprint], at=at, apart=False)
    if verdict.verdict != "valid":
        raise SelfTestFailed(f"its signature does not verify: {', '.join(verdict.causes)}")


def signed_twice(pdf: bytes, key: SealKey, *, at: datetime) -> bytes:
    """The file with two stamps and signatures, as a document of two parties gets them."""
    offline = replace(key, proof=Proof())
    signed = seal.add_fields(pdf, _PLACES)
    for party in _PLACES:
        signed = seal.sign(
            signed,
            key=party,
            stamp=StampText(("SIGNX",)),
            with_key=offline,
            at=at,
            reason="",
            name="",
        )
    return signed


def _blank_page() -> bytes:
    output = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(output)
    return output.getvalue()
