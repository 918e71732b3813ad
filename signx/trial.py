"""Settings for trying the engine on a machine where nothing is configured.

`check_pdf`, `verify_pdf` and `seal_pdf` work right after the installation: what they need of
secrets is made once and kept in `var/trial/`, apart from any real data. Every other command still
demands a configuration.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

COMMANDS = frozenset({"check_pdf", "verify_pdf", "seal_pdf"})
# Tells the commands that their database is ours to make.
MARK = "SIGNX_TRIAL"
_ROOT = Path(__file__).resolve().parent.parent
_NEEDED = "SIGNX_SECRET_KEY"


def prepare(arguments: Sequence[str], root: Path = _ROOT) -> None:
    """Before settings are read: fill the environment for a command of the engine."""
    is_configured = _NEEDED in os.environ or f"{_NEEDED}_FILE" in os.environ
    if is_configured or (root / ".env").exists() or not COMMANDS & set(arguments[1:2]):
        return
    folder = root / "var" / "trial"
    os.environ.update(_kept_secrets(folder / "secrets.json"))
    os.environ.update({"SIGNX_DATA_DIR": str(folder), MARK: "1"})


def _kept_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        made = {
            _NEEDED: secrets.token_urlsafe(50),
            "SIGNX_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(made), "ascii")
    kept: dict[str, str] = json.loads(path.read_text("ascii"))
    return kept
