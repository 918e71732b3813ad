"""What the checking of a file may run out of."""

from __future__ import annotations

# Not an answer about the file: no memory was left, or calls were nested too deeply.
OUT_OF_ROOM = (MemoryError, RecursionError)
