"""Forgetting the people of a portal whose data are deleted; their numbers stay in the journal."""

from __future__ import annotations

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from bitrix24.models import Portal
from employees.models import (
    Delegation,
    Employee,
    EmployeeRight,
    KeyPair,
    OneTimeCode,
    SignatureProfile,
)


@transaction.atomic
def forget_people(portal: Portal) -> None:
    """Names, addresses, rights and private keys. May run twice."""
    profiles = SignatureProfile.objects.filter(employee__portal=portal)
    for profile in profiles:
        OneTimeCode.objects.filter(subject=f"profile:{profile.pk}").delete()
    profiles.update(
        state=SignatureProfile.State.STOPPED,
        email="",
        requested_email="",
        robots_allowed=False,
        confirmation_requested_at=None,
    )
    EmployeeRight.objects.filter(employee__portal=portal).delete()
    Delegation.objects.filter(owner__portal=portal).delete()
    # The certificate stays: signatures made with it are still checked against it.
    pairs = KeyPair.objects.filter(employee__portal=portal)
    pairs.update(private_key_pem="", is_current=False)
    pairs.filter(revoked_at__isnull=True, not_after__gt=timezone.now()).update(
        revoked_at=timezone.now(), revocation_reason=KeyPair.Revocation.CESSATION
    )
    Employee.objects.for_portal(portal).update(
        name=Concat(Value("user_"), Cast(F("bitrix_user_id"), CharField())),
        email="",
        position="",
        is_active=False,
        is_portal_admin=False,
        checked_at=None,
    )
