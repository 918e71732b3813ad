"""What `make fuzz` searches: each target takes what it begins with, and can find something."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench import fuzz
from signing import verify as engine
from signx.errors import ErrorCode, SignXError
from tests.signing import papers


def test_the_intake_takes_sound_files_and_refuses_others() -> None:
    fuzz.try_intake(papers.contract())
    fuzz.try_intake(b"%PDF-1.7 nothing more")


def test_what_was_signed_before_is_taken_as_it_is() -> None:
    for seed in fuzz.signed_before():
        fuzz.try_intake(seed)


def test_a_paper_that_could_not_be_prepared_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise SignXError(ErrorCode.INTERNAL_ERROR, "no place")

    monkeypatch.setattr("signing.placement.coordinates.place", fail)

    with pytest.raises(SignXError):
        fuzz.try_intake(papers.contract())


def test_nothing_that_attacks_append_is_valid() -> None:
    whole, *appended = fuzz.revisions()
    assert whole == fuzz.signed_file()[0]
    for revision in appended:
        fuzz.try_verification(revision)


def test_a_forged_file_called_valid_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., engine.Verdict] = engine.verify
    whole, _root = fuzz.signed_file()

    monkeypatch.setattr(engine, "verify", lambda _file, **given: real(whole, **given))

    with pytest.raises(AssertionError, match="forged"):
        fuzz.try_verification(b"%% one more line")
