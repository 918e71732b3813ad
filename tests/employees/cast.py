"""The cast of these tests: an office with a director and a clerk, nothing on the other side."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from bitrix24.models import Portal
from employees.models import Employee, SignatureProfile

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SUPPORT = "support:anna"
_numbers = count(1)


def make_portal(name: str = "kontora") -> Portal:
    """An installed portal with an empty balance."""
    number = next(_numbers)
    domain = f"{name}{number}.portal.test"
    return Portal.objects.create(
        member_id=f"{name}-{number:024x}",
        domain=domain,
        client_endpoint=f"http://{domain}/rest/",
        auth_server="http://oauth.portal.test",
        status=Portal.Status.ACTIVE,
        installed_at=NOON,
    )


def make_director(portal: Portal) -> Employee:
    """A portal administrator."""
    return Employee.objects.create(
        portal=portal,
        bitrix_user_id=1,
        name="Орлова Вера Павловна",
        email="orlova@kontora.example",
        position="Директор",
        is_portal_admin=True,
        language="ru",
        checked_at=NOON,
    )


def make_clerk(portal: Portal, user_id: int = 12) -> Employee:
    """An employee without rights."""
    return Employee.objects.create(
        portal=portal,
        bitrix_user_id=user_id,
        name="Зайцев Илья Олегович",
        email="zaitsev@kontora.example",
        position="Менеджер",
        checked_at=NOON,
    )


def make_profile(employee: Employee, **changes: object) -> SignatureProfile:
    """An active signature that robots may use."""
    values: dict[str, object] = {
        "state": SignatureProfile.State.CONFIRMED,
        "email": employee.email,
        "robots_allowed": True,
        "turned_on_at": NOON,
        "confirmed_at": NOON,
        "confirmed_by": SUPPORT,
    }
    return SignatureProfile.objects.create(employee=employee, **(values | changes))
