"""Whom the state machine tells of what it did, in the transaction that does it.

Those above register at the start (documents/wiring.py, robots/wiring.py) and are told in that
order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from documents.models import Document, Signer

# (document in its new status, at)
Moved = Callable[[Document, datetime], None]
# (document, signer, "viewed" or "signed", at); the document waits for others still
Acted = Callable[[Document, Signer, str, datetime], None]

_MOVED: list[Moved] = []
_ACTED: list[Acted] = []


def on_move(listener: Moved) -> None:
    """Have a function told of every new status of a document."""
    _MOVED.append(listener)


def on_act(listener: Acted) -> None:
    """Have a function told of every act of a signer that leaves the status as it is."""
    _ACTED.append(listener)


def tell_moved(document: Document, at: datetime) -> None:
    for listener in _MOVED:
        listener(document, at)


def tell_acted(document: Document, signer: Signer, what: str, at: datetime) -> None:
    for listener in _ACTED:
        listener(document, signer, what, at)
