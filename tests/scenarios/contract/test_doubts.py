"""What nobody knows for sure about Bitrix24, decided every way it can be: SIGNX does its job.

A test for each switch of the stand-in portal (devportal/behaviour/doubts.py), each way a row of its
own. The number is that of the contract's list of doubts; none is missing.
"""

from __future__ import annotations

from devportal.behaviour.doubts import DOUBTS

# Importing the rows notes which doubts they decide.
from tests.scenarios.contract import test_portal_doubts, test_robot_doubts  # noqa: F401
from tests.scenarios.contract.doubts import decided

ROWS = 20
# Which fields of requisites a country fills: SIGNX reads names and addresses of contacts only.
WITHOUT_SWITCH = {18}


def test_every_doubt_is_decided_every_way():
    assert decided == set(DOUBTS)
    assert {row.row for row in DOUBTS.values()} | WITHOUT_SWITCH == set(range(ROWS + 1))
