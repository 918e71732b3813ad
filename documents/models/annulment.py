"""How a completed document loses its force."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.models.document import Document, Signer


class AnnulmentQuerySet(models.QuerySet["Annulment"]):
    def open(self) -> AnnulmentQuerySet:
        return self.filter(state=Annulment.State.PROPOSED)


class Annulment(models.Model):
    """A proposal that a completed document loses its force: it does when every party has signed
    the proposal too."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACCEPTED = "accepted", _("Accepted by all parties")
        REFUSED = "refused", _("Refused")

    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="annulments", verbose_name=_("document")
    )
    proposed_by = models.ForeignKey(
        Signer, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    reason = models.TextField(_("reason"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED
    )
    proposed_at = models.DateTimeField(_("proposed"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = AnnulmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("annulment")
        verbose_name_plural = _("annulments")
        constraints = [
            models.UniqueConstraint(
                fields=["document"],
                condition=models.Q(state="proposed"),
                name="one_open_annulment_per_document",
            )
        ]

    def __str__(self) -> str:
        return f"annulment:{self.pk}"

    def is_signed_by(self, signer: Signer) -> bool:
        return self.consents.filter(signer=signer).exists()


class AnnulmentConsent(models.Model):
    """One party's signature under an annulment, with the evidence of how it was made."""

    annulment = models.ForeignKey(
        Annulment, on_delete=models.CASCADE, related_name="consents", verbose_name=_("annulment")
    )
    signer = models.ForeignKey(
        Signer, on_delete=models.PROTECT, related_name="+", verbose_name=_("signer")
    )
    signed_at = models.DateTimeField(_("signed"))
    # The way, in words, address masked.
    confirmed_by = models.CharField(_("way of confirmation"), max_length=200)
    level = models.CharField(_("kind of signature"), max_length=20, default="simple")
    # Of the SIGNED file that is annulled.
    signed_sha256 = models.CharField(_("SHA-256 of what was signed"), max_length=64)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("consent to an annulment")
        verbose_name_plural = _("consents to annulments")
        constraints = [
            models.UniqueConstraint(
                fields=["annulment", "signer"], name="a_party_annuls_a_document_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.signer} {self.signed_at:%Y-%m-%d %H:%M}"
