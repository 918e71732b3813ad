"""Delivery: one effect outside SIGNX that must happen once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from signx.vault import EncryptedTextField


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> DeliveryQuerySet:
        """Pending, its time has come, and nothing that it waits for is still pending."""
        return (
            self.filter(state=Delivery.State.PENDING, next_attempt_at__lte=at)
            .exclude(waits_for__state=Delivery.State.PENDING)
            .order_by("next_attempt_at", "pk")
        )


class Delivery(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Delivered")
        DEAD = "dead", _("Not delivered")

    # Names the effect, so that queueing it twice is one delivery: "reply:17", "upload:9:signed".
    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    channel = models.CharField(_("channel"), max_length=20)
    # Whose limits it counts against: "portal:3", "mail".
    lane = models.CharField(_("queue"), max_length=60)
    payload = models.JSONField(_("contents"), default=dict)
    # JSON with what must not lie open in the database (a code, a link); wiped once settled.
    secret = EncryptedTextField(_("secret part"), blank=True)
    # Stays true after the wiping: without its secret a delivery cannot be repeated.
    has_secret = models.BooleanField(_("has a secret part"), default=False)
    # What the effect is about, for the support desk: ("document", public id).
    subject_kind = models.CharField(_("kind of object"), max_length=20, blank=True)
    subject_id = models.CharField(_("object"), max_length=60, blank=True)
    waits_for = models.ManyToManyField(
        "self", symmetrical=False, blank=True, verbose_name=_("waits for")
    )

    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # The effect has happened, but its listener failed: told again, never sent again.
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    settled_at = models.DateTimeField(_("finished"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    error = models.TextField(_("error"), blank=True)
    result: models.JSONField[Any, Any] = models.JSONField(_("result"), null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="delivery_subject"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_repeat(self) -> bool:
        """An earlier attempt may have had its effect without our hearing of it."""
        return self.attempts > 1

    def open_secret(self) -> dict[str, Any]:
        """The secret values; empty when there were none or they are wiped."""
        values: dict[str, Any] = json.loads(self.secret) if self.secret else {}
        return values
