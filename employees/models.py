"""Employees of a portal: what they may do, what they sign with, what is left on the balance."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from signing.base import Level
from signing.stamps import LEVEL_NAMES
from signx.errors import ErrorCode, SignXError
from signx.vault import EncryptedTextField

FIRST_INSTALL = "system:first_install"  # the actor of the signatures a new portal gets


class Right(models.TextChoices):
    SEND = "send", _("Send documents")
    SIGN = "sign", _("Sign for the company")
    JOURNAL = "journal", _("Read the journal")
    SETTINGS = "settings", _("Change settings and rights")


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def for_portal(self, portal: Portal) -> EmployeeQuerySet:
        return self.filter(portal=portal)

    def active(self) -> EmployeeQuerySet:
        return self.filter(is_active=True)

    def administrators(self) -> EmployeeQuerySet:
        return self.filter(is_portal_admin=True)


class Employee(models.Model):
    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="employees", verbose_name=_("portal")
    )
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"))
    # «Фамилия Имя Отчество», as the portal tells it.
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    position = models.CharField(_("position"), max_length=200, blank=True)
    is_active = models.BooleanField(_("works here"), default=True)
    is_portal_admin = models.BooleanField(_("portal administrator"), default=False)
    language = models.CharField(_("language"), max_length=8, blank=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    # When the portal last told us about this person; employees.services decides how old is too old.
    checked_at = models.DateTimeField(_("told by the portal"), null=True, blank=True)

    # Not stored: for this request it is unknown whether he is an administrator still.
    is_unconfirmed = False

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "bitrix_user_id"], name="one_employee_per_portal_user"
            )
        ]

    def __str__(self) -> str:
        return self.audit_name  # no name: this is what admin shows wherever an employee is meant

    @property
    def audit_name(self) -> str:
        return f"employee:{self.bitrix_user_id}"

    @property
    def spoken_language(self) -> str:
        """The language to write to this person in."""
        return self.language or self.portal.language

    def has_right(self, right: Right) -> bool:
        """A portal administrator has every right; a dismissed employee has none."""
        if not self.is_active:
            return False
        return self.is_portal_admin or self.rights.filter(right=right).exists()

    def require(self, right: Right) -> None:
        """Raises SignXError: RIGHT_MISSING, ADMIN_UNCONFIRMED."""
        if not self.has_right(right):
            raise SignXError(
                ErrorCode.RIGHT_MISSING,
                f"{self.audit_name} lacks {right}",
                name=self.name,
                reason=format_lazy(
                    _("the right “{right}” is given by a portal administrator"), right=right.label
                ),
            )
        if not self.rights.filter(right=right).exists():
            self.require_confirmed()

    def require_confirmed(self) -> None:
        """For what only an administrator may do. Raises SignXError(ADMIN_UNCONFIRMED)."""
        if self.is_unconfirmed:
            raise SignXError(ErrorCode.ADMIN_UNCONFIRMED, self.audit_name)


class EmployeeRight(models.Model):
    """A right given by someone with the right to settings; administrators need no rows."""

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="rights", verbose_name=_("employee")
    )
    right = models.CharField(_("right"), max_length=20, choices=Right.choices)

    class Meta:
        verbose_name = _("right of an employee")
        verbose_name_plural = _("rights of employees")
        constraints = [
            models.UniqueConstraint(fields=["employee", "right"], name="a_right_is_given_once")
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.right}"


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def in_force(self, at: datetime) -> DelegationQuerySet:
        return self.filter(
            models.Q(documents_limit__isnull=True)
            | models.Q(documents_used__lt=models.F("documents_limit")),
            revoked_at__isnull=True,
            valid_until__gt=at,
        )


class Delegation(models.Model):
    """«Разрешаю отправлять от моего имени»: given by the owner or an administrator."""

    owner = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="delegations", verbose_name=_("signer")
    )
    delegate = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="may_send_for", verbose_name=_("may send")
    )
    given_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="+", verbose_name=_("given by")
    )
    valid_until = models.DateTimeField(_("valid until"))
    documents_limit = models.PositiveIntegerField(_("documents at most"), null=True, blank=True)
    documents_used = models.PositiveIntegerField(_("documents sent"), default=0)
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("sending on behalf")
        verbose_name_plural = _("sending on behalf")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(owner=models.F("delegate")), name="nobody_delegates_to_himself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} -> {self.delegate_id}"


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


class BalanceEntryQuerySet(models.QuerySet["BalanceEntry"]):
    def for_portal(self, portal: Portal) -> BalanceEntryQuerySet:
        return self.filter(portal=portal)

    def available(self) -> int:
        """Units that may still be spent: the sum of the ledger, holds included.

        Reads every row; `employees.balances.available` knows the same from the newest one.
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
