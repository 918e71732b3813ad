"""Children for hostile bytes, and the nursery that they come from."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from signing import child, nursery
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
    # Should its keeper be killed, it ends by itself.
    assert child._GRACE_S < float(str(facts["seconds_left"])) <= child._GRACE_S + 1 + 2


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


def test_who_dies_before_reading_the_file_is_told_about_too() -> None:
    with pytest.raises(child.ChildDied, match="ModuleNotFoundError"):
        child.run("tests.signing.no_such", {}, b"x" * 10_000_000, seconds=1, memory_mb=256)


@pytest.mark.parametrize("what", ["wait", "stop"])
def test_a_child_that_does_nothing_is_ended(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_GRACE_S", 0)

    with pytest.raises(child.ChildDied, match="timeout") as caught:
        run(what)

    assert (caught.value.at_limit, caught.value.is_waiting) == (True, True)


def test_nobody_waits_without_end_for_a_child_whose_keeper_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "_GRACE_S", 0)
    monkeypatch.setattr(child, "_PATIENCE_S", 0)

    with pytest.raises(child.ChildDied) as caught:
        run("kill the keeper")

    assert caught.value.is_waiting


def test_who_reads_nothing_and_writes_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_GRACE_S", 0)

    with pytest.raises(child.ChildDied) as caught:
        child.run("tests.signing.loud_child", {}, b"x" * 10_000_000, seconds=1, memory_mb=256)

    assert caught.value.at_limit


def test_an_endless_answer_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_MOST_BYTES", 1_000_000)

    with pytest.raises(child.ChildDied, match="endless"):
        child.run("tests.signing.loud_child", {}, b"", seconds=1, memory_mb=256)


def test_nobody_waits_for_those_whom_a_child_leaves_behind() -> None:
    _facts, body = run("leave somebody behind", b"abc")

    assert body == b"cba"


def test_what_a_library_prints_is_no_answer() -> None:
    with pytest.raises(child.ChildDied, match="not an answer"):
        run("print")


def test_who_was_asked_to_stop_says_nothing_about_the_file() -> None:
    with pytest.raises(child.ChildDied) as caught:
        run("terminated")

    assert caught.value.is_waiting


@pytest.mark.parametrize("said", [b"", b"{}", b"{}\n" + b"\xff" * 200])
def test_an_answer_without_the_keepers_word_is_none(said: bytes) -> None:
    assert nursery.ending(said) == (b"", None)


def nursery_of_a_child() -> int:
    facts, _body = run("tell")
    return int(str(facts["nursery"]))


def test_children_come_from_one_nursery_until_it_is_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = nursery_of_a_child()
    assert nursery_of_a_child() == first

    monkeypatch.setattr(nursery, "_CHILDREN", nursery._Current.children + 1)
    assert nursery_of_a_child() == first
    assert nursery_of_a_child() != first


def test_a_killed_nursery_is_followed_by_another() -> None:
    killed = nursery_of_a_child()
    os.kill(killed, signal.SIGKILL)

    assert nursery_of_a_child() != killed


def test_a_child_whose_nursery_is_killed_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _facts, body = run("kill the nursery", b"abc")

    assert body == b"cba"


def test_a_forked_process_has_a_nursery_of_its_own() -> None:
    mine = nursery_of_a_child()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        theirs = pool.apply(nursery_of_a_child)

    assert theirs != mine
    assert nursery_of_a_child() == mine


def test_a_nursery_that_nobody_can_ask_ends() -> None:
    requests, process = nursery._start()
    requests.close()

    assert process.wait(timeout=30) == 0


def test_a_nursery_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nursery.sys, "executable", "/bin/ls")
    requests, process = nursery._start()
    requests.close()

    assert process.wait(timeout=30) != 0
    assert capfd.readouterr().err
