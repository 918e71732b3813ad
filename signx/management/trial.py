"""A machine where nothing is configured: what works there, and what is said of the rest.

The commands of the engine and those about the code alone work right after the installation: what
they need of secrets is made once and kept in `var/trial/`, apart from any real data. Every other
command still demands a configuration.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

COMMANDS = frozenset({"check_pdf", "verify_pdf", "seal_pdf", "makemigrations", "write_error_docs"})
# Django answers these without settings.
NO_SETTINGS = frozenset({"help", "--help", "-h", "version", "--version"})
# Tells the commands that their database is ours to make.
MARK = "SIGNX_TRIAL"
_ROOT = Path(__file__).resolve().parent.parent.parent
_NEEDED = "SIGNX_SECRET_KEY"


def fill_environment(arguments: Sequence[str], root: Path = _ROOT) -> None:
    """Before settings are read: fill the environment for a command that touches no data."""
    if _is_configured(root) or not COMMANDS & set(arguments[1:2]):
        return
    folder = root / "var" / "trial"
    os.environ.update(_kept_secrets(folder / "secrets.json"))
    os.environ.update({"SIGNX_DATA_DIR": str(folder), MARK: "1"})


def trouble(arguments: Sequence[str], root: Path = _ROOT) -> str:
    """Why no command can work, and what to do about it; empty when settings can be read."""
    if not NO_SETTINGS.isdisjoint(arguments[1:2]) or not arguments[1:]:
        return ""
    if not _is_configured(root):
        return (
            "SIGNX is not configured: there is neither a file .env nor SIGNX_SECRET_KEY.\n"
            "Run `cp .env.example .env`, fill in its part “Must be set”, then `manage.py setup`."
        )
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        return f"SIGNX cannot start: {error}.\nCorrect .env; .env.example explains every value."
    return ""


def _is_configured(root: Path) -> bool:
    given = _NEEDED in os.environ or f"{_NEEDED}_FILE" in os.environ
    return given or (root / ".env").exists()


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
