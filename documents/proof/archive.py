"""Everything about a document in one ZIP: files, signatures, report, and a list with hashes.

The package can be checked without SIGNX: `manifest.json` names each file with its SHA-256 (and the
GOST R 34.11-2012 hash that the report tells), and for each signature made elsewhere the file that
it is for.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from documents.core import files
from documents.models import Document, StoredFile
from documents.models.detached import DetachedSignature
from journal.services import head_hash
from signing.hashes import sha256, streebog256

Kind = StoredFile.Kind
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
# The names inside the package, the same in every language: programs read them.
NAMES = {
    Kind.SIGNED: "signed.pdf",
    Kind.SHOWN: "shown.pdf",
    Kind.SOURCE: "source.pdf",
    Kind.AGREEMENT: "agreement.pdf",
    Kind.REPORT: "report.pdf",
}


@dataclass(frozen=True)
class _Part:
    """One file of the package; `about` goes into the manifest."""

    path: str
    content: bytes
    about: dict[str, Any]

    def entry(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "size_bytes": len(self.content),
            "sha256": sha256(self.content),
            "streebog256": streebog256(self.content),
            **self.about,
        }


def archive_of(document: Document, *, at: datetime) -> bytes:
    """The package as it is now. Raises SignXError(INTERNAL_ERROR) for a file that is damaged."""
    parts = [*_files(document), *_signatures(document)]
    manifest = _manifest(document, parts, at)
    output = io.BytesIO()
    # PDF files hardly shrink; a package is made while a person waits.
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as package:
        for path, content in [(part.path, part.content) for part in parts] + [(MANIFEST, manifest)]:
            info = zipfile.ZipInfo(path, at.astimezone(UTC).timetuple()[:6])
            info.external_attr = 0o644 << 16
            package.writestr(info, content)
    return output.getvalue()


def _files(document: Document) -> Iterator[_Part]:
    for stored in files.of_kinds(document, list(NAMES)):
        kind = Kind(stored.kind)
        about = {"kind": stored.kind, "name": stored.name}
        if stored.streebog256:
            about["streebog256"] = stored.streebog256
        yield _Part(NAMES[kind], files.content_of(stored), about)


def _signatures(document: Document) -> Iterator[_Part]:
    kept = DetachedSignature.objects.filter(document=document).exclude(file="")
    for number, signature in enumerate(kept, start=1):
        yield _Part(
            f"signatures/{NAMES[Kind.SHOWN]}.{number}.sig",
            files.content_of(signature),
            {
                "kind": "detached_signature",
                "name": signature.name,
                "signs": NAMES[Kind.SHOWN],
                "level": signature.level,
                "causes": signature.causes,
                "signers": signature.signers,
                "added_at": signature.added_at.astimezone(UTC).isoformat(),
            },
        )


def _manifest(document: Document, parts: list[_Part], at: datetime) -> bytes:
    facts = {
        "format_version": FORMAT_VERSION,
        "document": document.number,
        "title": document.title,
        "status": document.status,
        "verification_url": document.verification_url,
        "made_at": at.astimezone(UTC).isoformat(),
        "journal_head": head_hash(document.portal),
        "files": [part.entry() for part in parts],
    }
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()
