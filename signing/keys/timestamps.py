"""Time-stamps by RFC 3161: several servers in order, and no token is used before it is checked.

A server that does not answer in time, refuses, or answers with something else than was asked is
passed over; when none is left the signature is not made. The level is never lowered.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from asn1crypto import algos, cms, core, tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from signing.keys.fetching import Fetch, FetchFailed, Question, fetch, host_of
from signx.errors import ErrorCode, SignXError

# Its clock (genTime; RFC 3161, 2.4.2) and ours may differ by this much.
CLOCK_TOLERANCE = timedelta(minutes=5)
_QUERY = "application/timestamp-query"
# A token with its chain takes about 6 KB; much more is not a token.
_ANSWER_LIMIT = 256 * 1024
_GRANTED = frozenset({"granted", "granted_with_mods"})


class _Response(core.Sequence):
    """TimeStampResp of RFC 3161, 2.4.2; the library's own demands a token even of a refusal."""

    _fields = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class TokenRefused(Exception):
    """The server answered, but not with a token that may be stored."""


class TimestampClient(TimeStamper):
    """The configured servers, in the order of trying.

    `roots` are the certificates that their chains must end at, `helpers` the ones between that a
    server may leave out. `clock` gives the present moment, aware.
    """

    def __init__(
        self,
        servers: Sequence[str],
        *,
        roots: Sequence[x509.Certificate],
        helpers: Sequence[x509.Certificate] = (),
        timeout_s: float = 10,
        send: Fetch = fetch,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.servers = tuple(servers)
        self.roots = tuple(roots)
        self.helpers = tuple(helpers)
        self.send = send
        self.timeout_s = timeout_s
        self._clock = clock

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A checked token over a digest. Raises SignXError(PROVIDER_FAILED), worth another try."""
        failures = []
        for server in self.servers:
            try:
                return await self._ask(server, message_digest, md_algorithm)
            except (FetchFailed, TokenRefused) as error:
                failures.append(f"{host_of(server)}: {error}")
        detail = "; ".join(failures) or "no server is configured"
        raise SignXError(ErrorCode.PROVIDER_FAILED, f"no time-stamp: {detail}")

    async def _ask(self, server: str, digest: bytes, algorithm: str) -> cms.ContentInfo:
        request = _request(digest, algorithm)
        answer = self.send(
            Question(
                server,
                request.dump(),
                _QUERY,
                timeout_s=self.timeout_s,
                limit_bytes=_ANSWER_LIMIT,
            )
        )
        token = _granted(answer)
        info = _info(token)
        _require_answer_to(request, info)
        self._require_present(info)
        await self._require_trusted(token, digest)
        return token

    def _require_present(self, info: tsp.TSTInfo) -> None:
        difference = abs(info["gen_time"].native - self._clock())
        if difference > CLOCK_TOLERANCE:
            raise TokenRefused(f"its time is off by {difference.total_seconds():.0f} s")

    async def _require_trusted(self, token: cms.ContentInfo, digest: bytes) -> None:
        context = ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.helpers),
            moment=self._clock(),
            allow_fetching=False,
        )
        try:
            facts = await validate_tst_signed_data(
                token["content"], context, lambda _algorithm: digest
            )
        except (SignatureValidationError, ValueError, KeyError, TypeError) as error:
            raise TokenRefused(f"not a signed token: {type(error).__name__}") from error
        if not (facts["intact"] and facts["valid"]):
            raise TokenRefused("its signature is not valid")
        if facts.get("trust_problem_indic") is not None or facts.get("validation_path") is None:
            raise TokenRefused("its certificate does not lead to a configured root")


def issuers_of(token: cms.ContentInfo) -> list[x509.Certificate]:
    """The certificates that a token brings along."""
    return [choice.chosen for choice in token["content"]["certificates"]]


def _request(digest: bytes, algorithm: str) -> tsp.TimeStampReq:
    # 63 bits and the top one set: always the same length, never negative.
    nonce = secrets.randbits(62) | (1 << 62)
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}),
        "hashed_message": digest,
    }
    return tsp.TimeStampReq(
        {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    )


def _granted(answer: bytes) -> cms.ContentInfo:
    try:
        response = _Response.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in _GRANTED:
            failure = response["status"]["fail_info"].native
            raise TokenRefused(f"{status} {', '.join(sorted(failure or ()))}".strip())
        token = response["time_stamp_token"]
        if token["content_type"].native != "signed_data":
            raise TokenRefused("not a signed token")
        # The whole structure is read now, so that no later access meets a broken part.
        token.native  # noqa: B018
    except (ValueError, TypeError, KeyError) as error:
        raise TokenRefused(f"not a time-stamp answer: {type(error).__name__}") from error
    return token


def _info(token: cms.ContentInfo) -> tsp.TSTInfo:
    info = token["content"]["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TokenRefused("holds no time")
    return info


def _require_answer_to(request: tsp.TimeStampReq, info: tsp.TSTInfo) -> None:
    """The token is about our digest and answers our request. Source: RFC 3161, 2.2."""
    asked, given = request["message_imprint"], info["message_imprint"]
    if asked["hash_algorithm"]["algorithm"].native != given["hash_algorithm"]["algorithm"].native:
        raise TokenRefused("it is about another kind of digest")
    if asked["hashed_message"].native != given["hashed_message"].native:
        raise TokenRefused("it is about another digest")
    if info["nonce"].native != request["nonce"].native:
        raise TokenRefused("it answers another request")
