"""The first page of support admin counts what waits for a person and leads there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User

from bitrix24.models import PortalToken
from documents.models import Document
from employees.models import SignatureProfile
from outbox.models import Delivery
from tests.factories import NOON, make_draft, make_portal, make_signer_employee

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(client):
    client.force_login(User.objects.create_superuser("support", "support@signx.test", "x"))
    return client


@pytest.fixture
def trouble(settings, tmp_path):
    """One of each: a confirmation that waits, a dead delivery, a stuck document, a lost portal."""
    settings.MEDIA_ROOT = tmp_path
    lost, well = make_portal(), make_portal()
    PortalToken.objects.create(
        portal=well,
        bitrix_user_id=1,
        is_admin=True,
        access_token="a",
        refresh_token="r",
        expires_at=NOON,
        refreshed_at=NOON,
    )
    make_signer_employee(lost)
    SignatureProfile.objects.update(
        state=SignatureProfile.State.TURNED_ON, confirmation_requested_at=NOON
    )
    stuck = make_draft(lost)
    make_draft(lost)
    Document.objects.filter(pk=stuck.pk).update(
        next_step_at=NOON + timedelta(minutes=1), step_attempts=2
    )
    for number, state in enumerate([Delivery.State.DEAD, Delivery.State.PENDING]):
        Delivery.objects.create(
            key=f"notice:{number}", kind="notice", channel="portal", lane="a",
            state=state, next_attempt_at=NOON,
        )  # fmt: skip


def test_each_count_leads_to_exactly_these_rows(support, trouble):
    waiting = support.get("/admin/").context["attention"]

    assert [item.waiting for item in waiting] == [1, 1, 1, 1]
    for item in waiting:
        assert support.get(item.url).context["cl"].result_count == item.waiting


def test_nothing_is_counted_for_those_who_may_not_see_it(client, trouble):
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_document"))
    client.force_login(helper)

    waiting = client.get("/admin/").context["attention"]

    assert [item.url.split("?")[0] for item in waiting] == ["/admin/documents/document/"]


@pytest.mark.parametrize("query", ["kind=document_created", "at__gte=2026-11-24+00:00:00%2B00:00"])
def test_the_journal_is_narrowed_by_event_and_day(support, trouble, query):
    answer = support.get(f"/admin/journal/auditevent/?{query}")

    assert answer.status_code == 200
    kinds = {event.kind for event in answer.context["cl"].queryset}
    assert "document_created" in kinds
    assert kinds == {"document_created"} or not query.startswith("kind=")
