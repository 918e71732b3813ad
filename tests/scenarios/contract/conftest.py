"""The office of the robots, on a portal that goes the way of a doubt."""

from __future__ import annotations

import pytest

from tests.robots import conftest as office

_storage = office._storage
caller, processes = office.caller, office.processes
converted, robots_on, signer = office.converted, office.robots_on, office.signer


@pytest.fixture
def way(request, devportal) -> str:
    name, chosen = request.param
    devportal.ways.choose({name: chosen})
    return str(chosen)
