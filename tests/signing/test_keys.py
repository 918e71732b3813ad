from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem
from signing.keys.issuing import Issuer
from signing.keys.revocation import Revoked, revocation_list
from tests.signing.conftest import ORGANISATION, SIGNED_AT


def test_one_authority_stands_under_the_root_and_none_under_it(authority: KeyPairPem) -> None:
    issuing = keys.new_issuing(authority, organisation=ORGANISATION, at=SIGNED_AT)
    pair = keys.issue_seal(issuing, organisation=ORGANISATION, at=SIGNED_AT)
    root, middle, leaf = (
        x509.load_pem_x509_certificate(text.encode())
        for text in (authority.certificate_pem, issuing.certificate_pem, pair.certificate_pem)
    )

    middle.verify_directly_issued_by(root)
    leaf.verify_directly_issued_by(middle)
    rules = [
        certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        for certificate in (root, middle, leaf)
    ]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert [(rule.ca, rule.path_length) for rule in rules] == [(True, 1), (True, 0), (False, None)]
    assert pair.chain_pem == issuing.certificate_pem + authority.certificate_pem
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign


def test_a_seal_never_outlives_its_authority() -> None:
    authority = keys.new_authority(ORGANISATION, at=SIGNED_AT, term=timedelta(days=30))

    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)

    assert pair.not_after == authority.not_after


def test_a_certificate_says_where_its_revocation_is_told(authority: KeyPairPem) -> None:
    pair = keys.issue_seal(
        authority, organisation=ORGANISATION, at=SIGNED_AT, pki_url="https://signx.example/pki"
    )

    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (access,) = certificate.extensions.get_extension_for_class(
        x509.AuthorityInformationAccess
    ).value
    (address,) = point.full_name
    assert address.value == f"https://signx.example/pki/{authority.serial}.crl"
    assert access.access_location.value == f"https://signx.example/pki/{authority.serial}.crt"


def test_a_revocation_list_names_what_is_revoked_and_why(authority: KeyPairPem) -> None:
    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)
    reason = x509.ReasonFlags.key_compromise

    der = revocation_list(
        Issuer.of(authority), [Revoked(pair.serial, SIGNED_AT, reason)], number=7, at=SIGNED_AT
    )

    found = x509.load_der_x509_crl(der)
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    assert found.is_signature_valid(root.public_key())  # type: ignore[arg-type]
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    (entry,) = found
    assert f"{entry.serial_number:x}" == pair.serial
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is reason


def test_a_pair_is_parsed_once(seal_pair: KeyPairPem) -> None:
    assert keys.load(seal_pair) is keys.load(seal_pair)


@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize("key_type", ["P-256", "RSA-3072"])
def test_names_longer_than_x509_allows_are_cut(key_type: keys.KeyType) -> None:
    organisation = "Общество с ограниченной ответственностью " * 4

    pair = keys.new_authority(organisation, at=SIGNED_AT, key_type=key_type)

    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    named = [str(part.value) for part in certificate.subject]
    assert organisation[:64].strip() in named
    assert max(len(name) for name in named) <= 64


def test_a_personal_certificate_names_the_person(authority: KeyPairPem) -> None:
    pair = keys.issue_person(
        authority,
        name="Ёлкин Пётр Алексеевич",
        organisation="",
        email="elkin@mail.example",
        at=SIGNED_AT,
    )

    assert keys.load(pair).subject == "Ёлкин Пётр Алексеевич"
    assert "elkin@mail.example" in pair.subject
    assert pair.chain_pem == authority.certificate_pem


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_long_russian_name_stays_whole(authority: KeyPairPem) -> None:
    name = "Константинопольский-Задунайский Александр Владимирович"

    pair = keys.issue_person(authority, name=name, organisation="", email="", at=SIGNED_AT)

    assert keys.load(pair).subject == name
