"""Only a token that answers our own question, now, from a known authority, is ever stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms

from signing.keys.timestamps import TimestampClient
from signx.errors import RETRYABLE, ErrorCode, SignXError
from tests.signing.time_server import TimeServer, running

DIGEST = hashlib.sha256("Договор № 17".encode()).digest()


@pytest.fixture
def server() -> Iterator[TimeServer]:
    with running(TimeServer()) as started:
        yield started


def ask(*servers: TimeServer, timeout_s: float = 5, **changes: object) -> cms.ContentInfo:
    roots = [root for server in servers for root in server.roots]
    options = {"roots": roots, "timeout_s": timeout_s} | changes
    client = TimestampClient([server.url for server in servers], **options)  # type: ignore[arg-type]
    return asyncio.run(client.async_timestamp(DIGEST, "sha256"))


def info_of(token: cms.ContentInfo) -> dict[str, object]:
    info = token["content"]["encap_content_info"]["content"].parsed
    return {
        "digest": info["message_imprint"]["hashed_message"].native,
        "at": info["gen_time"].native,
    }


def test_a_token_tells_when_a_digest_was_there(server: TimeServer) -> None:
    info = info_of(ask(server))

    assert info["digest"] == DIGEST
    assert abs(info["at"] - datetime.now(UTC)) < timedelta(minutes=1)  # type: ignore[operator]


def test_tokens_of_openssl_are_understood(tmp_path: Path) -> None:
    with running(TimeServer(), openssl_in=tmp_path) as server:
        info = info_of(ask(server))

    assert info["digest"] == DIGEST


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("http_500", "HTTP 500"),
        ("refuses", "rejection bad_alg"),
        ("not_asn1", "not a time-stamp answer"),
        ("huge", "the answer is too long"),
        ("wrong_imprint", "about another digest"),
        ("wrong_kind", "about another kind of digest"),
        ("wrong_nonce", "answers another request"),
        ("no_nonce", "answers another request"),
        ("wrong_time", "its time is off by 3600 s"),
        ("forged", "its signature is not valid"),
    ],
)
def test_a_wrong_answer_is_not_stored_and_the_next_server_is_asked(
    server: TimeServer, mood: str, reason: str
) -> None:
    server.mood = mood
    with pytest.raises(SignXError) as caught:
        ask(server)
    with running(TimeServer()) as second:
        token = ask(server, second)

    assert caught.value.code is ErrorCode.PROVIDER_FAILED
    assert caught.value.code in RETRYABLE
    assert reason in caught.value.detail
    assert info_of(token)["digest"] == DIGEST
    assert (server.asked, second.asked) == (2, 1)


def test_a_silent_server_costs_its_time_out_and_no_more(server: TimeServer) -> None:
    server.mood = "silent"
    began = datetime.now(UTC)

    with pytest.raises(SignXError) as caught:
        ask(server, timeout_s=0.2)

    assert "timeout" in caught.value.detail
    assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_an_authority_that_nobody_configured_is_not_believed(server: TimeServer) -> None:
    stranger = TimeServer()

    with pytest.raises(SignXError) as caught:
        ask(server, roots=stranger.roots)

    assert "does not lead to a configured root" in caught.value.detail


def test_a_certificate_that_is_not_for_time_stamps_is_not_believed() -> None:
    with running(TimeServer(is_for_time=False)) as server, pytest.raises(SignXError) as caught:
        ask(server)

    assert "does not lead to a configured root" in caught.value.detail


def test_a_server_that_is_not_there_is_passed_over(server: TimeServer) -> None:
    gone = TimeServer()
    with running(gone):
        pass

    assert info_of(ask(gone, server))["digest"] == DIGEST


def test_a_password_of_an_address_is_sent_and_never_told(server: TimeServer) -> None:
    server.mood = "http_500"
    address = server.url.replace("http://", "http://director:s3cret@")

    with pytest.raises(SignXError) as caught:
        client = TimestampClient([address], roots=server.roots)
        asyncio.run(client.async_timestamp(DIGEST, "sha256"))

    assert server.asked == 1
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://tsa.example/x", "tsa.example"])
def test_only_web_addresses_are_asked(server: TimeServer, address: str) -> None:
    with pytest.raises(SignXError) as caught:
        client = TimestampClient([address], roots=server.roots)
        asyncio.run(client.async_timestamp(DIGEST, "sha256"))

    assert "not an http address" in caught.value.detail
