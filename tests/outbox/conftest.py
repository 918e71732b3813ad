from __future__ import annotations

from collections.abc import Iterator

import pytest

from outbox import kinds
from tests.outbox import channel as channels
from tests.outbox.channel import WORLD, Channel


@pytest.fixture(autouse=True)
def channel(monkeypatch) -> Iterator[Channel]:
    """One channel, "test", whose effects the test can count."""
    known = {
        "nothing": kinds.Kind(build=channels.build_nothing),
        "broken": kinds.Kind(build=channels.build_broken),
        "refused": kinds.Kind(build=channels.build_refused),
        "secret": kinds.Kind(build=channels.build_secret),
        "letter": kinds.Kind(build=channels.build_letter),
        "told": kinds.Kind(settled=channels.listen, is_kept=True),
    }
    monkeypatch.setattr(kinds, "KINDS", known)
    monkeypatch.setitem(kinds.CHANNELS, "test", kinds.Channel(channels.send, chunk=20))
    WORLD.reset()
    yield WORLD
    WORLD.reset()
