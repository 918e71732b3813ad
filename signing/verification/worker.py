"""The child process of verification: a PDF in, facts out. See `signing.child`."""

from __future__ import annotations

from datetime import datetime

from signing import child
from signing.verification.examine import examine
from signing.verification.trust import Trust


def main() -> None:
    argument, data = child.begin()
    at = datetime.fromisoformat(argument["at"])
    trust = Trust.from_facts(argument["trust"])
    child.answer(examine(data, trust=trust, at=at))


if __name__ == "__main__":
    main()
