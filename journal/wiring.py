"""What the journal gives to the parts below it: a listener."""

from __future__ import annotations

from bitrix24 import news
from journal import services


def wire() -> None:
    """Called once, when all apps are loaded."""
    news.listen(services.portal_changed)
