"""The switches of the robots, on the page Settings."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from employees.models import Right
from employees.people.decorators import EmployeeRequest, employee_required
from robots import services


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required(Right.SETTINGS)
def switch(request: EmployeeRequest, code: str) -> HttpResponse:
    """`on` = 1 puts a robot, or the triggers, on the portal (again, to repair them), anything
    else takes them away."""
    portal = request.employee.portal
    services.switch(portal, code, request.POST.get("on") == "1", by=request.employee)
    context = {"switches": services.shown_switches(portal), "switched": code}
    return render(request, "robots/_switches.html", context)
