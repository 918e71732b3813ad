"""Keys in a PKCS#11 token: SoftHSM2 makes and keeps them, SIGNX only asks it to sign."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from signing.base import Party, Place, StampText
from signing.embedded import seal
from signing.embedded.self_test import SelfTestFailed, check_seal
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, KeyType
from signing.keys.issuing import Issuer
from signing.keys.key_pairs import open_key
from signing.keys.revocation import revocation_list
from signing.keys.tokens import Token
from signx.errors import ErrorCode, SignXError
from tests.signing import papers
from tests.signing.conftest import ORGANISATION, SIGNED_AT
from tests.signing.test_seal import pdfsig_says
from tests.softhsm import PIN, soft_token


@pytest.fixture
def token() -> Token:
    return soft_token()


def in_token(token: Token, key_type: KeyType) -> tuple[KeyPairPem, KeyPairPem]:
    """A root and a seal, both keys in the token."""
    root = keys.new_authority(ORGANISATION, at=SIGNED_AT, key_type=key_type, token=token)
    pair = keys.issue_seal(
        root, organisation=ORGANISATION, at=SIGNED_AT, key_type=key_type, token=token
    )
    return root, pair


@pytest.mark.parametrize("key_type", ["P-256", "RSA-3072"])
def test_a_seal_in_a_token_signs_a_document(
    token: Token,
    key_type: KeyType,
    places: dict[str, tuple[Place, ...]],
    director: Party,
    stamp_of: Callable[[Party], StampText],
    pdfsig: str,
    tmp_path: Path,
) -> None:
    root, pair = in_token(token, key_type)

    signed = seal.sign(
        seal.add_fields(papers.contract(), places),
        key="1",
        stamp=stamp_of(director),
        with_key=keys.load(pair, token),
        at=SIGNED_AT,
        reason="",
        name=director.name,
    )

    check_seal(keys.load(pair, token), roots=[root.certificate_pem], at=SIGNED_AT)
    assert "Signature Validation: Signature is Valid." in pdfsig_says(pdfsig, signed, tmp_path)


def test_the_key_itself_is_nowhere_outside_the_token(token: Token) -> None:
    root, pair = in_token(token, "P-256")

    assert pair.private_key_pem.startswith("pkcs11:token=SIGNX;object=signx-")
    assert root.private_key_pem != pair.private_key_pem
    assert PIN not in pair.private_key_pem + repr(token)
    with pytest.raises(ValueError, match="stays in its token"):
        open_key(pair.private_key_pem, token).private_numbers()


def test_an_authority_in_a_token_signs_revocation_lists(token: Token) -> None:
    root, _pair = in_token(token, "P-256")

    assert revocation_list(Issuer.of(root, token=token), [], number=1, at=SIGNED_AT)


def test_a_forked_worker_opens_the_token_anew(token: Token) -> None:
    root, pair = in_token(token, "P-256")
    roots = [root.certificate_pem]
    check_seal(keys.load(pair, token), roots=roots, at=SIGNED_AT)

    worker = multiprocessing.get_context("fork").Process(
        target=check_seal, args=(keys.load(pair, token),), kwargs={"roots": roots, "at": SIGNED_AT}
    )
    worker.start()
    worker.join(30)

    assert worker.exitcode == 0
    check_seal(keys.load(pair, token), roots=roots, at=SIGNED_AT)


def test_without_the_token_nothing_can_be_signed(token: Token) -> None:
    _root, pair = in_token(token, "P-256")
    with pytest.raises(ValueError, match="none is configured"):
        keys.load(pair)
    with pytest.raises(LookupError):
        open_key("pkcs11:token=SIGNX;object=signx-gone", token)
    with pytest.raises(LookupError):
        open_key("pkcs11:token=OTHER;object=signx-gone", token)
    with pytest.raises(SignXError) as caught:
        Token(token.module, "ANOTHER", PIN).new_key("P-256")
    assert caught.value.code is ErrorCode.PROVIDER_FAILED


def test_the_self_test_finds_a_key_that_does_not_belong_to_its_certificate(
    authority: KeyPairPem, seal_pair: KeyPairPem
) -> None:
    stranger = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)
    mixed = KeyPairPem(
        certificate_pem=seal_pair.certificate_pem,
        private_key_pem=stranger.private_key_pem,
        chain_pem=seal_pair.chain_pem,
        serial=seal_pair.serial,
        subject=seal_pair.subject,
        not_after=seal_pair.not_after,
    )

    check_seal(keys.load(seal_pair), roots=[authority.certificate_pem], at=SIGNED_AT)
    with pytest.raises(SelfTestFailed, match="does not verify: altered"):
        check_seal(keys.load(mixed), roots=[authority.certificate_pem], at=SIGNED_AT)
