"""Documents at every stage of their path, made the way the product makes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from bitrix24.models import Portal
from documents import tasks
from documents.models import Document
from signing import registry
from tests import factories
from tests.documents.flaky import Flaky
from tests.factories import NOON


@pytest.fixture(autouse=True)
def _storage(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def noon() -> Iterator[None]:
    """It is the noon of the factories, so that keys made now are valid then."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def office(db: None, noon: None) -> Portal:
    """A portal without another side: everything that leaves it stays in the outbox."""
    return factories.make_portal()


@pytest.fixture
def draft(office: Portal) -> Document:
    return factories.make_draft(office)


@pytest.fixture
def sending(office: Portal) -> Document:
    return factories.make_sending(office)


@pytest.fixture
def sent(sending: Document) -> Document:
    """Handed over, and the mail server took the invitation."""
    tasks.hand_over(sending.pk, NOON)
    factories.settle_deliveries("invitation")
    return Document.objects.get(pk=sending.pk)


@pytest.fixture
def sealing(sent: Document) -> Document:
    return factories.sign_as_counterparty(sent, at=NOON)


@pytest.fixture
def completed(sealing: Document) -> Document:
    tasks.seal(sealing.pk, NOON)
    return Document.objects.get(pk=sealing.pk)


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Flaky:
    engine = Flaky()
    monkeypatch.setitem(registry.PROVIDERS, "flaky", engine)
    return engine
