"""The child process of verification: a PDF in, facts out. See `signing.child`."""

from __future__ import annotations

from datetime import datetime

from signing import child
from signing.embedded.certificates import certificates_of
from signing.verification.examine import examine


def main() -> None:
    argument, data = child.begin()
    facts = examine(
        data,
        roots=certificates_of(argument["roots"]),
        pinned=argument["pinned"],
        at=datetime.fromisoformat(argument["at"]),
    )
    child.answer(facts)


if __name__ == "__main__":
    main()
