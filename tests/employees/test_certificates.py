"""An unqualified signature is made with the person's own certificate: issued, renewed, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from employees.models import Employee, KeyPair, SignatureProfile
from employees.signatures import certificates, keys, pki
from employees.signatures.certificate_news import follow_certificates
from employees.signatures.certificates import renew
from employees.signatures.profiles import (
    confirm_signature,
    request_code,
    stop_signature,
    turn_on_signature,
)
from employees.signatures.signing_rights import signer_for_person
from journal.models import AuditEvent
from outbox.models import Delivery
from outbox.services import content
from outbox.tasks import forget_delivered
from signing.base import Level
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, SUPPORT, make_profile

State = SignatureProfile.State
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def turn_on(employee: Employee, *, level: Level = Level.UNQUALIFIED, email: str = "", at=NOON):
    request_code(employee, email=email or employee.email, at=at)
    code = Delivery.objects.filter(kind="employee_code").latest("pk").open_secret()["code"]
    return turn_on_signature(employee, code=code, robots_allowed=True, level=level, at=at)


def confirmed(employee: Employee) -> KeyPair:
    confirm_signature(turn_on(employee), by=SUPPORT, at=NOON)
    return certificates.require_certificate(employee, at=NOON)


def refusal(work, *arguments, **named) -> ErrorCode:
    with pytest.raises(SignXError) as caught:
        work(*arguments, **named)
    return caught.value.code


def listed(pair: KeyPair, at=NOON) -> list[str]:
    """Serial numbers in the list of the certificate's issuer."""
    found = x509.load_der_x509_crl(pki.published_list(pair.issuer.serial, at=at))
    return [f"{entry.serial_number:x}" for entry in found]


def kinds() -> list[str]:
    return list(AuditEvent.objects.in_order().values_list("kind", flat=True))


def test_a_certificate_is_issued_when_support_has_vouched_for_the_person(director):
    profile = turn_on(director)
    assert certificates.certificate_of(director, at=NOON) is None

    confirm_signature(profile, by=SUPPORT, at=NOON)
    confirm_signature(profile, by=SUPPORT, at=NOON)

    pair = KeyPair.objects.get(employee=director)
    found = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    issuer = x509.load_pem_x509_certificate(pair.issuer.certificate_pem.encode())
    found.verify_directly_issued_by(issuer)
    subject = found.subject.rfc4514_string()
    assert "Орлова Вера Павловна" in subject
    assert "orlova@kontora.example" in subject
    assert director.portal.domain in subject
    assert kinds()[-2:] == ["signature_confirmed", "certificate_issued"]


def test_a_simple_signature_has_no_certificate(director):
    confirm_signature(turn_on(director, level=Level.SIMPLE), by=SUPPORT, at=NOON)

    assert not KeyPair.objects.filter(employee=director).exists()


def test_a_confirmed_person_gets_a_certificate_by_choosing_the_kind(director):
    confirm_signature(turn_on(director, level=Level.SIMPLE), by=SUPPORT, at=NOON)

    profile = turn_on(director, at=NOON + DAY)

    assert profile.state == State.CONFIRMED
    assert certificates.certificate_of(director, at=NOON + DAY) is not None


def test_a_qualified_signature_cannot_be_turned_on(director):
    assert refusal(turn_on, director, level=Level.QUALIFIED) == ErrorCode.SIGNATURE_LEVEL_REFUSED


def test_another_address_ends_the_certificate_until_it_is_confirmed(director):
    pair = confirmed(director)

    profile = turn_on(director, email="vera@other.example", at=NOON + DAY)

    assert profile.state == State.TURNED_ON
    assert certificates.certificate_of(director, at=NOON + DAY) is None
    assert listed(pair, NOON + DAY) == [pair.serial]
    confirm_signature(profile, by=SUPPORT, at=NOON + DAY)
    assert certificates.certificate_of(director, at=NOON + DAY) is not None


def test_going_back_to_a_simple_signature_ends_the_certificate(director):
    pair = confirmed(director)

    turn_on(director, level=Level.SIMPLE, at=NOON + DAY)

    assert listed(pair, NOON + DAY) == [pair.serial]


