"""Log lines without secrets: tokens, links and codes are masked before anything is written."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(
    r"""(?ix)
    (?P<key>access_token|refresh_token|application_token|event_token|client_secret|auth_id
           |refresh_id|auth|password|code|token)
    (?P<sep>["'\]]?\s*[=:]\s*["']?)
    (?P<value>[^\s"'&,;}\]]{4,})
    """
)
LINK = re.compile(r"(?P<path>/(?:s|f)/)[A-Za-z0-9_\-:.]{16,}")


def mask(text: str) -> str:
    """The text with the values of secret-looking keys and signing links replaced by ***."""
    return LINK.sub(r"\g<path>***", SECRET.sub(r"\g<key>\g<sep>***", text))


class MaskingFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
