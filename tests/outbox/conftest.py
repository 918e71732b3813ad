from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outbox.channel import WORLD, Channel

HERE = "tests.outbox.channel"


@pytest.fixture(autouse=True)
def channel(settings) -> Iterator[Channel]:
    """One channel, "test", whose effects the test can count."""
    settings.OUTBOX_CHANNELS = {"test": f"{HERE}.send", "mail": "outbox.mail.send"}
    settings.OUTBOX_BUILDERS = {
        "nothing": f"{HERE}.build_nothing",
        "broken": f"{HERE}.build_broken",
        "refused": f"{HERE}.build_refused",
        "secret": f"{HERE}.build_secret",
        "letter": f"{HERE}.build_letter",
    }
    settings.OUTBOX_LISTENERS = {"told": f"{HERE}.listen"}
    WORLD.reset()
    yield WORLD
    WORLD.reset()
