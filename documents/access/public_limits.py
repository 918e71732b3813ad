"""How often the public pages may be used: per address, per link and per network.

The limits of the codes themselves (5 tries, 10 a day per address) live in
employees.signatures.codes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from documents.models import Signer
from signx.limits import Rule, network_of, spend

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

CODES_OF_NETWORK = Rule("codes_network", 60, _HOUR)
LETTERS_OF_ADDRESS = Rule("letters_address", 20, _DAY)
TRIES_OF_LINK = Rule("tries_link", 300, _HOUR)
TRIES_OF_NETWORK = Rule("tries_network", 200, _HOUR)
LINKS_OF_NETWORK = Rule("links_network", 60, _HOUR)
NUMBERS_OF_NETWORK = Rule("numbers_network", 60, _HOUR)
FILES_OF_ADDRESS = Rule("files_address", 30, timedelta(minutes=10))
FILES_OF_NETWORK = Rule("files_network", 120, timedelta(minutes=10))


def count_code(ip: str, *, at: datetime) -> None:
    """A code is asked for. Raises LIMIT_REACHED, as all of these do."""
    spend(CODES_OF_NETWORK, network_of(ip), at=at)


def count_letter(address: str, *, at: datetime) -> None:
    """A new link is sent to an address by hand: nobody's mailbox is flooded through us."""
    spend(LETTERS_OF_ADDRESS, address.strip().lower(), at=at)


def count_try(signer: Signer, ip: str, *, at: datetime) -> None:
    """A code is typed, right or wrong."""
    spend(TRIES_OF_LINK, f"signer:{signer.pk}", at=at)
    spend(TRIES_OF_NETWORK, network_of(ip), at=at)


def count_dead_link(ip: str, *, at: datetime) -> None:
    """A signing link that does not exist was opened. Links that do are never limited."""
    spend(LINKS_OF_NETWORK, network_of(ip), at=at)


def count_unknown_number(ip: str, *, at: datetime) -> None:
    """A document's number that does not exist was asked for."""
    spend(NUMBERS_OF_NETWORK, network_of(ip), at=at)


def count_files(ip: str, files: int, *, at: datetime) -> None:
    """Files were uploaded to the verification page; each costs a process of its own."""
    spend(FILES_OF_ADDRESS, ip if network_of(ip) else "", at=at, uses=files)
    spend(FILES_OF_NETWORK, network_of(ip), at=at, uses=files)
