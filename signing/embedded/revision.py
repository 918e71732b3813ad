"""The writer of one more revision of a PDF, which depends on nothing but its input."""

from __future__ import annotations

import hashlib
import io

from pyhanko.pdf_utils.generic import ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError

from signx.errors import ErrorCode, SignXError


class RevisionWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without its clock and its dice: a repeated call gives the same bytes."""

    @classmethod
    def over(cls, pdf: bytes, salt: str) -> RevisionWriter:
        """A writer over a file; `salt` tells its revision from another one over the same file.

        Raises SignXError(DOCUMENT_INVALID) when the file cannot be extended.
        """
        try:
            writer = cls(io.BytesIO(pdf))
        except PdfError as error:
            raise SignXError(ErrorCode.DOCUMENT_INVALID, f"cannot extend: {error}") from error
        # By default the second file identifier is random.
        identifier = hashlib.sha256(hashlib.sha256(pdf).digest() + salt.encode()).digest()
        writer._document_id[1] = ByteStringObject(identifier[:16])
        return writer

    def _update_meta(self) -> None:
        """Leave the document's own properties alone; by default they get the current time."""
