"""Where we may connect: public addresses, and the private ones named in SELF_HOSTED_PORTALS."""

from __future__ import annotations

import ipaddress
import socket
import threading
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from bitrix24.wire.errors import BitrixError
from signx.errors import ErrorCode

DEFAULT_PORTS = {"http": 80, "https": 443}
# Below it other services than the web have their ports.
LOWEST_PORT = 1024
RESOLVE_S = 5.0
_ALLOCATED = ipaddress.ip_network("2000::/3")  # all that IANA has given out for the internet
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Documentation (RFC 9637) and relays that are gone (RFC 7526): not in every version of Python.
_SPECIAL = [ipaddress.ip_network(text) for text in ("3fff::/20", "192.88.99.0/24")]


def netloc(url: str) -> str:
    """Host and port of a URL in lower case, the port only when it is not the scheme's own.

    Empty for what cannot be read: it may be anybody's, and then it is nobody's address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host or port is None or port == DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{port}"


def check_url(url: str) -> None:
    """Raises BitrixError(PORTAL_UNREACHABLE) unless it is https, or a listed self-hosted portal.

    A company's own server may have a port of its own; the low ones are other services'.
    """
    name = netloc(url)
    if not name:
        raise refused("an address without a host that can be read")
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise refused("an address with a password in it")
    if name in settings.SELF_HOSTED_PORTALS:
        return
    if parts.scheme != "https":
        raise refused(f"{parts.scheme or 'no scheme'} is only for self-hosted portals")
    port = parts.port or DEFAULT_PORTS["https"]
    if port != DEFAULT_PORTS["https"] and port < LOWEST_PORT:
        raise refused(f"port {port}")


def check_address(url: str) -> None:
    """Raises BitrixError(PORTAL_UNREACHABLE) unless we may connect to where `url` leads now.

    Connecting checks again: this keeps an address that is refused out of the database.
    """
    check_url(url)
    addresses_of(url)


def addresses_of(url: str) -> list[str]:
    """The IP addresses to connect to, resolved and checked once, so that DNS cannot change its
    mind.

    Every address of the name must be public: one private among them is an attack or a mistake.
    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    parts = urlsplit(url)
    host = settings.SELF_HOSTED_PORTALS.get(netloc(url))
    if host is not None and host.address:
        return [str(host.address)]
    addresses = _resolve(parts.hostname or "")
    if host is None and not all(is_public(address) for address in addresses):
        raise refused("the host's address is not public")
    return addresses


def is_public(address: str) -> bool:
    """Whether packets to it leave for the public internet; IPv4 in IPv6 clothes is undressed."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # NAT64 (RFC 6052) carries an IPv4 address in its last 32 bits.
        nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
        inner = ip.ipv4_mapped or ip.sixtofour or nat64
        if inner is not None:
            return is_public(str(inner))
        # Whatever else carries one, by whatever rule, lies outside.
        if ip not in _ALLOCATED:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in some for some in _SPECIAL)


def refused(reason: str) -> BitrixError:
    return BitrixError(
        ErrorCode.PORTAL_UNREACHABLE, f"refused: {reason}", bitrix_code="ADDRESS_REFUSED"
    )


def _resolve(host: str) -> list[str]:
    """The system waits for silent name servers as long as it likes; we do not wait for it."""
    answer: Future[list[Any]] = Future()
    threading.Thread(target=_look_up, args=(answer, host), daemon=True).start()
    try:
        found = answer.result(timeout=RESOLVE_S)
    except (OSError, UnicodeError) as error:
        raise BitrixError(ErrorCode.PORTAL_UNREACHABLE, "the host has no address") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look_up(answer: Future[list[Any]], host: str) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except Exception as error:
        answer.set_exception(error)
