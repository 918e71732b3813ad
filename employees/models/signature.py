"""What an employee signs with, and the codes that prove him."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from employees.models.people import Employee
from signing.base import Level
from signing.placement.stamps import LEVEL_NAMES


class SignatureProfileQuerySet(models.QuerySet["SignatureProfile"]):
    def waiting_for_support(self) -> SignatureProfileQuerySet:
        """Turned on, confirmation of the e-mail requested, not given yet."""
        return self.filter(
            state=SignatureProfile.State.TURNED_ON, confirmation_requested_at__isnull=False
        )

    def requests_first(self) -> SignatureProfileQuerySet:
        """The oldest request on top, then everything else by name."""
        waiting = models.Case(
            models.When(
                state=SignatureProfile.State.TURNED_ON, then=models.F("confirmation_requested_at")
            ),
            default=None,
            output_field=models.DateTimeField(),
        )
        return self.annotate(waiting_since=waiting).order_by(
            models.F("waiting_since").asc(nulls_last=True), "employee__name"
        )


class SignatureProfile(models.Model):
    """What an employee signs with. `simple`: a standing order to the robot, proved by a code."""

    class State(models.TextChoices):
        CODE_SENT = "code_sent", _("Waiting for the code")
        TURNED_ON = "turned_on", _("E-mail not confirmed by support")
        CONFIRMED = "confirmed", _("Active")
        STOPPED = "stopped", _("Stopped")

    employee = models.OneToOneField(
        Employee,
        on_delete=models.CASCADE,
        related_name="signature_profile",
        verbose_name=_("employee"),
    )
    level = models.CharField(_("kind of signature"), max_length=20, default="simple")
    state = models.CharField(
        _("state"), max_length=20, choices=State.choices, default=State.CODE_SENT
    )
    email = models.EmailField(_("e-mail"))
    # An address that a code was sent to while another one is still in use.
    requested_email = models.EmailField(_("new e-mail, not confirmed"), blank=True)
    robots_allowed = models.BooleanField(_("robots may sign"), default=False)
    consent_text_version = models.CharField(_("version of the terms"), max_length=20, blank=True)
    turned_on_at = models.DateTimeField(_("turned on"), null=True, blank=True)
    confirmation_requested_at = models.DateTimeField(
        _("confirmation requested"), null=True, blank=True
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=150, blank=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    objects = SignatureProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature of an employee")
        verbose_name_plural = _("signatures of employees")

    def __str__(self) -> str:
        return f"{self.employee} ({self.get_state_display()})"

    @property
    def is_on(self) -> bool:
        """Turned on by its owner, whether or not support has confirmed the e-mail."""
        return self.state in {self.State.TURNED_ON, self.State.CONFIRMED}

    @property
    def level_name(self) -> str:
        return str(LEVEL_NAMES[Level(self.level)])


class CodeAddress(models.Model):
    """An address that codes are sent to. Its row is the lock under which they are counted."""

    address = models.CharField(_("address"), max_length=254, primary_key=True)

    class Meta:
        verbose_name = _("address of codes")
        verbose_name_plural = _("addresses of codes")

    def __str__(self) -> str:
        return self.address


class OneTimeCodeQuerySet(models.QuerySet["OneTimeCode"]):
    def of(self, purpose: str, subject: str) -> OneTimeCodeQuerySet:
        return self.filter(purpose=purpose, subject=subject)

    def live(self) -> OneTimeCodeQuerySet:
        """Neither used nor replaced; it may have expired."""
        return self.filter(used_at__isnull=True, replaced_at__isnull=True)


class OneTimeCode(models.Model):
    """A six-digit code sent to an address for one purpose; only its hash is kept."""

    purpose = models.CharField(_("purpose"), max_length=30)  # "turn_on_signature", "sign_document"
    subject = models.CharField(_("object"), max_length=60)  # whose: "profile:3", "signer:9"
    address = models.CharField(_("address"), max_length=254)
    # What the code confirms: document hash and page session; a code for one never fits another.
    bound_to = models.CharField(_("bound to"), max_length=64)
    code_hash = models.CharField(_("hash of the code"), max_length=64)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    objects = OneTimeCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        indexes = [
            models.Index(fields=["purpose", "subject", "-created_at"], name="code_subject"),
            models.Index(fields=["address", "-created_at"], name="code_address"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "subject"],
                condition=models.Q(used_at__isnull=True, replaced_at__isnull=True),
                name="one_live_code_per_purpose_and_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject}"
