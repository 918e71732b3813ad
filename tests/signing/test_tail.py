"""What may stand behind the last person's signature: honest revisions, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from signing.base import Place
from signing.intake import take_in
from signing.keys.authority import KeyPairPem
from signing.verify import Verdict
from tests.signing import attacks, papers, tails
from tests.signing.authorities import TimeAuthority
from tests.signing.conftest import SIGNED_AT, SignAll

NOON = SIGNED_AT + timedelta(hours=1)
NAMES = {"ids": lambda attack: getattr(attack, "__name__", str(attack))}

Check = Callable[..., Verdict]


@pytest.fixture(scope="module")
def noon() -> TimeAuthority:
    return TimeAuthority(NOON)


@pytest.fixture(params=["table", "stream"])
def of_each_form(
    request: pytest.FixtureRequest, sign_all: SignAll, places: dict[str, tuple[Place, ...]]
) -> bytes:
    """Signed by both, its objects listed in a table or in a stream."""
    paper = papers.contract()
    signed = sign_all(paper if request.param == "table" else take_in(paper).pdf, places)
    is_table = b"\nxref\n" in signed[signed.rindex(b"/ByteRange") :]
    assert is_table == (request.param == "table")
    return signed


@pytest.mark.parametrize("head", tails.HEADS)
def test_an_object_hidden_by_its_spelling_is_found(signed: bytes, check: Check, head: str) -> None:
    assert check(tails.hidden(signed, head=head)).causes == ("changed_after",)


@pytest.mark.parametrize("xref", tails.LISTS)
def test_an_object_hidden_by_a_list_that_others_rebuild_is_found(
    signed: bytes, check: Check, xref: str
) -> None:
    assert check(tails.hidden(signed, xref=xref)).causes == ("changed_after",)


@pytest.mark.parametrize("trailer", tails.TRAILERS)
def test_an_object_hidden_by_a_trailer_that_others_rebuild_is_found(
    signed: bytes, check: Check, trailer: str
) -> None:
    assert check(tails.hidden(signed, trailer=trailer)).causes == ("changed_after",)


def test_an_object_hidden_in_the_bytes_of_another_is_found(signed: bytes, check: Check) -> None:
    assert "changed_after" in check(tails.hidden_in_stream(signed)).causes


@pytest.mark.parametrize("attack", [tails.hidden, *attacks.INCREMENTAL_SAVING], **NAMES)
def test_a_trusted_time_stamp_makes_no_forgery_true(
    signed: bytes, check: Check, noon: TimeAuthority, attack: attacks.Attack
) -> None:
    stamped = tails.with_time_stamp(attack(signed), noon.stamper(NOON))

    verdict = check(stamped, timestamp_roots=[noon.certificate_pem])

    assert "changed_after" in verdict.causes


def test_a_file_that_nobody_signed_is_not_valid_for_its_time_stamp(
    check: Check, noon: TimeAuthority
) -> None:
    stamped = tails.with_time_stamp(papers.contract(), noon.stamper(NOON))

    verdict = check(stamped, timestamp_roots=[noon.certificate_pem])

    assert (verdict.verdict, verdict.causes) == ("unknown", ("no_signatures",))
    assert [stamp.timestamp_at for stamp in verdict.timestamps] == [NOON]


@pytest.mark.parametrize("attack", [tails.hidden, attacks.append_script], **NAMES)
def test_what_came_after_a_time_stamp_is_judged(
    check: Check, noon: TimeAuthority, attack: attacks.Attack
) -> None:
    stamped = tails.with_time_stamp(papers.contract(), noon.stamper(NOON))

    verdict = check(attack(stamped), timestamp_roots=[noon.certificate_pem])

    assert "changed_after" in verdict.causes


def test_data_for_later_years_of_any_form_leave_the_file_valid(
    of_each_form: bytes, check: Check, authority: KeyPairPem, noon: TimeAuthority
) -> None:
    extended = tails.with_validation_data(of_each_form, authority.certificate_pem)
    for honest in (
        extended,
        tails.with_other_line_ends(extended),
        tails.signed_by_a_program_with_a_name(extended),
        tails.with_validation_data(extended, authority.certificate_pem),
        tails.with_time_stamp(extended, noon.stamper(NOON)),
    ):
        verdict = check(honest, timestamp_roots=[noon.certificate_pem])

        assert verdict.causes == ()
        assert verdict.signatures[1].changes == "lta_updates"


def test_packed_data_for_later_years_leave_the_file_valid(
    sign_all: SignAll, places: dict[str, tuple[Place, ...]], check: Check, authority: KeyPairPem
) -> None:
    signed = sign_all(take_in(papers.contract()).pdf, places)

    packed = tails.with_packed_validation_data(signed, authority.certificate_pem)

    assert b"/ObjStm" in packed[len(signed) :]
    assert check(packed).causes == ()


def test_a_person_may_sign_after_a_time_stamp(
    check: Check, noon: TimeAuthority, sign_all: SignAll, places: dict[str, tuple[Place, ...]]
) -> None:
    stamped = tails.with_time_stamp(papers.contract(), noon.stamper(NOON))

    signed = sign_all(stamped, places)

    assert check(signed, timestamp_roots=[noon.certificate_pem]).causes == ()


def test_a_changed_file_is_no_event_for_the_log(
    signed: bytes, check: Check, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert check(attacks.append_page_content(signed)).verdict == "invalid"

    assert not [record for record in caplog.records if record.name.startswith("pyhanko.sign")]
