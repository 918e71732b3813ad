"""Heartbeat: proof that the queue still moves; Usage: counts of what is limited."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    name = models.CharField(_("process"), max_length=40, unique=True)
    beat_at = models.DateTimeField(_("last beat"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"


class Usage(models.Model):
    """How often one key used something limited within one window; counted by signx.limits."""

    rule = models.CharField(_("rule"), max_length=30)
    key = models.CharField(_("hashed key"), max_length=64)  # a keyed hash
    begins_at = models.DateTimeField(_("window begins"))
    ends_at = models.DateTimeField(_("window ends"), db_index=True)
    uses = models.PositiveIntegerField(_("uses"), default=0)

    class Meta:
        verbose_name = _("count of a limit")
        verbose_name_plural = _("counts of limits")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "key", "begins_at"], name="one_count_per_rule_key_and_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.begins_at:%Y-%m-%d %H:%M}: {self.uses}"
