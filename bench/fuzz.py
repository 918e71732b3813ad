"""Coverage-guided fuzzing of the two doors that strangers' bytes come through.

`make fuzz [SECONDS=600]` searches the intake and then the verification, half of the time each,
with atheris. A find is any exception but the expected refusal, a hang, or memory above the limit;
it ends the run with a code other than 0 and leaves the bytes in `var/fuzz/<target>/`.
"""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
FINDS = ROOT / "var" / "fuzz"
SAMPLES = ROOT / "tests" / "signing" / "corpus" / "files"
_LARGEST_BYTES = 60_000
_HANG_S = 20
_MEMORY_MB = 2048
_AT = datetime(2026, 11, 24, 11, 5, 9, tzinfo=UTC)


def try_intake(data: bytes) -> None:
    """Whatever the intake takes must be sound enough to be prepared for signing.

    A signed file is taken as it is; that our signatures leave its own valid was tried by then.
    """
    from signing.cleaning.clean import clean
    from signing.cleaning.refusal import Refusal
    from signing.embedded import seal
    from signing.placement import coordinates
    from signx.errors import SignXError

    try:
        facts, cleaned = clean(
            data,
            max_pages=50,
            max_pixels=40_000_000,
            picture_seconds=6,
            trial_seconds=10,
            keeps_signatures=True,
        )
    except (Refusal, MemoryError):
        return
    if facts["signatures"] and cleaned != data:
        raise AssertionError("a signed file was changed")
    try:
        placed = coordinates.place(coordinates.parse(""), cleaned, ["1"])
    except SignXError:
        if facts["signatures"]:  # no sheet can be added to it
            return
        raise
    seal.add_fields(placed.pdf, placed.places)


def try_verification(data: bytes) -> None:
    """Any bytes get an answer, and nothing can be added to a signed file without a cause.

    The bytes are read as a file of their own and as one more revision of a finished file.
    """
    from signing.verify import verify

    whole, root = signed_file()
    for file in (data, whole + data):
        verdict = verify(file, roots=[root], at=_AT, apart=False).verdict
        if verdict == "valid" and file.rstrip() != whole.rstrip():
            raise AssertionError("a forged file would be called valid")


@cache
def signed_file() -> tuple[bytes, str]:
    """A small file signed by both sides, and the root of its signatures; one for each process."""
    from tests.signing import papers
    from tests.signing.corpus.journey import Company, travel

    company = Company.found()
    signed = travel(papers.contract(1, rows=2), company).signed
    return signed, company.authority.certificate_pem


TARGETS: dict[str, Callable[[bytes], None]] = {
    "intake": try_intake,
    "verification": try_verification,
}


def seeds(target: str) -> Iterator[bytes]:
    """Small files in the plainest spelling, so that a changed byte meets structure."""
    import pikepdf

    from tests.signing.corpus.journey import Company, travel

    company = Company.found() if target == "verification" else None
    if company is not None:
        yield from revisions()
    else:
        yield from signed_before()
    for path in sorted(SAMPLES.glob("*.pdf")):
        data = path.read_bytes()
        if company is not None:
            data = travel(data, company).signed
        else:
            try:
                with pikepdf.open(io.BytesIO(data)) as document:
                    output = io.BytesIO()
                    document.save(output, qdf=True, encryption=False)
                    data = output.getvalue()
            except (pikepdf.PdfError, pikepdf.PasswordError):
                pass
        if 0 < len(data) <= _LARGEST_BYTES:
            yield data


def signed_before() -> Iterator[bytes]:
    """Files that other programs have signed, and what the attacks make of them."""
    from tests.signing import attacks, papers
    from tests.signing.signed_elsewhere import by_hand, by_pyhanko

    paper = papers.contract(1, rows=2)
    signed = by_pyhanko(paper, _AT)
    yield from (signed, by_pyhanko(paper, _AT, box=None), by_hand(paper, _AT))
    for attack in (attacks.append_page_content, attacks.append_signature_field):
        yield attack(signed)


def revisions() -> Iterator[bytes]:
    """A signed file, and what the published attacks append to it."""
    from tests.signing import attacks

    whole, _root = signed_file()
    yield whole
    for attack in (attacks.append_page_content, attacks.append_annotation):
        yield attack(whole)[len(whole) :]
    yield b"\n%%EOF\n"


def search(target: str, seconds: int) -> int:
    """Run one target in a process of its own: the fuzzer never returns."""
    corpus = FINDS / target / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number:02}.pdf").write_bytes(seed)
    command = [sys.executable, "-m", "bench.fuzz", "--target", target, str(corpus)]
    options = [
        f"-max_total_time={seconds}", f"-timeout={_HANG_S}", f"-rss_limit_mb={_MEMORY_MB}",
        f"-max_len={_LARGEST_BYTES}", f"-dict={ROOT / 'bench' / 'pdf.dict'}",
        f"-artifact_prefix={FINDS / target}/", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    print(f"== {target}: {seconds} s", flush=True)
    return subprocess.run([*command, *options], cwd=ROOT, check=False).returncode


def _fuzz(target: str, arguments: list[str]) -> None:
    import atheris

    # The parsers tell every oddity of every file.
    logging.disable(logging.CRITICAL)

    names = ["signing", "pyhanko.pdf_utils", "pyhanko.sign", "pikepdf"]
    with atheris.instrument_imports(include=names):
        import signing.cleaning.clean
        import signing.embedded.seal
        import signing.placement.coordinates
        import signing.verify  # noqa: F401
    atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    settings.configure(USE_I18N=False)
    django.setup()
    if arguments[:1] == ["--target"]:
        _fuzz(arguments[1], arguments[2:])
    seconds = int(arguments[0]) if arguments else 600
    return max(search(target, seconds // len(TARGETS)) for target in TARGETS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
