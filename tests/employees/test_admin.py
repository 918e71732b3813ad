"""The support desk over HTTP: confirm, top up, look, and every look at a person is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from employees.admin.reveal import RevealingAdmin
from employees.balances import ledger
from employees.models import BalanceEntry, Delegation, SignatureProfile
from employees.people.delegations import delegate
from employees.signatures import keys
from employees.signatures.profiles import request_confirmation
from journal.events import EventKind
from journal.models import AuditEvent
from tests.employees.cast import NOON, make_clerk, make_profile

State = SignatureProfile.State

pytestmark = pytest.mark.django_db


def page(model: str, what: str = "changelist", *args: object) -> str:
    return reverse(f"admin:employees_{model}_{what}", args=args)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def support() -> Client:
    return signed_in(User.objects.create_superuser("anna", "anna@signx.test", "x"))


@pytest.fixture
def looker() -> Client:
    """May look at signatures and balances, and change nothing."""
    user = User.objects.create_user("oleg", "oleg@signx.test", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)


@pytest.fixture
def request_(director) -> SignatureProfile:
    profile = make_profile(director, state=State.TURNED_ON, confirmed_at=None, confirmed_by="")
    request_confirmation(director, at=NOON)
    profile.refresh_from_db()
    return profile


def text(response) -> str:
    return response.content.decode()


def kinds() -> list[str]:
    return list(AuditEvent.objects.in_order().values_list("kind", flat=True))


def test_requests_stand_first_the_oldest_on_top(support, office, director):
    def asked(user_id: int, days: int, **values: object) -> None:
        employee = make_clerk(office, user_id)
        at = NOON - timedelta(days=days)
        make_profile(employee, confirmation_requested_at=at, **values)

    asked(31, 9)  # long confirmed
    asked(32, 1, state=State.TURNED_ON)
    asked(33, 3, state=State.TURNED_ON)

    shown = support.get(page("signatureprofile")).context["cl"].result_list

    assert [profile.employee.bitrix_user_id for profile in shown] == [33, 32, 31]


def test_the_list_can_be_narrowed_to_requests(support, office, request_):
    make_profile(make_clerk(office))

    shown = support.get(page("signatureprofile"), {"waiting": "yes"}).context["cl"].result_list

    assert list(shown) == [request_]


def test_support_confirms_from_the_list(support, request_):
    response = support.post(
        page("signatureprofile"),
        {"action": "confirm_email", "_selected_action": [request_.pk]},
        follow=True,
    )

    assert response.status_code == 200
    request_.refresh_from_db()
    assert (request_.state, request_.confirmed_by) == (State.CONFIRMED, "support:anna")
    event = AuditEvent.objects.get(kind=EventKind.SIGNATURE_CONFIRMED)
    assert event.actor == "support:anna"


def test_support_confirms_from_the_page(support, request_):
    shown = support.get(page("signatureprofile", "change", request_.pk))

    support.post(page("signatureprofile", "confirm", request_.pk), {"seen": shown.context["seen"]})

    request_.refresh_from_db()
    assert request_.state == State.CONFIRMED


def test_an_address_that_changed_since_the_page_was_opened_is_not_confirmed(support, request_):
    shown = support.get(page("signatureprofile", "change", request_.pk))
    SignatureProfile.objects.update(email="attacker@other.example")

    response = support.post(
        page("signatureprofile", "confirm", request_.pk),
        {"seen": shown.context["seen"]},
        follow=True,
    )

    request_.refresh_from_db()
    assert request_.state == State.TURNED_ON
    assert "attacker" not in text(response)


def test_what_is_not_turned_on_is_not_confirmed(support, director):
    profile = make_profile(director, state=State.STOPPED)

    support.post(
        page("signatureprofile"),
        {"action": "confirm_email", "_selected_action": [profile.pk]},
    )

    profile.refresh_from_db()
    assert profile.state == State.STOPPED


def test_who_may_only_look_confirms_nothing(looker, request_):
    opened = looker.get(page("signatureprofile", "change", request_.pk))
    looker.post(
        page("signatureprofile"), {"action": "confirm_email", "_selected_action": [request_.pk]}
    )
    refused = looker.post(
        page("signatureprofile", "confirm", request_.pk), {"seen": opened.context["seen"]}
    )

    assert refused.status_code == 403
    request_.refresh_from_db()
    assert request_.state == State.TURNED_ON


@pytest.mark.parametrize("what", ["reveal", "confirm"])
def test_a_look_changes_nothing(support, request_, what):
    assert support.get(page("signatureprofile", what, request_.pk)).status_code == 405


@pytest.mark.parametrize("model", ["signatureprofile", "employee", "delegation", "balanceentry"])
def test_the_desk_is_closed_to_others(model):
    assert Client().get(page(model)).status_code == 302
    nobody = signed_in(User.objects.create_user("petr", "petr@signx.test", "x"))
    assert nobody.get(page(model)).status_code == 302


@pytest.mark.parametrize("model", ["signatureprofile", "employee"])
def test_people_are_masked_until_somebody_signs_for_the_look(support, request_, director, model):
    pk = request_.pk if model == "signatureprofile" else director.pk
    masked = text(support.get(page(model))) + text(support.get(page(model, "change", pk)))
    assert director.name not in masked
    assert director.email not in masked
    assert "o***@kontora.example" in masked or model == "employee"
    before = len(kinds())

    shown = support.post(page(model, "reveal", pk), follow=True)

    assert director.name in text(shown)
    assert director.email in text(shown)
    assert "no-store" in shown["Cache-Control"]
    assert kinds()[before:] == [EventKind.PERSONAL_SHOWN]


def test_a_shown_address_is_no_key_for_others(support, looker, request_, director):
    shown = support.post(page("signatureprofile", "reveal", request_.pk))

    borrowed = looker.get(shown["Location"])

    assert borrowed.status_code == 200
    assert director.email not in text(borrowed)


def test_a_look_that_is_not_allowed_shows_nothing(request_):
    user = User.objects.create_user("petr", "petr@signx.test", "x", is_staff=True)

    response = signed_in(user).post(page("signatureprofile", "reveal", request_.pk))

    assert response.status_code == 403
    assert EventKind.PERSONAL_SHOWN not in kinds()


def test_a_person_who_is_not_there(support):
    assert support.post(page("employee", "reveal", 999)).status_code == 404


def top_up(client: Client, office, **changes: object):
    values = {"portal": office.pk, "kind": "top_up", "units": 100, "reason": "Счёт 41"}
    return client.post(page("balanceentry", "add"), values | changes)


def test_support_tops_up_with_a_reason(support, office):
    response = top_up(support, office)

    assert response.status_code == 302
    entry = BalanceEntry.objects.get()
    assert (entry.units, entry.available_after, entry.actor) == (100, 100, "support:anna")
    assert kinds() == ["balance_changed"]


def test_support_corrects(support, office):
    top_up(support, office)

    top_up(support, office, kind="correction", units=-40, reason="Ошибка в счёте")

    assert ledger.available(office) == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "   "},
        {"units": 0},
        {"units": -5},
        {"kind": "correction", "units": 0},
        {"kind": "correction", "units": -5},
        {"kind": "hold", "units": -1},
        {"portal": ""},
        {"units": "сто"},
    ],
)
def test_an_entry_that_breaks_a_rule_comes_back_with_its_reason(support, office, wrong):
    response = top_up(support, office, **wrong)

    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert not BalanceEntry.objects.exists()


def test_who_may_only_look_tops_up_nothing(looker, office):
    assert top_up(looker, office).status_code == 403
    assert not BalanceEntry.objects.exists()


def test_entries_are_neither_edited_nor_deleted(support, office):
    top_up(support, office)
    entry = BalanceEntry.objects.get()

    assert support.get(page("balanceentry", "change", entry.pk)).status_code == 200
    assert support.post(page("balanceentry", "change", entry.pk), {"units": 1}).status_code == 403
    assert support.post(page("balanceentry", "delete", entry.pk)).status_code == 403
    assert ledger.available(office) == 100


def test_no_page_shows_a_private_key(support):
    pair = keys.platform_seal_pair(NOON)

    shown = text(support.get(page("keypair"))) + text(
        support.get(page("keypair", "change", pair.pk))
    )

    assert "BEGIN CERTIFICATE" in shown
    assert "PRIVATE KEY" not in shown
    assert pair.private_key_pem not in shown


@pytest.mark.parametrize("model", ["signatureprofile", "employee", "delegation", "keypair"])
def test_everything_else_is_read_only(support, model):
    assert support.get(page(model, "add")).status_code == 403


def test_delegations_are_listed_without_names(support, director, clerk):
    delegate(director, clerk, by=director, until=NOON + timedelta(days=1), limit=None, at=NOON)

    shown = text(support.get(page("delegation")))
    opened = support.get(page("delegation", "change", Delegation.objects.get().pk))

    assert director.name not in shown
    assert "О. В. П. (employee:1)" in shown
    assert opened.status_code == 200
    assert director.name not in text(opened)


def test_a_masked_page_that_names_nobody_cannot_be_registered():
    nobodys = type("Nobodys", (RevealingAdmin,), {})

    with pytest.raises(TypeError, match="employee_of"):
        nobodys(Delegation, admin.site)
