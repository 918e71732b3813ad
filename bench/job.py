"""What a measured program is told and what it answers, the same for every language.

A job is a JSON file: the paths of the PDF, the PKCS#12 (password "bench"), the font and the
output, and how often to sign. The answer is one line of JSON: milliseconds for each signature.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PASSWORD = "bench"  # noqa: S105 - of a key made for one run
FILES = ("1 p", "10 p", "200 p", "12 MB scan")
KEYS = ("P-256", "RSA-2048")
STAMP_LINES = (
    "Документ подписан простой электронной подписью",
    "Ёлкин Пётр Алексеевич",
    "Подтверждение: код из письма на e***@mail.example",
    "Подписано: 24.11.2026, 14:05:09 (МСК, UTC+3)",
)


@dataclass(frozen=True)
class Job:
    pdf: str
    pkcs12: str
    font: str
    output: str
    times: int
    password: str = PASSWORD
    lines: Sequence[str] = STAMP_LINES


def read_job() -> Job:
    return Job(**json.loads(Path(sys.argv[1]).read_text()))


def write_job(path: Path, job: Job) -> None:
    path.write_text(json.dumps(asdict(job)))


def measure(job: Job, sign: Callable[[], bytes]) -> None:
    """Sign as often as asked; the first signature warms up and is not counted."""
    Path(job.output).write_bytes(sign())
    figures = []
    for _time in range(job.times):
        started = time.perf_counter()
        sign()
        figures.append((time.perf_counter() - started) * 1000)
    print(json.dumps(figures))
