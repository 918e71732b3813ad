"""Addresses of callers; apart, because the server reads them before the application is set up."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address as servers and proxies write it: with a port, in brackets, or IPv4 in the dress
    that a listener for both gives it (::ffff:198.51.100.7). None for anything else."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.endswith("]") or ":" not in host):
        text = host
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
