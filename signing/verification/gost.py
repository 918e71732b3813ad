"""Signatures by GOST R 34.10-2012, checked by OpenSSL with its GOST engine.

The engine is a system package (Debian: libengine-gost-openssl). Without it nothing is guessed:
every answer is CannotCheck. Source: RFC 9215 (certificates), RFC 4490 (CMS).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

# Keys by GOST R 34.10-2012 with 256 and 512 bits.
KEYS = {"1.2.643.7.1.1.1.1": "GOST R 34.10-2012 256", "1.2.643.7.1.1.1.2": "GOST R 34.10-2012 512"}
_SECONDS = 20
# What openssl says when hash or signature do not fit, and only then.
_FALSE = b"verification failure"


class CannotCheck(Exception):
    """No engine, or it gave up: neither true nor false."""


@cache
def is_available() -> bool:
    """Whether the openssl program is here and can load the engine."""
    program = shutil.which("openssl")
    try:
        return program is not None and _run([program, "engine", "-t", "gost"]).returncode == 0
    except CannotCheck:
        return False


def is_sound(cms: bytes, content: bytes) -> bool:
    """Whether the detached CMS (DER) was made for exactly this content, by its own certificate.

    Raises CannotCheck.
    """
    done = _verify(cms, content, ["-noverify"])
    if done.returncode and _FALSE not in done.stderr:
        raise CannotCheck(f"exit {done.returncode}")
    return done.returncode == 0


def is_trusted(cms: bytes, content: bytes, *, roots: Sequence[str], at: datetime) -> bool:
    """The same, and its certificate leads to one of the roots (PEM) at the given moment.

    Raises CannotCheck.
    """
    if not roots:
        return False
    # The purpose "any": a signer's certificate is not made for e-mail, which openssl expects.
    options = ["-purpose", "any", "-attime", str(int(at.timestamp()))]
    return _verify(cms, content, options, roots).returncode == 0


def _verify(
    cms: bytes, content: bytes, options: list[str], roots: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    if not is_available():
        raise CannotCheck("no engine")
    with tempfile.TemporaryDirectory(prefix="signx-gost-") as folder:
        signature, signed, anchors = (Path(folder, name) for name in ("sig", "content", "roots"))
        signature.write_bytes(cms)
        signed.write_bytes(content)
        anchors.write_text("\n".join(roots))
        trusted = ["-CAfile", str(anchors), "-no-CApath", "-no-CAstore"] if roots else []
        command = ["openssl", "cms", "-verify", "-engine", "gost", "-binary", "-inform", "DER"]
        files = ["-in", str(signature), "-content", str(signed), "-out", "/dev/null"]
        return _run([*command, *options, *trusted, *files])


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotCheck(type(error).__name__) from error
