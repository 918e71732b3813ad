"""The 28 known traps of Bitrix24, one row each in two tables: the trap is set in the stand-in
portal, then what SIGNX does is looked at from outside. No row is missing.
"""

from __future__ import annotations

import re

from tests.scenarios import test_traps_of_portals, test_traps_of_robots

TRAPS = 28


def test_every_trap_has_its_row():
    names = [*vars(test_traps_of_portals), *vars(test_traps_of_robots)]
    rows = [name for name in names if re.match(r"test_\d\d_", name)]

    assert {int(name[5:7]) for name in rows} == set(range(1, TRAPS + 1))
