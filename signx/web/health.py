"""Probes for a load balancer."""

from __future__ import annotations

import logging

from django.db import connection
from django.http import HttpRequest, JsonResponse

from employees.signatures.self_test import seal_problem

log = logging.getLogger(__name__)


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Answers 500 through Django when the database does not, 503 when nothing can be sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if problem := seal_problem():
        log.error("self-test of the seal: %s", problem)
        return JsonResponse({"status": "failed", "seal": "failed"}, status=503)
    return JsonResponse({"status": "ok", "seal": "ok"})
