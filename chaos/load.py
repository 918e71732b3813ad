"""Many business processes at once, each with a counterparty of its own who signs or declines."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from demo.page import NotOnPage
from demo.people import CODE, LINK, Frame, Portal, Visitor

CONTACT, DEAL, CLERK = 3, 2, 12
DIRECTOR, DIRECTOR_ADDRESS = 1, "orlov@vostok.example"
ACCESS_LOST = "Битрикс24 больше не принимает доступ"
CODE_LOOKS = 30
SIGN, DECLINE, IGNORE = "sign", "decline", "ignore"


@dataclass
class Party:
    """One document's counterparty; `did` is empty until the invitation was answered."""

    number: int
    intention: str
    process_id: str = ""
    did: str = ""
    # Who has asked for a code sits before its page, until it comes or patience is at its end.
    waiting: Visitor | None = None
    letters_read: int = 0
    patience: int = 0

    @property
    def address(self) -> str:
        return f"signer-{self.number}@kedr.example"


def every_fourth_declines(number: int) -> str:
    return DECLINE if number % 4 == 3 else SIGN


class Load:
    """`letters` gives all letters but for the first so many, as (address, text), newest last:
    those of the portal's mailbox unless told.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        intention: Callable[[int], str] = every_fourth_declines,
        letters: Callable[[int], list[tuple[str, str]]] | None = None,
    ) -> None:
        self.portal = portal
        self.letters = letters or self._mailbox
        self.intention = intention
        self.parties: list[Party] = []
        self._mail: dict[str, list[str]] = defaultdict(list)
        self._letters_seen = 0
        self._take_mail()
        self._calls_heeded = self._calls_for_help()

    def add(self, count: int) -> None:
        """Contacts, deals and documents of `count` further processes, and the processes."""
        for number in range(len(self.parties), len(self.parties) + count):
            party = Party(number, self.intention(number))
            contact_id = self._create(CONTACT, name="Елена", lastName=f"Берёзкина-{number}",
                                      fm=[_email(party.address)])  # fmt: skip
            deal_id = self._create(DEAL, title=f"Поставка № {number}", contactId=contact_id,
                                   contactIds=[contact_id])  # fmt: skip
            document = self.portal.post("documents", {"deal_id": deal_id})
            process = {
                "deal_id": deal_id,
                "document_id": document["id"],
                "status": {"wait_for": "final"},
                "as": CLERK,
            }
            party.process_id = self.portal.post("processes", process)["id"]
            self.parties.append(party)

    def read_mail(self) -> int:
        """Everybody does the next thing that a letter asks of him; how many found one to do."""
        self._take_mail()
        self._open_application()
        return sum(
            self._act(party)
            for party in self.parties
            if not party.did and party.intention != IGNORE
        )

    def processes(self) -> dict[str, dict[str, Any]]:
        """The processes of this load as the portal shows them, by id."""
        known = {party.process_id for party in self.parties}
        return {row["id"]: row for row in self.portal.get("processes") if row["id"] in known}

    def open_processes(self) -> int:
        """How many still wait for something."""
        rows = self.processes().values()
        return sum(not (row["is_finished"] or row["has_failed"]) for row in rows)

    def _take_mail(self) -> None:
        for address, text in self.letters(self._letters_seen):
            self._mail[address].append(text)
            self._letters_seen += 1

    def _calls_for_help(self) -> int:
        return sum(ACCESS_LOST in text for text in self._mail[DIRECTOR_ADDRESS])

    def _open_application(self) -> None:
        """The director does so when a letter says that SIGNX has lost its access, and again later
        if the portal does not let him in."""
        calls = self._calls_for_help()
        if calls > self._calls_heeded:
            with contextlib.suppress(requests.RequestException, NotOnPage):
                Frame(self.portal, DIRECTOR)
                self._calls_heeded = calls

    def _act(self, party: Party) -> bool:
        """A page that is not ready, or a code that is late, is tried again from the letter."""
        try:
            return self._enter_code(party) if party.waiting else self._follow_link(party)
        except (NotOnPage, requests.RequestException):
            party.waiting = None
            return False

    def _follow_link(self, party: Party) -> bool:
        link = self._letter(party, LINK)
        if not link:
            return False
        visitor = Visitor(self.portal.transport)
        visitor.open(link)
        if party.intention == DECLINE:
            self._decline(visitor)
            party.did = DECLINE
        else:
            self._ask_for_code(party, visitor)
        return True

    def _ask_for_code(self, party: Party, visitor: Visitor) -> None:
        visitor.press("Подписать")
        asks_consent = bool(visitor.page.root.xpath("//input[@name='agreement']"))
        party.letters_read = len(self._mail[party.address])
        visitor.press("Получить код", **({"agreement": True} if asks_consent else {}))
        party.waiting, party.patience = visitor, CODE_LOOKS

    def _enter_code(self, party: Party) -> bool:
        visitor = party.waiting
        code = self._letter(party, CODE, after=party.letters_read)
        if visitor is None or not code:
            party.patience -= 1
            if party.patience <= 0:
                raise NotOnPage("no letter with a code")
            return False
        visitor.press("Подписать документ", code=code)
        if visitor.page.root.xpath("//input[@name='code']"):
            raise NotOnPage("the code came too late")
        party.did = SIGN
        return True

    def _decline(self, visitor: Visitor) -> None:
        visitor.press("Отказаться")
        reason = visitor.page.root.xpath("string((//input[@name='reason'])[1]/@value)")
        visitor.press("Отказаться от подписания", reason=str(reason))

    def _letter(self, party: Party, pattern: re.Pattern[str], after: int = 0) -> str:
        """What the newest letter to a party holds; empty while there is none."""
        for text in reversed(self._mail[party.address][after:]):
            if found := pattern.search(text):
                return found.group(found.lastindex or 0)
        return ""

    def _mailbox(self, after: int) -> list[tuple[str, str]]:
        return [(row["to"][0], row["text"]) for row in self.portal.letters(after=after)]

    def _create(self, entity_type_id: int, **fields: Any) -> int:
        return int(self.portal.post(f"items/{entity_type_id}", fields)["id"])


def _email(address: str) -> dict[str, Any]:
    return {"id": 1, "typeId": "EMAIL", "valueType": "WORK", "value": address}
