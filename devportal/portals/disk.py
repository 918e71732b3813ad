"""The portal's Disk: storages, folders and files with their bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

COMMON_STORAGE, COMMON_ROOT = 19, 8700


@dataclass(slots=True)
class Storage:
    """A drive. Files are put into `root_id`, never into `id`."""

    id: int
    name: str
    entity_type: str
    entity_id: str
    root_id: int


@dataclass(slots=True)
class DiskObject:
    """A folder or, with `content`, a file. `file_id` (b_file) is not the Disk id."""

    id: int
    name: str
    parent_id: int
    storage_id: int
    created_at: float
    created_by: int
    file_id: int = 0
    content: bytes | None = None

    @property
    def is_file(self) -> bool:
        """Folders have no content at all, files may have an empty one."""
        return self.content is not None


class NameTaken(Exception):
    """The folder already holds an object with this name (DISK_OBJ_22000)."""


@dataclass(slots=True)
class Disk:
    """All storages of a portal; the application's own one appears on the first request."""

    storages: dict[int, Storage] = field(
        default_factory=lambda: {
            COMMON_STORAGE: Storage(
                COMMON_STORAGE, "Общий диск", "common", "shared_files_s1", COMMON_ROOT
            )
        }
    )
    objects: dict[int, DiskObject] = field(
        default_factory=lambda: {
            COMMON_ROOT: DiskObject(COMMON_ROOT, "Общий диск", 0, COMMON_STORAGE, 0, 1)
        }
    )
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(8910))
    _file_ids: Iterator[int] = field(default_factory=lambda: itertools.count(32870))

    def storage_of_app(self, code: str, row_id: int, now: float) -> Storage:
        """The application's storage, made on the first call."""
        for storage in self.storages.values():
            if (storage.entity_type, storage.entity_id) == ("restapp", str(row_id)):
                return storage
        root_id = next(self._ids)
        storage = Storage(1300 + row_id, code, "restapp", str(row_id), root_id)
        self.storages[storage.id] = storage
        self.objects[root_id] = DiskObject(root_id, code, 0, storage.id, now, 1)
        return storage

    def children(self, folder_id: int) -> list[DiskObject]:
        """Objects of one folder in order of their ids."""
        return [item for item in self.objects.values() if item.parent_id == folder_id]

    def add_folder(self, parent: DiskObject, name: str, *, by: int, now: float) -> DiskObject:
        """A new folder; raises NameTaken."""
        self._refuse_taken(parent.id, name)
        folder = DiskObject(next(self._ids), name, parent.id, parent.storage_id, now, by)
        self.objects[folder.id] = folder
        return folder

    def add_file(
        self,
        parent: DiskObject,
        name: str,
        content: bytes,
        *,
        by: int,
        now: float,
        unique_name: bool = False,
    ) -> DiskObject:
        """A new file; raises NameTaken unless a unique name may be made: `act (1).pdf`."""
        if unique_name:
            name = self._unique(parent.id, name)
        self._refuse_taken(parent.id, name)
        item = DiskObject(
            next(self._ids),
            name,
            parent.id,
            parent.storage_id,
            now,
            by,
            file_id=next(self._file_ids),
            content=content,
        )
        self.objects[item.id] = item
        return item

    def _names(self, folder_id: int) -> set[str]:
        return {item.name for item in self.children(folder_id)}

    def _refuse_taken(self, folder_id: int, name: str) -> None:
        if name in self._names(folder_id):
            raise NameTaken(name)

    def _unique(self, folder_id: int, name: str) -> str:
        taken = self._names(folder_id)
        path = PurePosixPath(name)
        number, candidate = 0, name
        while candidate in taken:
            number += 1
            candidate = f"{path.stem} ({number}){path.suffix}"
        return candidate
