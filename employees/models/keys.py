"""Keys, certificates and their revocation."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from employees.models.people import Employee
from signx.vault import EncryptedTextField


class KeyPairQuerySet(models.QuerySet["KeyPair"]):
    def platform(self) -> KeyPairQuerySet:
        return self.filter(employee__isnull=True)

    def usable(self, at: datetime) -> KeyPairQuerySet:
        """In use, not revoked, in its term."""
        return self.filter(is_current=True, revoked_at__isnull=True, not_after__gt=at)


class KeyPair(models.Model):
    """A private key with its certificate: of an authority, of the seal, of a person.

    `private_key_pem` holds PKCS#8, or the name of a key in a PKCS#11 token (RFC 7512).
    """

    class Purpose(models.TextChoices):
        AUTHORITY = "authority", _("Root authority")
        ISSUING = "issuing", _("Issuing authority")
        SEAL = "seal", _("Platform seal")
        PERSONAL = "personal", _("Employee")

    class Revocation(models.TextChoices):
        """Why a certificate is no longer good; the value is the word of RFC 5280, 5.3.1."""

        KEY_COMPROMISE = "keyCompromise", _("the key may be known to somebody else")
        AFFILIATION_CHANGED = "affiliationChanged", _("the person's details have changed")
        SUPERSEDED = "superseded", _("replaced by a newer certificate")
        CESSATION = "cessationOfOperation", _("the signature was stopped")

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    employee = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="key_pairs",
        verbose_name=_("employee"),
    )
    issuer = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("issuer")
    )
    serial = models.CharField(_("serial number"), max_length=64, unique=True)
    certificate_pem = models.TextField(_("certificate"))
    private_key_pem = EncryptedTextField(_("private key, encrypted"))
    not_after = models.DateTimeField(_("valid until"))
    is_current = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revocation_reason = models.CharField(
        _("why revoked"), max_length=30, blank=True, choices=Revocation.choices
    )

    objects = KeyPairQuerySet.as_manager()

    class Meta:
        verbose_name = _("key pair")
        verbose_name_plural = _("key pairs")
        constraints = [
            models.UniqueConstraint(
                fields=["purpose"],
                condition=models.Q(is_current=True, employee__isnull=True),
                name="one_current_platform_key_per_purpose",
            ),
            models.UniqueConstraint(
                fields=["employee"],
                condition=models.Q(is_current=True, employee__isnull=False),
                name="one_current_key_per_person",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True) | models.Q(is_current=False),
                name="a_revoked_key_is_not_in_use",
            ),
        ]
        indexes = [
            models.Index(
                fields=["issuer", "revoked_at"],
                condition=models.Q(revoked_at__isnull=False),
                name="revoked_by_issuer",
            ),
            models.Index(
                fields=["not_after"], condition=models.Q(is_current=True), name="key_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.serial[:12]}"


class RevocationList(models.Model):
    """The newest list of an authority, as it is served to everybody (RFC 5280, 5)."""

    authority = models.OneToOneField(
        KeyPair,
        on_delete=models.CASCADE,
        related_name="revocation_list",
        verbose_name=_("authority"),
    )
    number = models.PositiveBigIntegerField(_("number"))
    der = models.BinaryField(_("the list as issued"))
    # More revocations than this: it is out of date.
    entries = models.PositiveIntegerField(_("certificates in the list"))
    made_at = models.DateTimeField(_("issued"))

    class Meta:
        verbose_name = _("revocation list")
        verbose_name_plural = _("revocation lists")

    def __str__(self) -> str:
        return f"{self.authority} no. {self.number}"
