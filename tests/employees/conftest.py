"""An office with a director and a clerk, and a stranger's office that must see nothing."""

from __future__ import annotations

import pytest

from bitrix24.models import Portal
from employees.models import Employee
from tests.employees import cast


@pytest.fixture
def office(db: None) -> Portal:
    return cast.make_portal("kontora")


@pytest.fixture
def director(office: Portal) -> Employee:
    return cast.make_director(office)


@pytest.fixture
def clerk(office: Portal) -> Employee:
    return cast.make_clerk(office)


@pytest.fixture
def stranger(db: None) -> Employee:
    """The director of another portal, with the same user number."""
    return cast.make_director(cast.make_portal("sosed"))
