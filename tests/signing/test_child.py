from __future__ import annotations

import pytest

from signing import child
from signing.intake import take_in
from signx.errors import RETRYABLE, SignXError

SAMPLES = "tests.signing.child_samples"


def run(what: str, data: bytes = b"") -> tuple[dict[str, object], bytes]:
    return child.run(SAMPLES, {"what": what}, data, seconds=1, memory_mb=256)


def test_a_child_answers_and_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")

    facts, body = run("tell", b"abc")

    assert body == b"cba"
    assert facts["memory"] == 256 * 1024 * 1024
    assert not {"SECRET_KEY", "DATABASE_URL"} & set(facts["environment"])  # type: ignore[call-overload]
    assert facts["modules"] == []


def test_a_failure_is_told_without_its_message() -> None:
    with pytest.raises(child.ChildDied) as caught:
        run("fail")

    assert not caught.value.at_limit
    assert "ValueError" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("what", ["spin", "eat"])
def test_time_and_memory_end_at_their_limits(what: str) -> None:
    with pytest.raises(child.ChildDied) as caught:
        run(what)

    assert caught.value.at_limit


def test_a_child_that_somebody_killed_says_nothing_about_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(child.ChildDied) as caught:
        run("killed")
    assert (caught.value.at_limit, caught.value.is_waiting) == (False, True)

    real = child.run
    monkeypatch.setattr(
        child,
        "run",
        lambda module, argument, data, **limits: real(
            SAMPLES, {"what": "killed"}, data, seconds=1, memory_mb=256
        ),
    )
    with pytest.raises(SignXError) as refused:
        take_in(b"%PDF-1.7")

    assert refused.value.code in RETRYABLE


def test_an_argument_may_be_longer_than_a_command_line() -> None:
    argument = {"what": "tell", "certificates": "x" * 300_000}

    _facts, body = child.run(SAMPLES, argument, b"abc", seconds=1, memory_mb=256)

    assert body == b"cba"
