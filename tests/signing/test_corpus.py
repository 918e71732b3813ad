"""Files of other programs, in every shape, all the way through: sealed and valid, or refused."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from signing.intake import REFUSALS
from tests.signing import papers
from tests.signing.corpus.journey import Arrival, Company, changed_outside_stamps, travel
from tests.signing.corpus.recipes import FILES
from tests.signing.corpus.variants import CROPS, SIZES_MM, TURNS, Shape, reshaped

SAMPLES = sorted(FILES.glob("*.pdf"))
LOCKED = "reader_locked.pdf"
# Steps without a common divisor meet every pair of values within few files.
SHAPES = [
    Shape(turn=turn, crop=crop, size=size)
    for turn, crop, size in itertools.islice(
        zip(itertools.cycle(TURNS), itertools.cycle(CROPS), itertools.cycle(SIZES_MM)), 30
    )
]
CASES = [
    pytest.param(sample, shape, id=f"{sample.stem} {shape.turn} {shape.crop} {shape.size}")
    for sample, shape in zip(
        itertools.cycle(path for path in SAMPLES if path.name != LOCKED), SHAPES
    )
]


@pytest.fixture(scope="session")
def company() -> Company:
    return Company.found()


def assert_sealed(arrival: Arrival, pdfsig: str, folder: Path) -> None:
    assert arrival.cause == ""
    assert arrival.verdict is not None
    assert (arrival.verdict.verdict, arrival.verdict.causes) == ("valid", ())
    assert len(arrival.verdict.signatures) == 2
    assert changed_outside_stamps(arrival) == []
    path = folder / "signed.pdf"
    path.write_bytes(arrival.signed)
    told = subprocess.run(
        [pdfsig, "-nocert", str(path)], capture_output=True, text=True, timeout=60
    ).stdout
    assert told.count("Signature is Valid.") == 2
    assert told.count("- Total document signed") == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_sample_is_sealed_as_it_is_or_refused_with_a_cause(
    sample: Path, company: Company, pdfsig: str, tmp_path: Path
) -> None:
    arrival = travel(sample.read_bytes(), company)

    if sample.name == LOCKED:
        assert arrival.cause == "password"
    else:
        assert_sealed(arrival, pdfsig, tmp_path)


@pytest.mark.parametrize(("sample", "shape"), CASES)
def test_a_sample_in_another_shape_is_sealed(
    sample: Path, shape: Shape, company: Company, pdfsig: str, tmp_path: Path
) -> None:
    pdf = reshaped(sample.read_bytes(), shape)

    assert_sealed(travel(pdf, company), pdfsig, tmp_path)


@pytest.mark.parametrize("pages", [1, 17, 300])
def test_every_number_of_pages_up_to_the_limit_is_sealed(
    pages: int, company: Company, pdfsig: str, tmp_path: Path
) -> None:
    pdf = reshaped(papers.contract(2), Shape(pages=pages, turn=90))

    assert_sealed(travel(pdf, company), pdfsig, tmp_path)


def test_a_page_more_than_the_limit_is_refused(company: Company) -> None:
    arrival = travel(reshaped(papers.contract(1), Shape(pages=301)), company)

    assert arrival.cause == "too_many_pages"


def test_pages_of_different_sizes_and_turns_in_one_file_are_sealed(
    company: Company, pdfsig: str, tmp_path: Path
) -> None:
    shapes = [
        Shape(size=size, turn=turn) for size, turn in zip(SIZES_MM, (*TURNS, *TURNS), strict=False)
    ]
    mixed = papers.joined([reshaped(papers.contract(1), shape) for shape in shapes])

    assert_sealed(travel(mixed, company, where="1=*:5:5:60:20; 2=1:70:5"), pdfsig, tmp_path)


@pytest.mark.parametrize("sample", SAMPLES[1::5], ids=[path.stem for path in SAMPLES[1::5]])
def test_a_damaged_sample_is_sealed_or_refused_but_never_an_error(
    sample: Path, company: Company
) -> None:
    pdf = sample.read_bytes()
    for position in range(3, 8, 2):
        cut = len(pdf) * position // 8
        for damaged in (pdf[:cut], pdf[:cut] + b"\x00" * 40 + pdf[cut + 40 :]):
            arrival = travel(damaged, company)

            if arrival.cause:
                assert arrival.cause.partition(" ")[0] in REFUSALS
            else:
                assert arrival.verdict is not None and arrival.verdict.verdict == "valid"
