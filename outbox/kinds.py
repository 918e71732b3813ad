"""What the outbox can deliver and through which channel; each app registers its own at the start.

A kind without a builder is a REST call that lies whole in its payload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outbox.base import Content, Outcome
from outbox.models import Delivery

# What to send now; None: nothing any more.
Build = Callable[[Delivery], Content | None]
# Told in the same transaction when a delivery is done or given up.
Settled = Callable[[Delivery], None]
# Deliveries of one lane; one outcome for each, in the same order.
Send = Callable[[list[Delivery]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`is_kept`: its rows outlive DELIVERY_DAYS, emptied, because their key or result is asked for
    later."""

    build: Build | None = None
    settled: Settled | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """`chunk`: how many deliveries of one lane go to it together. Letters and files are few, so
    that a worker killed between them repeats few."""

    send: Send
    chunk: int


KINDS: dict[str, Kind] = {}
CHANNELS: dict[str, Channel] = {}


def register(
    name: str,
    *,
    build: Build | None = None,
    settled: Settled | None = None,
    is_kept: bool = False,
) -> None:
    """Make a kind of delivery known."""
    KINDS[name] = Kind(build, settled, is_kept)


def register_channel(name: str, send: Send, *, chunk: int = 20) -> None:
    """Make a channel known."""
    CHANNELS[name] = Channel(send, chunk)


def kind_of(delivery: Delivery) -> Kind:
    """What is known of a delivery's kind."""
    return KINDS.get(delivery.kind, Kind())


def kept() -> list[str]:
    """The kinds whose rows are kept."""
    return [name for name, kind in KINDS.items() if kind.is_kept]