def test_stopping_a_signature_revokes_its_certificate_at_once(director):
    pair = confirmed(director)

    stop_signature(director, by=director, at=NOON + DAY)
    stop_signature(director, by=director, at=NOON + DAY)

    pair.refresh_from_db()
    assert pair.revocation_reason == KeyPair.Revocation.CESSATION
    assert listed(pair, NOON + DAY) == [pair.serial]
    assert kinds().count("certificate_revoked") == 1


def test_robots_refuse_a_signer_whose_certificate_has_ended(director):
    pair = confirmed(director)
    late = pair.not_after + DAY
    Employee.objects.update(checked_at=late)

    def check():
        return signer_for_person(director, director, at=late)

    with pytest.raises(SignXError) as caught:
        check()
    assert caught.value.code == ErrorCode.RIGHT_MISSING
    assert "renew it" in caught.value.sentence
    renew(director, by=director, at=late)
    assert check() == director


def test_a_renewed_certificate_takes_the_place_of_the_old_one(director):
    old = confirmed(director)
    soon = old.not_after - 40 * DAY

    new = renew(director, by=director, at=soon)

    old.refresh_from_db()
    assert certificates.certificate_of(director, at=soon) == new
    assert new.not_after > old.not_after
    assert (old.is_current, old.revocation_reason) == (False, KeyPair.Revocation.SUPERSEDED)
    assert listed(new, soon) == [old.serial]


def test_a_certificate_is_not_renewed_long_before_its_end(director):
    confirmed(director)

    refused = refusal(renew, director, by=director, at=NOON + DAY)

    assert refused == ErrorCode.STATUS_CONFLICT


def test_who_may_renew(director, clerk, stranger):
    late = confirmed(director).not_after
    make_profile(clerk)

    def refused(employee: Employee, by: Employee) -> ErrorCode:
        return refusal(renew, employee, by=by, at=late)

    assert refused(director, clerk) == ErrorCode.RIGHT_MISSING
    assert refused(director, stranger) == ErrorCode.NOT_FOUND
    assert refused(clerk, clerk) == ErrorCode.SIGNATURE_MISSING


def test_the_owner_and_support_are_warned_sixty_thirty_and_seven_days_ahead(director, settings):
    pair = confirmed(director)
    told: dict[int, list[str]] = {}

    for left in (90, 61, 60, 59, 30, 8, 7, 7, 1):
        before = set(Delivery.objects.values_list("key", flat=True))
        follow_certificates(pair.not_after - left * DAY)
        new = Delivery.objects.exclude(key__in=before).order_by("key")
        told.setdefault(left, []).extend(row.key.rpartition(":")[2] for row in new)

    everybody = ["notice", "owner", "support"]
    assert {left: who for left, who in told.items() if who} == {
        60: everybody,
        30: everybody,
        7: everybody,
    }


def test_a_warning_is_not_repeated_once_what_was_delivered_is_forgotten(director, settings):
    settings.DELIVERY_DAYS = 1
    pair = confirmed(director)
    follow_certificates(pair.not_after - 59 * DAY)
    Delivery.objects.update(state=Delivery.State.DONE, settled_at=pair.not_after - 59 * DAY)

    forget_delivered(pair.not_after - 50 * DAY)
    follow_certificates(pair.not_after - 50 * DAY)

    assert not Delivery.objects.filter(state=Delivery.State.PENDING).exists()


def test_a_warning_says_what_to_do(director, settings, time_machine):
    pair = confirmed(director)
    time_machine.move_to(pair.not_after - 29 * DAY, tick=False)

    follow_certificates()
    letters = [
        content(row) for row in Delivery.objects.filter(kind="certificate_ends").order_by("key")
    ]

    assert [letter.to for letter in letters] == ["orlova@kontora.example", settings.SUPPORT_EMAIL]
    for letter in letters:
        assert pair.serial.upper() in letter.text
        assert pair.serial.upper() in letter.html
    notice = Delivery.objects.get(kind="certificate_notice").payload["params"]
    assert notice["USER_ID"] == director.bitrix_user_id
    assert notice["MESSAGE"]


