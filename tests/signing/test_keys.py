from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from signing.embedded import keys
from signing.embedded.keys import KeyPairPem
from tests.signing.conftest import ORGANISATION, SIGNED_AT


def test_the_authority_signs_the_seal_and_cannot_make_other_authorities(
    authority: KeyPairPem, seal_pair: KeyPairPem
) -> None:
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    leaf = x509.load_pem_x509_certificate(seal_pair.certificate_pem.encode())

    leaf.verify_directly_issued_by(root)
    root_rules = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    leaf_rules = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (root_rules.ca, root_rules.path_length, leaf_rules.ca) == (True, 0, False)
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign


def test_a_seal_never_outlives_its_authority() -> None:
    authority = keys.new_authority(ORGANISATION, at=SIGNED_AT, term=timedelta(days=30))

    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)

    assert pair.not_after == authority.not_after


def test_a_pair_is_parsed_once(seal_pair: KeyPairPem) -> None:
    assert keys.load(seal_pair) is keys.load(seal_pair)


@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize("key_type", ["P-256", "RSA-3072"])
def test_names_longer_than_x509_allows_are_cut(key_type: keys.KeyType) -> None:
    organisation = "Общество с ограниченной ответственностью " * 4

    pair = keys.new_authority(organisation, at=SIGNED_AT, key_type=key_type)

    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    assert all(len(str(part.value)) <= 64 for part in certificate.subject)


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
