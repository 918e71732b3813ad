"""News of a portal for the apps above, which this one may not import: they listen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from bitrix24.models import Portal

# installed, updated, uninstalled, paid (it was not for a while): in the transaction of the change.
# access_lost: no administrator's token works any more. wiped: delete what you keep of the portal;
# outside a transaction, and repeated until every listener has come to its end.
News = Literal["installed", "updated", "uninstalled", "access_lost", "paid", "wiped"]
Listener = Callable[[Portal, News], None]

LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a function told of every portal's news."""
    LISTENERS.append(listener)


def tell(portal: Portal, what: News) -> None:
    """Tell every listener, the highest app first: its rows stand on those of the lower ones."""
    for listener in reversed(LISTENERS):
        listener(portal, what)
