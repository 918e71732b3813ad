"""What the commands over PDF files share: reading what was named, printing a line a file.

A command over a folder of strangers' files has to end with an answer for each of them: whatever
one file does, it is told in its line and the next one is taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

# Beyond this nothing is read; the engine's own limits are far below.
_READ_LIMIT_BYTES = 256 * 1024 * 1024
KEEP_SIGNATURES = "take a file that is signed already, as it is, where that can be done"


@dataclass(frozen=True)
class GivenFile:
    """A file named on the command line; `problem` is a sentence when it cannot be read."""

    path: Path
    content: bytes = b""
    problem: str = ""

    @property
    def name(self) -> str:
        """The path as text for any terminal: one line, no bytes that are no letters."""
        text = os.fsencode(self.path).decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "?" for letter in text)


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="files or folders")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def given_files(paths: Iterable[Path]) -> Iterator[GivenFile]:
    """Every named file, and every file in the named folders and below, in order of names."""
    for path in paths:
        if path.is_dir():
            # os.walk passes over folders that may not be read; links are not followed.
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (_read(Path(folder, name)) for name in sorted(names))
        else:
            yield _read(path)


def _read(path: Path) -> GivenFile:
    try:
        if not path.is_file():
            problem = _("It is not a file.") if path.exists() else _("There is no such file.")
            return GivenFile(path, problem=problem)
        if path.stat().st_size > _READ_LIMIT_BYTES:
            return GivenFile(path, problem=_("The file is too big."))
        return GivenFile(path, path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or type(error).__name__
        return GivenFile(path, problem=_("It cannot be read: %(reason)s.") % {"reason": reason})


def one_line(text: Any) -> str:
    """A text that stays in its line of the terminal."""
    return " ".join(str(text).split())
