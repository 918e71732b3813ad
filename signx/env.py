"""Readers for the environment. A value that cannot be used stops the start and names itself."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()
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


def hosts(name: str) -> Hosts:
    """`host`, `host:port` or `host:port@address`, by commas; the key is host and port."""
    found: Hosts = {}
    for item in env.list(name, default=[]):
        host, _, address = item.strip().partition("@")
        if not host or "/" in host:
            raise ImproperlyConfigured(f"{name}: {item!r} is not host[:port][@address]")
        found[host.lower()] = Host(host.lower(), address or None)
    return found


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
