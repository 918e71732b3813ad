"""The child process of the intake: a PDF in, facts and a clean PDF out. See `signing.child`."""

from __future__ import annotations

from signing import child
from signing.cleaning.clean import clean
from signing.cleaning.refusal import Refusal


def main() -> None:
    limits, data = child.begin()
    try:
        facts, result = clean(
            data,
            max_pages=limits["pages"],
            max_pixels=limits["pixels"],
            picture_seconds=limits["picture_seconds"],
            trial_seconds=limits["trial_seconds"],
            keeps_signatures=limits["keeps_signatures"],
        )
    except Refusal as refusal:
        child.answer({"refused": refusal.cause, "context": refusal.context})
    else:
        child.answer(facts, result)


if __name__ == "__main__":
    main()
