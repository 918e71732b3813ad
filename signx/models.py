"""Heartbeat: proof that the queue still moves; Usage: counts of what is limited."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    name = models.CharField(max_length=40, unique=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"


class Usage(models.Model):
    """How often one key used something limited within one window; counted by signx.limits."""

    rule = models.CharField(max_length=30)
    key = models.CharField(max_length=64)  # a keyed hash
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "key", "begins_at"], name="one_count_per_rule_key_and_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.begins_at:%Y-%m-%d %H:%M}: {self.uses}"
