"""The ledger of signatures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal

FIRST_INSTALL = "system:first_install"  # the actor of the signatures a new portal gets


class BalanceEntryQuerySet(models.QuerySet["BalanceEntry"]):
    def for_portal(self, portal: Portal) -> BalanceEntryQuerySet:
        return self.filter(portal=portal)

    def available(self) -> int:
        """Units that may still be spent: the sum of the ledger, holds included.

        Reads every row; `employees.balances.ledger.available` knows the same from the newest one.
        """
        return int(self.aggregate(total=models.Sum("units"))["total"] or 0)

    def of_document(self, document_id: int) -> BalanceEntryQuerySet:
        return self.filter(document_id=document_id)


class BalanceEntry(models.Model):
    """A row of the ledger. The balance is their sum; a capture turns a hold into spending (0).

    Rows are never changed or deleted (journal/append_only.py): a mistake is corrected by a row.
    """

    is_append_only = True

    class Kind(models.TextChoices):
        TOP_UP = "top_up", _("Top-up")
        HOLD = "hold", _("Held for a document")
        CAPTURE = "capture", _("Spent")
        RELEASE = "release", _("Returned")
        CORRECTION = "correction", _("Correction")

    portal = models.ForeignKey(
        Portal, on_delete=models.PROTECT, related_name="balance_entries", verbose_name=_("portal")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    units = models.IntegerField(_("units"))
    # Of documents.Document.
    document_id = models.PositiveBigIntegerField(_("document"), null=True, blank=True)
    # The document's public number. Never its title: titles hold names, and this row is for ever.
    document_label = models.CharField(_("document"), max_length=120, blank=True)
    # Running sums after this row, so that no read walks the ledger.
    available_after = models.IntegerField(_("left after it"))
    held_after = models.IntegerField(_("held after it"))
    reason = models.CharField(_("reason"), max_length=200)
    actor = models.CharField(_("who"), max_length=80)
    at = models.DateTimeField(_("time"))

    objects = BalanceEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance entry")
        verbose_name_plural = _("balance")
        constraints = [
            models.UniqueConstraint(
                fields=["document_id", "kind"],
                condition=models.Q(kind__in=["hold", "capture", "release"]),
                name="a_document_is_held_captured_released_once",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(kind="top_up", units__gt=0)
                    | models.Q(kind="hold", units__lt=0)
                    | models.Q(kind="capture", units=0)
                    | models.Q(kind="release", units__gt=0)
                    | models.Q(kind="correction")
                ),
                name="units_fit_the_kind",
                violation_error_message=_("A top-up is one unit or more."),
            ),
            models.CheckConstraint(
                condition=models.Q(available_after__gte=0, held_after__gte=0),
                name="the_balance_is_never_below_zero",
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "-at"], name="balance_portal"),
            models.Index(fields=["portal", "-id"], name="balance_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.units:+d}"

    @property
    def reason_text(self) -> str:
        """The reason for a reader: our own words in his language, people's words as they are."""
        return gettext(self.reason) if self.actor == FIRST_INSTALL else self.reason
