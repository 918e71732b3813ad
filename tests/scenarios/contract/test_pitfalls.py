"""The 28 known pitfalls of the portal's contract, one row each in two tables: the stand-in portal
behaves so, then what SIGNX does is looked at from outside. No row is missing.
"""

from __future__ import annotations

import re

from tests.scenarios.contract import test_portal_pitfalls, test_robot_pitfalls

PITFALLS = 28


def test_every_pitfall_has_its_row():
    names = [*vars(test_portal_pitfalls), *vars(test_robot_pitfalls)]
    rows = [name for name in names if re.match(r"test_\d\d_", name)]

    assert {int(name[5:7]) for name in rows} == set(range(1, PITFALLS + 1))
