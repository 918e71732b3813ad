"""Bodies of robot calls and events: PHP's nesting, and whatever else anybody may post."""

from __future__ import annotations

import time
from contextlib import suppress
from urllib.parse import quote_plus

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from bitrix24.calls import incoming
from bitrix24.models import Portal
from bitrix24.wire import phpform
from signx.errors import ErrorCode, SignXError

FORM = "application/x-www-form-urlencoded"


def parse(body: str | bytes) -> object:
    raw = body.encode() if isinstance(body, str) else body
    return incoming.parse(RequestFactory().post("/", raw, content_type=FORM))


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        ("a%5Bb%5D%5Bc%5D=1", {"a": {"b": {"c": "1"}}}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[1]=y&a[2]=x", {"a": {"1": "y", "2": "x"}}),
        ("a[]=x&a[]=y", {"a": ["x", "y"]}),
        ("a[][n]=x&a[][n]=y", {"a": [{"n": "x"}, {"n": "y"}]}),
        ("a[7]=x&a[]=y", {"a": {"7": "x", "8": "y"}}),
        ("a=1&a=2", {"a": "2"}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[b=1", {"a[b": "1"}),
        ("a[b]c[d]=1", {"a": {"b": "1"}}),
        ("a]=1", {"a]": "1"}),
        ("a=", {"a": ""}),
        ("a", {"a": ""}),
        ("", {}),
        ("a=%D0%9E%D0%9E%D0%9E+%C2%AB%D0%92%C2%BB", {"a": "ООО «В»"}),
        (b"a=%ff\xff", {"a": "\ufffd\ufffd"}),
        ("a=x%00y", {"a": "xy"}),
        ("t=66f0%7CA4711_1%7CQ.0f1e", {"t": "66f0|A4711_1|Q.0f1e"}),
    ],
)
def test_php_forms_are_read_as_php_reads_them(body, read):
    assert parse(body) == read


def test_a_robot_call_is_read_whole():
    body = (
        "workflow_id=66f0.10&code=signx_send&document_id%5B0%5D=crm"
        "&document_id%5B1%5D=CCrmDocumentDeal&document_id%5B2%5D=DEAL_315"
        "&properties%5Bsigner%5D%5B0%5D=user_12&properties[wait]=sent&auth[member_id]=9d1e"
    )

    assert parse(body) == {
        "workflow_id": "66f0.10",
        "code": "signx_send",
        "document_id": ["crm", "CCrmDocumentDeal", "DEAL_315"],
        "properties": {"signer": ["user_12"], "wait": "sent"},
        "auth": {"member_id": "9d1e"},
    }


@pytest.mark.parametrize(
    "body",
    [
        "&".join(f"k{number}=1" for number in range(phpform.MAX_PAIRS + 1)),
        "a" + "[b]" * phpform.MAX_DEPTH + "=1",
        "a" * (phpform.MAX_KEY_LENGTH + 1) + "=1",
    ],
)
def test_more_than_a_portal_ever_sends_is_refused(body):
    with pytest.raises(SignXError) as caught:
        parse(body)

    assert caught.value.code == ErrorCode.INPUT_INVALID


# Measured: a tenth of a second at most. The machine may be ten times slower and more.
LONGEST_CPU_S = 3


def cpu_of_reading(body: bytes) -> float:
    """Seconds of this process alone: what else the machine does has no part in it."""
    begun = time.process_time()
    with suppress(SignXError):
        parse(body)
    return time.process_time() - begun


@pytest.mark.parametrize(
    "unit",
    [
        *(
            b"%",
            b"%41",
            b"%D0",
            b"%5B",
            b"\xff",
            b"+",
            b"\0",
            b"&",
            b"=",
            b"a=%",
            b"a[",
            b"a]",
            b"[[]",
        ),
        b"a[" + b"9" * 490 + b"]=1&",
        b"a" + b"[]" * 15 + b"=1&",
        b"a" + b"[x]" * 15 + b"=" + b"y" * 80 + b"&",
        b"a[b]c[d" * 40 + b"=&",
        b"k=" + b"%D0%9E" * 20 + b"&",
    ],
)
def test_the_longest_body_of_any_shape_is_read_at_once(unit):
    body = (unit * (incoming.LONGEST_BODY // len(unit) + 1))[: incoming.LONGEST_BODY]

    assert cpu_of_reading(body) < LONGEST_CPU_S


def test_as_many_and_as_deep_keys_as_are_read_are_read_at_once():
    keys = [f"a[{number}]" + "[x]" * 14 + "=1" for number in range(phpform.MAX_PAIRS)]

    assert cpu_of_reading("&".join(keys).encode()) < LONGEST_CPU_S


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab01[]=&%+.", min_size=1, max_size=24))
def test_no_shape_takes_long(unit):
    body = (unit * (incoming.LONGEST_BODY // len(unit))).encode()

    assert cpu_of_reading(body) < LONGEST_CPU_S


@pytest.mark.parametrize("path", ["/b24/events", "/b24/robots/signx_send"])
def test_a_body_that_no_portal_sends_is_not_read(db, client, path):
    body = b"a=" + b"1" * incoming.LONGEST_BODY

    answer = client.post(path, body, content_type=FORM)

    assert answer.status_code == 422
    assert answer.json()["error"] == "input_invalid"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body):
    try:
        result = parse(body)
    except SignXError as error:
        assert error.code == ErrorCode.INPUT_INVALID
    else:
        assert isinstance(result, dict)


BRACKETS = st.text(alphabet="ab01[]=&%+.", max_size=80)


@given(BRACKETS)
def test_any_nesting_is_read_or_refused(body):
    try:
        result = parse(body)
    except SignXError as error:
        assert error.code == ErrorCode.INPUT_INVALID
    else:
        assert isinstance(result, dict)


KEYS = st.text(alphabet="abcdefghij_", min_size=1, max_size=8)
TEXTS = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=20
)
NESTED = st.recursive(
    TEXTS,
    lambda children: st.one_of(
        st.dictionaries(KEYS, children, min_size=1, max_size=4),
        st.lists(children, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NESTED, max_size=5))
def test_what_php_would_send_comes_back_as_it_was(values):
    assert parse(phpform.encode(values)) == values


@given(st.dictionaries(KEYS, NESTED, max_size=5))
def test_raw_brackets_mean_the_same(values):
    encoded = phpform.encode(values)
    raw = encoded.replace(quote_plus("["), "[").replace(quote_plus("]"), "]")

    # Only keys hold brackets here that matter: a value keeps its own either way.
    assert parse(raw) == values


def test_null_and_empty_arrays_are_left_out_as_php_does():
    assert phpform.encode({"a": None, "b": [], "c": True, "d": False, "e": 0}) == "c=1&d=0&e=0"


# --- Whose call it is -------------------------------------------------------------------------


@pytest.fixture
def known(db) -> Portal:
    return Portal.objects.create(
        member_id="9d1e", domain="a.example", application_token="5f0c", status="active"
    )


def auth(**changes: object) -> dict[str, object]:
    known = {"member_id": "9d1e", "application_token": "5f0c"}
    return {"auth": known | changes}


def test_a_known_portal_with_its_token_is_found(known):
    assert incoming.authenticate(auth()) == known


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (auth(application_token="5f0d"), ErrorCode.REQUEST_FORGED),
        (auth(application_token=""), ErrorCode.REQUEST_FORGED),
        (auth(application_token="5f0с"), ErrorCode.REQUEST_FORGED),  # Cyrillic с
        (auth(application_token=["5f0c"]), ErrorCode.REQUEST_FORGED),
        (auth(member_id="4b80"), ErrorCode.NOT_FOUND),
        (auth(member_id=""), ErrorCode.NOT_FOUND),
        (auth(member_id={"$ne": ""}), ErrorCode.NOT_FOUND),
        ({"auth": "9d1e"}, ErrorCode.NOT_FOUND),
        ({}, ErrorCode.NOT_FOUND),
    ],
)
def test_any_other_call_is_refused(known, payload, code):
    with pytest.raises(SignXError) as caught:
        incoming.authenticate(payload)

    assert caught.value.code == code


def test_an_empty_token_never_fits_a_portal_that_has_none_yet(known):
    Portal.objects.update(application_token="")

    with pytest.raises(SignXError) as caught:
        incoming.authenticate(auth(application_token=""))

    assert caught.value.code == ErrorCode.REQUEST_FORGED


def test_an_uninstalled_portal_is_unknown(known):
    Portal.objects.update(status=Portal.Status.UNINSTALLED)

    with pytest.raises(SignXError) as caught:
        incoming.authenticate(auth())

    assert caught.value.code == ErrorCode.NOT_FOUND
