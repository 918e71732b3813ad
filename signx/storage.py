"""Files on this machine's disk that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Writes beside the place and moves there what is on the disk.

    Two processes may write one path and a third may read it meanwhile: it gets the former
    bytes or the new ones, never a beginning of either. The last write stays, so a path must
    tell what lies there (documents.core.files puts the hash into it).
    """

    def __init__(self) -> None:
        super().__init__(allow_overwrite=True)

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        beside = target.with_name(f".{uuid4().hex}.part")
        try:
            super()._save(str(beside), content)  # type: ignore[misc]  # not in the stubs
            _flush(beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        _flush(target.parent)
        return name


def _flush(path: Path) -> None:
    """Down to the disk: a row that promises the file may be committed next."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
