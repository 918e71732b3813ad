"""Employees inside the frame: the list, one's own signature, rights, sending on behalf."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from employees.models import Delegation, Employee, Right, SignatureProfile
from employees.pages.forms import OWN_LEVELS, DelegationForm, EmailForm, NewEmployeeForm, TurnOnForm
from employees.people.decorators import EmployeeRequest, employee_required
from employees.people.delegations import delegate, revoke
from employees.people.directory import find_employee
from employees.people.rights import give_right, take_right
from employees.signatures import certificates, profiles
from employees.signatures.consent import CONSENT_TEXTS, ROBOTS_TEXT
from employees.signatures.profiles import (
    request_confirmation,
    seconds_to_next_code,
    stop_signature,
    turn_on_signature,
)
from signing.placement.stamps import LEVEL_NAMES
from signx.errors import ErrorCode, SignXError

State = SignatureProfile.State
# The sentence under each right: what a person can do with it.
RIGHT_MEANINGS: dict[str, str | Promise] = {
    Right.SEND: _("Send documents, remind, withdraw"),
    Right.SIGN: _("Be the company's signer in robots"),
    Right.JOURNAL: _("See all documents and every event"),
    Right.SETTINGS: _("Change robots, notices and rights of colleagues"),
}


@require_GET
@employee_required()
def employees_page(request: EmployeeRequest) -> HttpResponse:
    return render(request, "employees/employees.html", _list_context(request.employee))


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required(Right.SETTINGS)
def add_employee(request: EmployeeRequest) -> HttpResponse:
    """Read a person from the portal before he has ever opened the application."""
    form = NewEmployeeForm(request.POST)
    _require_valid(form)
    portal = request.employee.portal
    find_employee(portal, form.cleaned_data["bitrix_user_id"], at=timezone.now())
    return render(request, "employees/employees.html", _list_context(request.employee))


@require_GET
@employee_required()
def signature_page(request: EmployeeRequest) -> HttpResponse:
    """One's own page."""
    return _person_page(request, request.employee)


@require_GET
@employee_required()
def employee_page(request: EmployeeRequest, bitrix_user_id: int) -> HttpResponse:
    return _person_page(request, _person(request.employee, bitrix_user_id))


@csrf_exempt  # as above
@require_POST
@employee_required()
def request_code(request: EmployeeRequest) -> HttpResponse:
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _signature_part(request, email_form=form)
    profiles.request_code(request.employee, email=form.cleaned_data["email"], at=timezone.now())
    return _signature_part(request)


@csrf_exempt  # as above
@require_POST
@employee_required()
def turn_on(request: EmployeeRequest) -> HttpResponse:
    form = TurnOnForm(request.POST)
    if not form.is_valid():
        return _signature_part(request, turn_on_form=form)
    try:
        turn_on_signature(
            request.employee,
            code=form.cleaned_data["code"],
            robots_allowed=form.cleaned_data["robots"],
            level=form.cleaned_data["level"],
            at=timezone.now(),
        )
    except SignXError as error:
        if error.code not in {ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED}:
            raise
        # Beside the field, with the boxes as they were ticked.
        form.add_error("code", error.sentence)
        return _signature_part(request, turn_on_form=form)
    return _signature_part(request, said=_("The signature is turned on."))


@csrf_exempt  # as above
@require_POST
@employee_required()
def ask_confirmation(request: EmployeeRequest) -> HttpResponse:
    request_confirmation(request.employee, at=timezone.now())
    return _signature_part(request, said=_("Support got your request."))


@csrf_exempt  # as above
@require_POST
@employee_required()
def renew_certificate(request: EmployeeRequest) -> HttpResponse:
    certificates.renew(request.employee, by=request.employee, at=timezone.now())
    return _signature_part(request, said=_("You have a new certificate."))


@csrf_exempt  # as above
@require_POST
@employee_required()
def forbid_robots(request: EmployeeRequest) -> HttpResponse:
    profiles.forbid_robots(request.employee, by=request.employee, at=timezone.now())
    return _signature_part(request, said=_("Robots may not use your signature any more."))


@csrf_exempt  # as above
@require_POST
@employee_required()
def stop(request: EmployeeRequest, bitrix_user_id: int) -> HttpResponse:
    """The owner, or whoever holds the right to settings."""
    person = _person(request.employee, bitrix_user_id)
    stop_signature(person, by=request.employee, at=timezone.now())
    return _person_page(request, person, said=_("The signature is stopped."))


