"""The suite at another moment: `--now=2028-02-29T23:59:00`, in the product's time zone.

Time goes on from there. Programs that tests start keep the machine's clock.
"""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    zone = ZoneInfo(os.environ.get("SIGNX_TIME_ZONE", "Europe/Moscow"))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--now", type=_moment, help="when the suite runs: 2028-02-29T23:59:00")


def pytest_configure(config: pytest.Config) -> None:
    if now := config.getoption("--now"):
        travel = time_machine.travel(now, tick=True)
        travel.start()
        config.add_cleanup(travel.stop)
