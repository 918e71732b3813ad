"""Archive time-stamps are renewed before their certificate ends; both files stay valid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from time_machine import Traveller

from bitrix24.models import Portal
from documents.core import files
from documents.models import Document, StoredFile
from documents.proof import protection, verification
from employees.signatures.keys import platform_roots
from journal.services import verify_chain
from signing.verify import verify
from tests import factories
from tests.factories import NOON
from tests.signing.time_server import TimeServer, running

Kind = StoredFile.Kind
# The certificate of the first time-stamps ends after 400 days.
SOON, AFTERWARDS = NOON + timedelta(days=350), NOON + timedelta(days=450)


@pytest.fixture
def clock(noon: None) -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


@pytest.fixture
def server(settings: object, clock: Traveller) -> Iterator[TimeServer]:
    with running(TimeServer(days=400)) as started:
        settings.PADES_LEVEL = "B-LTA"  # type: ignore[attr-defined]
        settings.TSA_URLS = [started.url]  # type: ignore[attr-defined]
        settings.TSA_CERTIFICATES = started.root_pem  # type: ignore[attr-defined]
        yield started


@pytest.fixture
def archived(server: TimeServer, office: Portal) -> Document:
    return factories.make_completed(office)


def renew_certificate(server: TimeServer) -> None:
    server.days = 1000
    server.start(server.url.removesuffix("/tsr"))


def signed_file(document: Document) -> bytes:
    return files.read(document, Kind.SIGNED)


def word(pdf: bytes, server: TimeServer) -> str:
    """What a stranger learns who does not know our record."""
    return verify(
        pdf,
        roots=platform_roots(),
        timestamp_roots=[server.root_pem],
        at=datetime.now(UTC),
        apart=False,
    ).verdict


def test_a_file_is_extended_once_and_stays_provable(
    archived: Document, server: TimeServer, clock: Traveller
) -> None:
    before = signed_file(archived)
    assert protection.extend_due() == 0

    clock.move_to(SOON)
    renew_certificate(server)
    assert protection.extend_due() == 2  # the signed file and the report
    assert protection.extend_due() == 0

    after = signed_file(archived)
    assert after.startswith(before)
    assert word(before, server) == word(after, server) == "valid"
    clock.move_to(AFTERWARDS)
    assert word(after, server) == "valid"
    assert word(before, server) == "unknown"
    assert verify_chain(archived.portal).ok


def test_our_record_knows_both_editions(
    archived: Document, server: TimeServer, clock: Traveller
) -> None:
    before = signed_file(archived)
    clock.move_to(SOON)
    renew_certificate(server)
    protection.extend_due()
    clock.move_to(AFTERWARDS)

    for pdf, causes in ((signed_file(archived), ()), (before, ("extended_since",))):
        found = verification.check_file("a.pdf", pdf, expected=archived, at=AFTERWARDS)
        assert (found.verdict, found.causes) == ("valid", causes)
        assert found.document == archived
    forged = verification.check_file("a.pdf", before + b"1", expected=archived, at=AFTERWARDS)
    assert forged.verdict == "invalid"


def test_while_the_server_has_no_newer_certificate_nothing_grows(
    archived: Document, server: TimeServer, clock: Traveller
) -> None:
    before = signed_file(archived)

    clock.move_to(SOON)

    assert protection.extend_due() == 0
    assert signed_file(archived) == before


def test_a_server_that_is_down_is_asked_again_the_next_day(
    archived: Document, server: TimeServer, clock: Traveller
) -> None:
    clock.move_to(SOON)
    renew_certificate(server)
    server.mood = "http_500"
    assert protection.extend_due() == 0

    server.mood = "good"
    clock.shift(timedelta(days=1))
    assert protection.extend_due() == 2


def test_without_time_stamps_there_is_nothing_to_extend(noon: None, office: Portal) -> None:
    document = factories.make_completed(office)

    assert not document.files.filter(protected_until__isnull=False).exists()
    assert protection.extend_due(NOON + timedelta(days=3600)) == 0
