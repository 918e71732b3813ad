"""Where we may connect: public addresses, and the private ones named in SELF_HOSTED_PORTALS."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from bitrix24.errors import BitrixError
from signx.errors import ErrorCode

DEFAULT_PORTS = {"http": 80, "https": 443}


def netloc(url: str) -> str:
    """Host and port of a URL in lower case, the port only when it is not the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


def check_url(url: str) -> None:
    """Raises BitrixError(PORTAL_UNREACHABLE) unless it is https, or a listed self-hosted portal."""
    try:
        parts = urlsplit(url)
        name = netloc(url)
    except ValueError as error:
        raise refused("an address that cannot be read") from error
    if not name or parts.username or parts.password:
        raise refused("an address without a host")
    if parts.scheme != "https" and name not in settings.SELF_HOSTED_PORTALS:
        raise refused(f"{parts.scheme or 'no scheme'} is only for self-hosted portals")


def check_address(url: str) -> None:
    """Raises BitrixError(PORTAL_UNREACHABLE) unless we may connect to where `url` leads now.

    Connecting checks again: this keeps an address that is refused out of the database.
    """
    check_url(url)
    address_of(url)


def address_of(url: str) -> str:
    """The IP address to connect to, resolved and checked once, so that DNS cannot change its mind.

    Every address of the name must be public: one private among them is an attack or a mistake.
    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    parts = urlsplit(url)
    host = settings.SELF_HOSTED_PORTALS.get(netloc(url))
    if host is not None and host.address:
        return str(host.address)
    addresses = _resolve(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])
    if host is None and not all(is_public(address) for address in addresses):
        raise refused("the host's address is not public")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether packets to it leave for the public internet; IPv4 in IPv6 clothes is undressed."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        # NAT64 (RFC 6052) carries an IPv4 address in its last 32 bits.
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


def refused(reason: str) -> BitrixError:
    return BitrixError(
        ErrorCode.PORTAL_UNREACHABLE, f"refused: {reason}", bitrix_code="ADDRESS_REFUSED"
    )


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BitrixError(ErrorCode.PORTAL_UNREACHABLE, "the host has no address") from error
    return [str(entry[4][0]) for entry in found]
