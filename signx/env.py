"""Readers for the environment. A value that cannot be used stops the start and names itself."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


class Env(environ.FileAwareEnv):
    """django-environ, whose errors name the variable."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}") from error


_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

env = Env()
environ.Env.read_env(Path(__file__).resolve().parent.parent / ".env", overwrite=False)


class Host(NamedTuple):
    """A host we may talk to although its address is private; `address` pins its DNS answer."""

    name: str
    address: str | None


Hosts = dict[str, Host]


def url(name: str, default: str) -> str:
    """An http(s) address without a path or a final slash."""
    value = env.str(name, default=default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise ImproperlyConfigured(f"{name} must be like https://signx.example, got {value!r}")
    return value


def at_least(name: str, lowest: int, *, default: int) -> int:
    """A whole number that must not be smaller."""
    value: int = env.int(name, default=default)
    if value < lowest:
        raise ImproperlyConfigured(f"{name} must be at least {lowest}, got {value}")
    return value


def certificates(name: str) -> str:
    """The certificates of a PEM file, one or more, as text; empty when no file is named."""
    path = env.str(name, default="")
    if not path:
        return ""
    try:
        # Between the certificates people write whose they are, in any encoding.
        text = Path(path).read_text("ascii", errors="replace")
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {path} cannot be read") from error
    found = _CERTIFICATE.findall(text)
    if not found:
        raise ImproperlyConfigured(f"{name}: {path} holds no certificate in PEM")
    return "\n".join(found)


def authorities(name: str) -> str:
    """`certificates` that connections can believe: each of them is tried."""
    text = certificates(name)
    if not text:
        return ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise ImproperlyConfigured(f"{name}: a certificate in the file is damaged") from error
    return text


def hosts(name: str) -> Hosts:
    """`host`, `host:port` or `host:port@address`, by commas; the key is host and port."""
    found: Hosts = {}
    for item in env.list(name, default=[]):
        host, _, address = item.strip().partition("@")
        if not host or "/" in host:
            raise ImproperlyConfigured(f"{name}: {item!r} is not host[:port][@address]")
        found[host.lower()] = Host(host.lower(), address or None)
    return found


class Mailbox(NamedTuple):
    """A mailbox to read; `folder` is for IMAP alone."""

    is_imap: bool
    is_encrypted: bool
    host: str
    port: int
    user: str
    password: str
    folder: str


_MAILBOX_PORTS = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}


def mailbox(name: str) -> Mailbox | None:
    """imaps://user:password@host[:port][/folder] or pop3s://…; None when it is not set."""
    value = env.str(name, default="")
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in _MAILBOX_PORTS or not parts.hostname or not parts.username:
        raise ImproperlyConfigured(f"{name} must be like imaps://user:password@mail.example/INBOX")
    return Mailbox(
        is_imap=parts.scheme.startswith("imap"),
        is_encrypted=parts.scheme.endswith("s"),
        host=parts.hostname,
        port=parts.port or _MAILBOX_PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def needed(*names: str) -> None:
    """Stops the start when one of these is empty."""
    for name in names:
        if not env.str(name, default=""):
            raise ImproperlyConfigured(f"{name} must be set")


def choice(name: str, choices: tuple[str, ...]) -> str:
    """One of the given words; the first of them when it is not set."""
    value = env.str(name, default=choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(filter(None, choices))}")
    return str(value)


def fernet_keys(name: str) -> list[str]:
    """32-byte url-safe base64 keys, newest first, by commas."""
    keys: list[str] = env.list(name)
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: key {number} is not 32 url-safe base64 bytes"
            ) from error
    if not keys:
        raise ImproperlyConfigured(f"{name} needs at least one key")
    return keys
