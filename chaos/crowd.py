"""Many business processes at once, each with a counterparty of its own who signs or declines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from demo.page import NotOnPage
from demo.people import CODE, LINK, Portal, Visitor

CONTACT, DEAL, CLERK = 3, 2, 12
SIGN, DECLINE, IGNORE = "sign", "decline", "ignore"


@dataclass
class Party:
    """One document's counterparty; `did` is empty until the invitation was answered."""

    number: int
    intention: str
    process_id: str = ""
    did: str = ""

    @property
    def address(self) -> str:
        return f"signer-{self.number}@kedr.example"


def every_fourth_declines(number: int) -> str:
    return DECLINE if number % 4 == 3 else SIGN


class Crowd:
    """`let_work` gives SIGNX time between two acts of a person: a pause, or a pass of a worker.

    `letters` gives the texts of the letters to an address, newest last: the portal's mailbox
    unless told.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        let_work: Callable[[], None],
        intention: Callable[[int], str] = every_fourth_declines,
        letters: Callable[[str], list[str]] | None = None,
    ) -> None:
        self.portal = portal
        self.letters = letters or self._mailbox
        self.let_work = let_work
        self.intention = intention
        self.parties: list[Party] = []

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
        """Let everybody who has a new invitation answer it; how many did."""
        answered = 0
        for party in self.parties:
            if party.did or party.intention == IGNORE:
                continue
            if link := self._letter(party, LINK):
                answered += self._answer(party, link)
        return answered

    def processes(self) -> dict[str, dict[str, Any]]:
        """The crowd's processes as the portal shows them, by id."""
        known = {party.process_id for party in self.parties}
        return {row["id"]: row for row in self.portal.get("processes") if row["id"] in known}

    def open_processes(self) -> int:
        """How many still wait for something."""
        rows = self.processes().values()
        return sum(not (row["is_finished"] or row["has_failed"]) for row in rows)

    def _answer(self, party: Party, link: str) -> bool:
        """What a person does; a page that is not ready, or a code that is late, is tried again."""
        visitor = Visitor(self.portal.transport)
        try:
            visitor.open(link)
            if party.intention == DECLINE:
                self._decline(visitor)
            else:
                self._sign(party, visitor)
        except (NotOnPage, requests.RequestException):
            return False
        party.did = party.intention
        return True

    def _sign(self, party: Party, visitor: Visitor) -> None:
        visitor.press("Подписать")
        asks_consent = bool(visitor.page.root.xpath("//input[@name='agreement']"))
        before = len(self.letters(party.address))
        visitor.press("Получить код", **({"agreement": True} if asks_consent else {}))
        for _patience in range(30):
            self.let_work()
            if code := self._letter(party, CODE, after=before):
                visitor.press("Подписать документ", code=code)
                return
        raise NotOnPage("no letter with a code")

    def _decline(self, visitor: Visitor) -> None:
        visitor.press("Отказаться")
        reason = visitor.page.root.xpath("string((//input[@name='reason'])[1]/@value)")
        visitor.press("Отказаться от подписания", reason=str(reason))

    def _letter(self, party: Party, pattern: re.Pattern[str], after: int = 0) -> str:
        """What the newest letter to a party holds; empty while there is none."""
        for text in reversed(self.letters(party.address)[after:]):
            if found := pattern.search(text):
                return found.group(found.lastindex or 0)
        return ""

    def _mailbox(self, address: str) -> list[str]:
        return [letter["text"] for letter in self.portal.letters(address)]

    def _create(self, entity_type_id: int, **fields: Any) -> int:
        return int(self.portal.post(f"items/{entity_type_id}", fields)["id"])


def _email(address: str) -> dict[str, Any]:
    return {"id": 1, "typeId": "EMAIL", "valueType": "WORK", "value": address}