@csrf_exempt  # as above
@require_POST
@employee_required(Right.SETTINGS)
def switch_right(request: EmployeeRequest, bitrix_user_id: int, right: str) -> HttpResponse:
    """`on` = 1 gives, anything else takes."""
    person = _person(request.employee, bitrix_user_id)
    if right not in Right.values:
        raise SignXError(ErrorCode.NOT_FOUND, "no such right")
    change = give_right if request.POST.get("on") == "1" else take_right
    change(person, Right(right), by=request.employee, at=timezone.now())
    return render(request, "employees/_rights.html", _person_context(request.employee, person))


@csrf_exempt  # as above
@require_POST
@employee_required()
def give_delegation(request: EmployeeRequest, bitrix_user_id: int) -> HttpResponse:
    owner = _person(request.employee, bitrix_user_id)
    form = DelegationForm(owner, request.POST)
    context: dict[str, Any] = {"delegation_form": form}
    if form.is_valid():
        delegate(
            owner,
            form.cleaned_data["delegate"],
            by=request.employee,
            until=form.until_end,
            limit=form.cleaned_data["limit"],
            at=timezone.now(),
        )
        context = {"delegation_form": DelegationForm(owner)}
    context = _person_context(request.employee, owner) | context
    return render(request, "employees/_delegations.html", context)


@csrf_exempt  # as above
@require_POST
@employee_required()
def revoke_delegation(request: EmployeeRequest, bitrix_user_id: int, pk: int) -> HttpResponse:
    owner = _person(request.employee, bitrix_user_id)
    delegation = Delegation.objects.select_related("owner", "delegate").filter(owner=owner, pk=pk)
    found = delegation.first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such delegation")
    revoke(found, by=request.employee, at=timezone.now())
    context = _person_context(request.employee, owner)
    return render(request, "employees/_delegations.html", context)


def _person(reader: Employee, bitrix_user_id: int) -> Employee:
    """Oneself, or a colleague for those who may change settings. Raises NOT_FOUND."""
    if bitrix_user_id == reader.bitrix_user_id:
        return reader
    reader.require(Right.SETTINGS)
    colleagues = Employee.objects.for_portal(reader.portal).select_related("portal")
    person = colleagues.filter(bitrix_user_id=bitrix_user_id).first()
    if person is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such employee in this portal")
    return person


def _require_valid(form: forms.Form) -> None:
    if not form.is_valid():
        first = next(iter(form.errors.values()))[0]
        raise SignXError(ErrorCode.INPUT_INVALID, "employees", reason=str(first))


def _list_context(reader: Employee) -> dict[str, Any]:
    people = Employee.objects.for_portal(reader.portal).select_related("signature_profile")
    people = people.prefetch_related("rights").order_by("-is_active", "name")
    return {
        "page": "employees",
        "people": people,
        "may_change": reader.has_right(Right.SETTINGS),
        "new_form": NewEmployeeForm(),
    }


def _person_page(request: EmployeeRequest, person: Employee, said: object = "") -> HttpResponse:
    context = _person_context(request.employee, person) | {"said": said}
    return render(request, "employees/person.html", context)


def _signature_part(request: EmployeeRequest, **context: Any) -> HttpResponse:
    context = _person_context(request.employee, request.employee) | context
    return render(request, "employees/_signature.html", context)


def _person_context(reader: Employee, person: Employee) -> dict[str, Any]:
    now = timezone.now()
    profile = SignatureProfile.objects.filter(employee=person).first()
    certificate = certificates.certificate_of(person, at=now)
    held = set(person.rights.values_list("right", flat=True))
    is_me = person.pk == reader.pk
    return {
        "page": "employees",
        "person": person,
        "profile": profile,
        "is_me": is_me,
        "may_change": reader.has_right(Right.SETTINGS),
        "may_delegate": is_me or reader.is_portal_admin,
        "rights": [
            (right, RIGHT_MEANINGS[right], person.is_portal_admin or right in held)
            for right in Right
        ],
        "delegations": _in_force(now).filter(owner=person),
        "received": _in_force(now).filter(delegate=person),
        "delegation_form": DelegationForm(person),
        "kinds": [(level, LEVEL_NAMES[level], CONSENT_TEXTS[level]) for level in OWN_LEVELS],
        "certificate": certificate,
        "is_renewable": certificate is None
        or certificate.not_after <= now + certificates.RENEWABLE_BEFORE,
        "robots_text": ROBOTS_TEXT,
        "email_form": EmailForm(initial={"email": _known_email(person, profile)}),
        "turn_on_form": TurnOnForm(initial={"level": profile.level if profile else ""}),
        "wait_s": seconds_to_next_code(person, at=now) if is_me else 0,
    }


def _in_force(at: Any) -> Any:
    return Delegation.objects.in_force(at).select_related("owner", "delegate")


def _known_email(person: Employee, profile: SignatureProfile | None) -> str:
    return (profile.requested_email or profile.email if profile else "") or person.email
