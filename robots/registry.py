"""The robots that exist."""

from __future__ import annotations

from typing import Any

from robots.base import Robot
from robots.catalog.check_status import CheckStatus
from robots.catalog.send_for_signing import SendForSigning
from signx.errors import ErrorCode, SignXError

AnyRobot = Robot[Any, Any]
ROBOTS: dict[str, AnyRobot] = {robot.code: robot for robot in (SendForSigning(), CheckStatus())}


def robot(code: str) -> AnyRobot:
    """Raises SignXError(NOT_FOUND)."""
    if code not in ROBOTS:
        raise SignXError(ErrorCode.NOT_FOUND, f"no robot {code[:40]!r}")
    return ROBOTS[code]
