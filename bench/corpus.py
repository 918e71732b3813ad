"""`make corpus`: every sample in every shape, or the files and folders given, all the way through.

A line for each file that was not simply sealed, then the counts. Ends with 1 when a file met
anything but a seal that holds or a refusal with a cause.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings

if TYPE_CHECKING:
    from tests.signing.corpus.journey import Company

Case = tuple[str, Path, tuple[int, str, str] | None]


def given(paths: list[str]) -> Iterator[Case]:
    for path in map(Path, paths):
        files = sorted(path.rglob("*.pdf")) if path.is_dir() else [path]
        yield from ((str(file), file, None) for file in files)


def every_shape() -> Iterator[Case]:
    from tests.signing.corpus.recipes import FILES
    from tests.signing.corpus.variants import CROPS, SIZES_MM, TURNS

    for sample in sorted(FILES.glob("*.pdf")):
        if sample.stem == "reader_locked":
            continue
        for shape in itertools.product(TURNS, CROPS, SIZES_MM):
            yield f"{sample.stem} {' '.join(map(str, shape))}", sample, shape


def fate(case: Case) -> tuple[str, str]:
    """The name of a file and what became of it: sealed, refused, or what went wrong."""
    from tests.signing.corpus.journey import changed_outside_stamps, travel
    from tests.signing.corpus.variants import Shape, reshaped

    name, path, shape = case
    try:
        pdf = path.read_bytes()
        if shape is not None:
            turn, crop, size = shape
            pdf = reshaped(pdf, Shape(turn=turn, crop=crop, size=size))
        arrival = travel(pdf, _company())
        if arrival.cause:
            return name, f"refused: {arrival.cause}"
        if arrival.verdict is None or arrival.verdict.verdict != "valid":
            return name, f"WRONG: {arrival.verdict and arrival.verdict.causes}"
        changed = changed_outside_stamps(arrival)
    except Exception as error:  # whatever it is, it is what this program looks for
        return name, f"WRONG: {type(error).__name__}: {error}"
    return name, f"WRONG: pages {changed[:5]} changed" if changed else "sealed"


@cache
def _company() -> Company:
    from tests.signing.corpus.journey import Company

    return Company.found()


def _start() -> None:
    if not settings.configured:
        settings.configure(USE_I18N=False)
        django.setup()


def main(paths: list[str]) -> int:
    _start()
    fates: Counter[str] = Counter()
    with ProcessPoolExecutor(max_workers=2, initializer=_start) as pool:
        cases = list(given(paths) if paths else every_shape())
        for name, told in pool.map(fate, cases, chunksize=4):
            fates[told.partition(" (")[0]] += 1
            if told != "sealed":
                print(f"{name}: {told}", flush=True)
    print("\n".join(f"{count:6} {told}" for told, count in fates.most_common()))
    return 1 if any(told.startswith("WRONG") for told in fates) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
