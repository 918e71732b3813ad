"""An office with a director, a clerk who may send, a newcomer without rights, and a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from bitrix24.models import Portal
from documents import tasks
from documents.models import Document, Signer
from employees.models import Employee
from tests import factories
from tests.factories import NOON
from tests.frame.desk import Desk


@pytest.fixture(autouse=True)
def _files_of_this_test(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def noon() -> Iterator[None]:
    """It is the noon of the factories, so that terms and keys are valid then."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def office(db: None, noon: None) -> Portal:
    return factories.make_portal(units=20)


@pytest.fixture
def director(office: Portal) -> Desk:
    person = factories.make_signer_employee(office, 12)
    person.is_portal_admin = True
    person.save()
    return Desk(person)


@pytest.fixture
def clerk(office: Portal) -> Desk:
    return Desk(factories.make_employee(office, 21, "Зайцев Илья Олегович"))


@pytest.fixture
def newcomer(office: Portal) -> Desk:
    person = Employee.objects.create(
        portal=office,
        bitrix_user_id=30,
        name="Чернова Анна Львовна",
        email="chernova@kontora.example",
    )
    return Desk(person)


@pytest.fixture
def stranger(db: None, noon: None) -> Desk:
    person = factories.make_employee(factories.make_portal(units=3), 12, "Гордеев Марк Ильич")
    person.is_portal_admin = True
    person.save()
    return Desk(person)


@pytest.fixture
def sent(office: Portal, director: Desk, clerk: Desk) -> Document:
    """A document that waits for the counterparty, its letter long out."""
    document = factories.make_sending(
        office, signer_company=director.employee, sender=clerk.employee, responsible=clerk.employee
    )
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    document.signers.filter(side=Signer.Side.COUNTERPARTY).update(
        invited_at=NOON - timedelta(hours=2)
    )
    return Document.objects.get(pk=document.pk)


def address(document: Document, rest: str = "") -> str:
    return f"/app/documents/{document.public_id}{rest}"
