"""A document that waits for the other side, its link, and a browser without an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from time_machine import Traveller

from bitrix24.models import Portal
from documents import tasks
from documents.models import Document, PortalSettings, Signer
from outbox.models import Delivery
from outbox.services import content
from tests import factories
from tests.factories import NOON

CODE = re.compile(r"\b\d{6}\b")


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    """An hour after the document was sent; `clock.shift(...)` moves on."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(db: None) -> Portal:
    portal = factories.make_portal()
    PortalSettings.objects.update_or_create(
        portal=portal, defaults={"organisation": "ООО «Контора»"}
    )
    return portal


@dataclass
class Invited:
    """A person who got a letter: the document, the link of the letter, and a browser."""

    document: Document
    token: str
    browser: Client

    @property
    def signer(self) -> Signer:
        return Signer.objects.get(document=self.document, side=Signer.Side.COUNTERPARTY)

    def url(self, page: str = "") -> str:
        return f"/s/{self.token}/{page}"

    def get(self, page: str = "", **query: str) -> HttpResponse:
        return self.browser.get(self.url(page), query)

    def post(self, page: str = "", **form: str) -> HttpResponse:
        return self.browser.post(self.url(page), form)

    def ask_for_code(self) -> str:
        """Accept what has to be accepted, and read the code in the letter."""
        assert self.post("sign/", agreement="yes").status_code == 302
        return self.code_from_letter()

    def code_from_letter(self) -> str:
        letter = content(Delivery.objects.filter(kind="signing_code").latest("pk"))
        return CODE.findall(letter.text)[0]

    def status(self) -> tuple[str, str]:
        """Of the document and of the signer, read anew."""
        document = Document.objects.get(pk=self.document.pk)
        return document.status, self.signer.status


Invite = Callable[..., Invited]


@pytest.fixture
def invite(office: Portal) -> Invite:
    """Send a document the way the product does: hand it over and let the mail server take it."""

    def send(**changes: object) -> Invited:
        document = factories.make_sending(office, **changes)
        tasks.hand_over(document.pk, NOON)
        letter = Delivery.objects.get(kind="invitation", subject_id=document.public_id)
        token = letter.open_secret()["token"]
        factories.settle_deliveries("invitation")
        return Invited(Document.objects.get(pk=document.pk), token, Client())

    return send


@pytest.fixture
def invited(invite: Invite) -> Invited:
    """Nothing to accept: the portal has no additional agreement."""
    return invite(agreement="N")


@pytest.fixture
def newcomer(invite: Invite) -> Invited:
    """Has to accept the additional agreement first."""
    return invite(agreement="Y")