@pytest.mark.parametrize(
    ("before_end", "words"),
    [(timedelta(minutes=1), "ends today"), (DAY, "in 1 day."), (6 * DAY, "in 6 days.")],
)
def test_a_warning_counts_days_by_the_calendar(director, before_end, words):
    pair = confirmed(director)

    Employee.objects.update(language="en")

    follow_certificates(pair.not_after - before_end)

    (notice,) = Delivery.objects.filter(kind="certificate_notice")
    assert words in notice.payload["params"]["MESSAGE"]


def test_a_warning_that_was_heeded_is_not_sent(director, time_machine):
    pair = confirmed(director)
    soon = pair.not_after - 29 * DAY
    time_machine.move_to(soon, tick=False)
    follow_certificates()
    renew(director, by=director, at=soon)

    letters = Delivery.objects.filter(kind="certificate_ends")
    assert [content(row) for row in letters] == [None, None]


def test_who_no_longer_works_here_loses_the_certificate(director):
    pair = confirmed(director)
    Employee.objects.filter(pk=director.pk).update(is_active=False)

    follow_certificates(NOON + DAY)
    follow_certificates(NOON + 2 * DAY)

    pair.refresh_from_db()
    assert pair.revoked_at == NOON + DAY
    assert listed(pair, NOON + DAY) == [pair.serial]


def test_anybody_can_fetch_lists_and_certificates_of_the_authorities(director, client: Client):
    pair = confirmed(director)
    issuing, root = pair.issuer, pair.issuer.issuer

    for authority in (issuing, root):
        crl = client.get(f"/pki/{authority.serial}.crl")
        crt = client.get(f"/pki/{authority.serial}.crt")
        found = x509.load_der_x509_crl(crl.content)
        certificate = x509.load_der_x509_certificate(crt.content)
        assert crl["Content-Type"] == "application/pkix-crl"
        assert crt["Content-Type"] == "application/pkix-cert"
        assert found.is_signature_valid(certificate.public_key())
        assert found.issuer == certificate.subject
    assert not crl.cookies


def test_a_certificate_names_the_address_where_its_list_is_served(director, client: Client):
    pair = confirmed(director)
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    address = point.full_name[0].value

    assert address.startswith("http://signx.test/pki/")
    assert client.get(address.removeprefix("http://signx.test")).status_code == 200


def test_only_authorities_are_published(director, client: Client):
    pair = confirmed(director)

    for serial in (pair.serial, keys.platform_seal_pair().serial, "abc", "0"):
        assert client.get(f"/pki/{serial}.crl").status_code == 404
        assert client.get(f"/pki/{serial}.crt").status_code == 404


def test_a_list_is_kept_until_something_is_revoked_or_half_its_life_is_over(director):
    pair = confirmed(director)

    def number(at) -> int:
        found = x509.load_der_x509_crl(pki.published_list(pair.issuer.serial, at=at))
        assert found.next_update_utc > at + 3 * DAY
        return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    assert [number(NOON), number(NOON + DAY)] == [1, 1]
    assert number(NOON + 4 * DAY) == 2
    stop_signature(director, by=director, at=NOON + 4 * DAY)
    assert number(NOON + 4 * DAY) == 3


def test_support_revokes_a_key_that_others_may_know(director):
    pair = confirmed(director)
    support = Client()
    support.force_login(User.objects.create_superuser("anna", "anna@signx.test", "x"))
    page = reverse("admin:employees_keypair_changelist")

    support.post(page, {"action": "revoke_compromised", "_selected_action": [pair.pk]})

    pair.refresh_from_db()
    assert pair.revocation_reason == KeyPair.Revocation.KEY_COMPROMISE
    html = support.get(page).content.decode()
    assert "PRIVATE" not in html
    assert director.name not in html


def test_a_looker_cannot_revoke(director):
    pair = confirmed(director)
    user = User.objects.create_user("oleg", "oleg@signx.test", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    looker = Client()
    looker.force_login(user)

    looker.post(
        reverse("admin:employees_keypair_changelist"),
        {"action": "revoke_compromised", "_selected_action": [pair.pk]},
    )

    pair.refresh_from_db()
    assert pair.revoked_at is None


def test_two_people_have_two_keys(director, clerk):
    first, second = confirmed(director), confirmed(clerk)

    assert first.private_key_pem != second.private_key_pem
    assert certificates.certificate_of(clerk, at=NOON) == second
