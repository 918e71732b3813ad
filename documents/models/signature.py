"""What signers did: their signatures and the agreements they accepted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents.models.document import Document, Signer
from employees.models import KeyPair


class Agreement(models.Model):
    """An accepted additional agreement; valid while version, address and counterparty stay."""

    portal = models.ForeignKey(Portal, on_delete=models.PROTECT, verbose_name=_("portal"))
    # By party_reference.
    counterparty = models.CharField(_("counterparty"), max_length=60)
    # Where the codes go: e-mail or phone.
    address = models.CharField(_("address"), max_length=254)
    template_version = models.CharField(_("version of the text"), max_length=20)
    template_hash = models.CharField(_("hash of the text"), max_length=64)
    language = models.CharField(_("language"), max_length=8)
    accepted_at = models.DateTimeField(_("accepted"))
    document = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        related_name="accepted_agreements",
        verbose_name=_("document"),
    )

    class Meta:
        verbose_name = _("accepted agreement")
        verbose_name_plural = _("accepted agreements")
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "counterparty", "address", "template_hash"],
                name="an_agreement_is_accepted_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.counterparty} {self.template_version}"


class Signature(models.Model):
    """One signer's decision to sign: made once, with the evidence of how it was made."""

    signer = models.OneToOneField(
        Signer, on_delete=models.PROTECT, related_name="signature", verbose_name=_("signer")
    )
    level = models.CharField(_("kind of signature"), max_length=20)
    signed_at = models.DateTimeField(_("signed"))
    # The way, in words, address masked.
    confirmed_by = models.CharField(_("way of confirmation"), max_length=200)
    # Of the SHOWN file.
    signed_sha256 = models.CharField(_("SHA-256 of what was signed"), max_length=64)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    key_pair = models.ForeignKey(
        KeyPair, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("certificate")
    )
    # Its PDF revision exists.
    is_applied = models.BooleanField(_("put into the file"), default=False)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")

    def __str__(self) -> str:
        return f"{self.signer} {self.signed_at:%Y-%m-%d %H:%M}"
