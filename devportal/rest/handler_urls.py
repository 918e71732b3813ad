"""What the portal demands of an address it will call or frame."""

from __future__ import annotations

from urllib.parse import urlsplit

from devportal.errors import RestError


def check_handler_url(url: str) -> None:
    """http or https, and a host with a dot in it: `127.0.0.1` passes, `localhost` does not.

    ERROR_UNSUPPORTED_PROTOCOL, ERROR_WRONG_HANDLER_URL. Source: server, rest_util checkCallback.
    """
    parts = urlsplit(url)
    if not url or not parts.scheme:
        raise RestError("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
    if parts.scheme not in ("http", "https"):
        raise RestError("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")
    if "." not in (parts.hostname or ""):
        raise RestError("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
