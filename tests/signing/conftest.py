"""The cast of the signing tests: a portal's authority, its seal, two parties, one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from signing.base import Level, Party, Place, StampText
from signing.embedded import seal
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.placement.stamps import stamp_lines
from signing.verify import Verdict, verify
from tests.signing import papers

SIGNED_AT = datetime(2026, 11, 24, 11, 5, 9, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))
ORGANISATION = "ООО «Север-Логистика»"

SignAll = Callable[..., bytes]


@pytest.fixture(scope="session")
def authority() -> KeyPairPem:
    return keys.new_authority(ORGANISATION, at=SIGNED_AT)


@pytest.fixture(scope="session")
def seal_pair(authority: KeyPairPem) -> KeyPairPem:
    return keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)


@pytest.fixture(scope="session")
def seal_key(seal_pair: KeyPairPem) -> SealKey:
    return keys.load(seal_pair)


@pytest.fixture
def director() -> Party:
    return Party(
        key="1",
        name="Қасымова Әлия Өмірқызы",
        role="Генеральный директор",
        organisation=ORGANISATION,
        level=Level.SIMPLE,
        confirmed_by="постоянное поручение, данное кодом из письма",
        side="company",
    )


@pytest.fixture
def contractor() -> Party:
    return Party(
        key="2",
        name="Ёлкин Пётр Алексеевич",
        role="Индивидуальный предприниматель",
        organisation="",
        level=Level.SIMPLE,
        confirmed_by="код из письма на e***@mail.example",
        side="counterparty",
    )


@pytest.fixture
def places() -> dict[str, tuple[Place, ...]]:
    return {"1": (Place(0, 20, 200, 86, 30),), "2": (Place(0, 110, 200, 86, 30),)}


@pytest.fixture
def stamp_of() -> Callable[[Party], StampText]:
    def make(party: Party) -> StampText:
        return stamp_lines(
            party,
            signed_at=SIGNED_AT,
            document_number="SX-2026-000431",
            language="ru",
            qr_url="https://sign.example/v/8f3kq2m7w1",
            zone=MOSCOW,
        )

    return make


@pytest.fixture
def sign_all(
    director: Party,
    contractor: Party,
    seal_key: SealKey,
    stamp_of: Callable[[Party], StampText],
) -> SignAll:
    """Prepare a file and sign it for both parties; `upto=1` leaves the second one out."""

    def sign(pdf: bytes, places: dict[str, tuple[Place, ...]], upto: int = 2) -> bytes:
        signed = seal.add_fields(pdf, places)
        for position, party in enumerate((director, contractor)[:upto]):
            signed = seal.sign(
                signed,
                key=party.key,
                stamp=stamp_of(party),
                with_key=seal_key,
                at=SIGNED_AT + timedelta(minutes=position),
                reason="Подписание документа",
                name=party.name,
            )
        return signed

    return sign


@pytest.fixture
def signed(sign_all: SignAll, places: dict[str, tuple[Place, ...]]) -> bytes:
    """A contract of two pages with both signatures."""
    return sign_all(papers.contract(2), places)


@pytest.fixture
def check(authority: KeyPairPem, seal_key: SealKey) -> Callable[..., Verdict]:
    """Verify a day later, as the service that signed it would."""

    def run(pdf: bytes, **options: Any) -> Verdict:
        usual = {
            "roots": [authority.certificate_pem],
            "pinned": [seal_key.fingerprint],
            "at": SIGNED_AT + timedelta(days=1),
            "apart": False,
        }
        return verify(pdf, **(usual | options))

    return run
