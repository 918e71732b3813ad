"""Mail servers that hold returned letters: just enough of IMAP and POP3 for a real client."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Box(socketserver.ThreadingTCPServer):
    """`letters` by number; `seen` are those that a reader has marked as read, or
    deleted in POP3; `looked_at` carry a keyword of the reader's own."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, handler: type[socketserver.StreamRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.letters: list[bytes] = []
        self.seen: set[int] = set()
        self.looked_at: set[int] = set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def unread(self) -> list[int]:
        numbers = range(1, len(self.letters) + 1)
        return [number for number in numbers if number not in self.seen]


class _Session(socketserver.StreamRequestHandler):
    server: Box

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class Imap(_Session):
    """RFC 3501: LOGIN, SELECT, UID SEARCH UNSEEN UNKEYWORD, UID FETCH, UID STORE, LOGOUT."""

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _space, command = line.partition(" ")
            self.answer(command)
            self.say(f"{tag} OK done")

    def answer(self, command: str) -> None:
        word = command.upper()
        number = int(found[1]) if (found := re.match(r"UID \w+ (\d+)", word)) else 0
        if word.startswith("CAPABILITY"):
            self.say("* CAPABILITY IMAP4rev1")
        elif word.startswith("SELECT"):
            self.say(f"* {len(self.server.letters)} EXISTS")
        elif word.startswith("UID SEARCH"):
            new = [one for one in self.server.unread if one not in self.server.looked_at]
            self.say("* SEARCH " + " ".join(map(str, new)))
        elif word.startswith("UID FETCH"):
            letter = self.server.letters[number - 1]
            self.say(f"* {number} FETCH (UID {number} BODY[] {{{len(letter)}}}")
            self.wfile.write(letter)
            self.say(")")
        elif word.startswith("UID STORE"):
            marked = self.server.seen if "SEEN" in word else self.server.looked_at
            marked.add(number)


class Pop3(_Session):
    """RFC 1939: USER, PASS, LIST, TOP, RETR, DELE, QUIT; deleting counts at QUIT."""

    def handle(self) -> None:
        deleted: set[int] = set()
        self.say("+OK ready")
        while line := self.rfile.readline().decode().strip():
            word, _space, argument = line.partition(" ")
            if word == "LIST":
                self.say("+OK")
                for number in self.server.unread:
                    self.say(f"{number} {len(self.server.letters[number - 1])}")
                self.say(".")
            elif word in {"RETR", "TOP"}:
                letter = self.server.letters[int(argument.split()[0]) - 1]
                self.say("+OK")
                self.wfile.write(letter if word == "RETR" else letter.partition(b"\r\n\r\n")[0])
                self.say("\r\n.")
            else:
                if word == "DELE":
                    deleted.add(int(argument))
                self.say("+OK")
            if word == "QUIT":
                self.server.seen |= deleted
                return


@contextmanager
def serving(handler: type[_Session]) -> Iterator[Box]:
    with Box(handler) as box:
        threading.Thread(target=box.serve_forever, daemon=True).start()
        yield box
        box.shutdown()
