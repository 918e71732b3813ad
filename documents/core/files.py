"""A document's files: written once, found by kind, checked against their hash when read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.db import transaction
from django.db.models.fields.files import FieldFile

from documents.models import Document, StoredFile
from signing.hashes import sha256
from signing.intake import Intake, Limits, take_in
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind


class Foldered(Protocol):
    """A document, or a draft of one: whatever has its own place in the storage."""

    @property
    def folder(self) -> str: ...


class Kept(Protocol):
    """A file with the hash that it must have."""

    @property
    def pk(self) -> int: ...
    @property
    def file(self) -> FieldFile: ...
    @property
    def sha256(self) -> str: ...


_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def safe_name(title: str, tail: str = "", suffix: str = "pdf") -> str:
    """A file name for people, without the letters that file systems and the portal refuse."""
    words = " ".join(_FORBIDDEN.sub("-", title).split()).strip(". ")
    return f"{words[:150]}{tail}.{suffix}"


def limits() -> Limits:
    """What an incoming file may cost this installation."""
    return Limits(bytes=settings.FILE_LIMIT_BYTES, pages=settings.PAGE_LIMIT)


def cleaned(content: bytes, *, keeps_signatures: bool = False) -> Intake:
    """The file as it may be signed, wherever it came from. Raises SignXError(DOCUMENT_INVALID).

    `keeps_signatures`: one that is signed already is taken as it is.
    """
    return take_in(content, limits(), keeps_signatures=keeps_signatures)


def put(owner: Foldered, kind: str, content: bytes, suffix: str = "pdf") -> str:
    """Write the bytes and return their path in the storage; no row yet, so it may run twice.

    The path holds the hash: equal bytes land on the same path, other bytes never do.
    `owner` may be unsaved. To be called outside of a transaction: the storage may be remote.
    """
    digest = sha256(content)
    path = f"{owner.folder}/{kind}-{digest[:32]}.{suffix}"
    if default_storage.exists(path) and _digest_at(default_storage, path) == digest:
        return path
    return default_storage.save(path, ContentFile(content))


def register(document: Document, kind: str, name: str, path: str, content: bytes) -> StoredFile:
    """The row of a file that `put` has written. The first one of a kind stays."""
    stored, _created = StoredFile.objects.get_or_create(
        document=document,
        kind=kind,
        defaults={
            "name": name,
            "file": path,
            "sha256": sha256(content),
            "size_bytes": len(content),
        },
    )
    return stored


def store(document: Document, kind: str, name: str, content: bytes) -> StoredFile:
    """Write a file of a document, once per kind: a second call returns the first file."""
    existing = find(document, kind)
    if existing is not None:
        return existing
    path = put(document, kind, content)
    with transaction.atomic():
        return register(document, kind, name, path, content)


def find(document: Document, kind: str) -> StoredFile | None:
    """The row of a file that is still there (documents/core/wiping.py removes files)."""
    return StoredFile.objects.filter(document=document, kind=kind).exclude(file="").first()


def read(document: Document, kind: str) -> bytes:
    """The bytes of a document's file.

    Raises SignXError(NOT_FOUND), or SignXError(INTERNAL_ERROR) when the storage does not hold
    what was written: nobody must see or sign such a file.
    """
    stored = find(document, kind)
    if stored is None:
        raise SignXError(ErrorCode.NOT_FOUND, f"no {kind} file of {document.public_id}")
    return content_of(stored)


def content_of(stored: Kept) -> bytes:
    """The bytes of one stored file; errors as in `read`."""
    try:
        with stored.file.open("rb") as handle:
            content: bytes = handle.read()
    except FileNotFoundError as error:
        raise SignXError(ErrorCode.INTERNAL_ERROR, f"file {stored.pk} is lost") from error
    if sha256(content) != stored.sha256:
        raise SignXError(ErrorCode.INTERNAL_ERROR, f"file {stored.pk} differs from its hash")
    return content


def remove_folder(folder: str) -> None:
    """Everything that lies in a folder of the storage, pictures of pages included."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for inner in folders:
        remove_folder(f"{folder}/{inner}")
    default_storage.delete(folder)  # an empty folder; other storages have none


def shown_sha256(document: Document) -> str:
    """The hash of the one file that is shown to signers and that they sign."""
    return StoredFile.objects.get(document=document, kind=Kind.SHOWN).sha256


def of_kinds(document: Document, kinds: Iterable[str]) -> list[StoredFile]:
    """The files that exist, in the order asked for."""
    found = {
        stored.kind: stored
        for stored in document.files.filter(kind__in=list(kinds)).exclude(file="")
    }
    return [found[kind] for kind in kinds if kind in found]


def _digest_at(storage: Storage, path: str) -> str:
    with storage.open(path, "rb") as handle:
        return sha256(handle.read())
