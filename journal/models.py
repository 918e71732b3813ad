"""The journal: append-only events, chained by hashes, one chain per portal."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal


class JournalHead(models.Model):
    """The end of a portal's chain. Locked while an event is added."""

    portal = models.OneToOneField(
        Portal, on_delete=models.CASCADE, primary_key=True, verbose_name=_("portal")
    )
    number = models.PositiveBigIntegerField(_("events"), default=0)
    hash = models.CharField(_("hash of the last event"), max_length=64, default="")

    class Meta:
        verbose_name = _("journal chain")
        verbose_name_plural = _("journal chains")

    def __str__(self) -> str:
        return f"{self.portal_id}#{self.number}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def for_portal(self, portal: Portal) -> AuditEventQuerySet:
        return self.filter(portal=portal)

    def about(self, subject_kind: str, subject_id: str) -> AuditEventQuerySet:
        return self.filter(subject_kind=subject_kind, subject_id=subject_id)

    def in_order(self) -> AuditEventQuerySet:
        return self.order_by("number")


class AuditEvent(models.Model):
    """What happened. The database refuses update and delete (journal/append_only.py)."""

    is_append_only = True

    portal = models.ForeignKey(Portal, on_delete=models.PROTECT, verbose_name=_("portal"))
    number = models.PositiveBigIntegerField(_("number"))
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("event"), max_length=40)  # journal.events.EventKind
    # "employee:12", "signer:9", "robot:signx_send".
    actor = models.CharField(_("who"), max_length=80)
    subject_kind = models.CharField(_("about"), max_length=20)
    subject_id = models.CharField(_("number of the subject"), max_length=60)
    data: models.JSONField[Any, Any] = models.JSONField(_("data"), default=dict)  # no personal data
    # SHA-256 over PersonalDetail.salt and .data; empty: there never were personal details.
    personal_digest = models.CharField(_("digest of personal details"), max_length=64, blank=True)
    # Empty for the first event.
    previous_hash = models.CharField(_("hash of the event before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal event")
        verbose_name_plural = _("journal")
        constraints = [
            models.UniqueConstraint(fields=["portal", "number"], name="one_event_per_number")
        ]
        indexes = [
            models.Index(fields=["portal", "-number"], name="journal_page"),
            models.Index(fields=["portal", "actor", "-number"], name="journal_actor"),
            models.Index(fields=["subject_kind", "subject_id"], name="journal_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.portal_id}#{self.number} {self.kind}"

    @property
    def personal_data(self) -> dict[str, Any]:
        """Personal details, empty when erased. Lists should select_related("personal")."""
        try:
            return self.personal.data
        except PersonalDetail.DoesNotExist:
            return {}


class PersonalDetailQuerySet(models.QuerySet["PersonalDetail"]):
    def about(self, portal: Portal, subject_kind: str, subject_id: str) -> PersonalDetailQuerySet:
        return self.filter(
            event__portal=portal,
            event__subject_kind=subject_kind,
            event__subject_id=subject_id,
        )


class PersonalDetail(models.Model):
    """The personal part of an event (names, addresses, IP, device): outside the chain.

    Erasing deletes the row with its salt: what is left in the chain cannot be guessed back.
    """

    event = models.OneToOneField(
        AuditEvent, on_delete=models.PROTECT, related_name="personal", verbose_name=_("event")
    )
    salt = models.CharField(_("salt"), max_length=32)
    data: models.JSONField[Any, Any] = models.JSONField(_("details"), default=dict)

    objects = PersonalDetailQuerySet.as_manager()

    class Meta:
        verbose_name = _("personal details of an event")
        verbose_name_plural = _("personal details of events")

    def __str__(self) -> str:
        return f"personal detail of {self.event_id}"
