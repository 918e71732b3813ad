"""News of a portal for the apps above, which this one may not import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

from bitrix24.models import Portal

# installed, updated, uninstalled, paid (it was not for a while): in the transaction of the change.
# access_lost: no administrator's token works any more. wiped: delete what you keep of the portal;
# outside a transaction, and repeated until every listener has come to its end.
News = Literal["installed", "updated", "uninstalled", "access_lost", "paid", "wiped"]


def tell(portal: Portal, what: News) -> None:
    """Every listener of settings.PORTAL_LISTENERS, in their order."""
    for path in settings.PORTAL_LISTENERS:
        listener: Callable[[Portal, str], None] = import_string(path)
        listener(portal, what)
