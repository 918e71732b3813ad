"""A document and the people asked to sign it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents.models.portal_settings import CodeChannel
from employees.models import Employee

# No 0/O, 1/l/I: people read these aloud and type them from paper.
PUBLIC_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def new_public_id() -> str:
    """12 letters, about 59 bits: not a secret, only unguessable enough not to be enumerated."""
    return "".join(secrets.choice(PUBLIC_ID_LETTERS) for _letter in range(12))


class DocumentQuerySet(models.QuerySet["Document"]):
    def for_portal(self, portal: Portal) -> DocumentQuerySet:
        return self.filter(portal=portal)

    def overdue(self, at: datetime) -> DocumentQuerySet:
        """Sent and not signed in time."""
        return self.filter(status=Document.Status.SENT, expires_at__lte=at)

    def reminder_due(self, at: datetime) -> DocumentQuerySet:
        """Sent, not over, and the next reminder by schedule is due."""
        return self.filter(status=Document.Status.SENT, next_reminder_at__lte=at, expires_at__gt=at)

    def stuck(self) -> DocumentQuerySet:
        """A step did not succeed at the first attempt and is being repeated."""
        return self.filter(next_step_at__isnull=False, step_attempts__gt=1)

    def step_due(self, at: datetime) -> DocumentQuerySet:
        """Hand-over or sealing whose time has come: new, to repeat, or left by a dead worker."""
        return self.filter(next_step_at__lte=at)


class Document(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Waiting for signatures")
        SEALING = "sealing", _("Finalising")
        COMPLETED = "completed", _("Signed by all")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Withdrawn")
        FAILED = "failed", _("Not sent")
        ANNULLED = "annulled", _("Annulled")

    FINAL = frozenset(
        {
            Status.COMPLETED,
            Status.DECLINED,
            Status.EXPIRED,
            Status.CANCELLED,
            Status.FAILED,
            Status.ANNULLED,
        }
    )

    portal = models.ForeignKey(
        Portal, on_delete=models.PROTECT, related_name="documents", verbose_name=_("portal")
    )
    public_id = models.CharField(_("number"), max_length=20, unique=True, default=new_public_id)
    title = models.CharField(_("title"), max_length=255)
    # A row of documents.core.law that the sender named; the title may name another one besides.
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    # Whose new edition it is.
    replaces = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="editions",
        verbose_name=_("in place of"),
    )
    # The new edition that the same parties have signed (documents.core.editions).
    replaced_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("new edition"),
    )
    # The sender's words to the other sides, in their letters.
    message = models.TextField(_("message"), blank=True)
    # As the robot named it: "61" (CRM document), "disk_9011"; empty when uploaded in the app.
    source_id = models.CharField(_("source document"), max_length=60, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.DRAFT
    )
    level = models.CharField(_("kind of signature"), max_length=20, default="simple")
    provider = models.CharField(_("provider"), max_length=20, default="embedded")
    provider_document_id = models.CharField(_("number at the provider"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=8, default="ru")
    # Where each side's stamp goes: {"1": [{"page_index": 3, "x_mm": …}], "2": […]}.
    places = models.JSONField(_("places of stamps"), default=dict)
    # Of SHOWN, a signature sheet included.
    page_count = models.PositiveIntegerField(_("pages"), default=0)
    source_page_count = models.PositiveIntegerField(_("pages as received"), default=0)
    # Those the file came with, as they name themselves (signing.intake.EarlierSignature).
    earlier_signatures = models.JSONField(_("earlier signatures"), default=list, blank=True)
    # Its price on the balance.
    units = models.PositiveSmallIntegerField(_("price, signatures"), default=1)
    # Other sides who have no agreement in force are asked for one; decided for each signer.
    needs_agreement = models.BooleanField(_("with an additional agreement"), default=False)
    # As the portal decided when it was made.
    may_delegate = models.BooleanField(_("may hand over signing"), default=False)

    sender = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sent_documents",
        verbose_name=_("sender"),
    )
    responsible = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("responsible"),
    )
    # Who ordered the sending: "robot:signx_send" or an employee's audit name. The company's
    # standing order is used in this name, also later, when its turn comes last.
    ordered_by = models.CharField(_("sent by order of"), max_length=80, blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    # Of a refusal or a withdrawal, in people's words.
    closed_reason = models.TextField(_("reason of the end"), blank=True)

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    expires_at = models.DateTimeField(_("to be signed until"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sealing_at = models.DateTimeField(_("signed by all"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # Later than `closed_at`, which stays the moment when all had signed.
    annulled_at = models.DateTimeField(_("annulled"), null=True, blank=True)
    # When the sweep looks at it again (hand-over or sealing that must be repeated); null = never.
    next_step_at = models.DateTimeField(_("next step"), null=True, blank=True)
    step_attempts = models.PositiveSmallIntegerField(_("attempts of the step"), default=0)
    # When those who have not signed are reminded next; null = no more reminders by schedule.
    next_reminder_at = models.DateTimeField(_("next reminder"), null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes = [
            models.Index(fields=["portal", "-changed_at"], name="document_page"),
            models.Index(fields=["portal", "status", "-changed_at"], name="document_tab"),
            models.Index(fields=["portal", "source_id"], name="document_source"),
            models.Index(
                fields=["next_step_at"],
                name="document_step",
                condition=models.Q(next_step_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="document_overdue",
                condition=models.Q(status="sent"),
            ),
            models.Index(
                fields=["next_reminder_at"],
                name="document_reminder",
                condition=models.Q(status="sent", next_reminder_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number  # not the title: it may name people, and support reads this

    @property
    def is_final(self) -> bool:
        return self.status in self.FINAL

    @property
    def number(self) -> str:
        """The public id as people read it: «7kqm-29xd-fhp3»."""
        return "-".join(self.public_id[i : i + 4] for i in range(0, len(self.public_id), 4))

    @property
    def subject(self) -> tuple[str, str]:
        """How the journal and the outbox name it."""
        return "document", self.public_id

    @property
    def folder(self) -> str:
        """Where its files lie in the storage."""
        return f"{self.portal_id}/{self.public_id}"

    @property
    def awaited_signer(self) -> Signer | None:
        """The first of those whose turn it is."""
        return next(iter(self.awaited_signers), None)

    @property
    def awaited_signers(self) -> list[Signer]:
        """Whose turn it is: all who have not signed and stand first in order."""
        waiting = list(self.signers.exclude(status=Signer.Status.SIGNED))
        return [signer for signer in waiting if signer.order == waiting[0].order]

    @property
    def ended_at(self) -> datetime | None:
        """When it came to the status it has now, if that is an end."""
        return self.annulled_at or self.closed_at

    @property
    def is_personnel(self) -> bool:
        """Between an employer and an employee, where labour law limits the kinds of signature."""
        return self.signers.filter(side=Signer.Side.COUNTERPARTY, employee__isnull=False).exists()

    @property
    def verification_url(self) -> str:
        """The public page that tells what this document is; printed as QR in every stamp."""
        return f"{settings.PUBLIC_URL}/v/{self.public_id}"


def party_reference(
    crm_contact_id: int | None, employee: Employee | None, name: str, tax_number: str
) -> str:
    """«contact:5», «employee:7», or «person:…» for somebody whom no list knows: a hash of name and
    tax number, so that another person at the same address is asked anew."""
    if crm_contact_id:
        return f"contact:{crm_contact_id}"
    if employee is not None:
        return f"employee:{employee.bitrix_user_id}"
    words = f"{' '.join(name.split()).casefold()}\n{tax_number}"
    return f"person:{hashlib.sha256(words.encode()).hexdigest()[:32]}"


class Signer(models.Model):
    """A person asked to sign one document.

    `key` names the stamp's place in the coordinates: "1" is the company, "2", "3", … the
    counterparties. Who has the same `order` signs at the same time.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Invited")
        VIEWED = "viewed", _("Opened")
        SIGNED = "signed", _("Signed")
        DECLINED = "declined", _("Refused")

    class Side(models.TextChoices):
        COMPANY = "company", _("Company")
        COUNTERPARTY = "counterparty", _("Counterparty")

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="signers", verbose_name=_("document")
    )
    key = models.CharField(_("side"), max_length=4)
    order = models.PositiveSmallIntegerField(_("turn"))
    side = models.CharField(_("side of the contract"), max_length=20, choices=Side.choices)
    employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("employee")
    )
    crm_contact_id = models.PositiveIntegerField(_("CRM contact"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("position"), max_length=200, blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    # Of the organisation or the person.
    tax_number = models.CharField(_("taxpayer number"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    code_channel = models.CharField(
        _("where codes go"), max_length=10, choices=CodeChannel.choices, default=CodeChannel.EMAIL
    )
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.PENDING
    )
    language = models.CharField(_("language"), max_length=8, default="ru")

    # SHA-256 of the newest link's 256-bit token; the token itself is only in the letter. Older
    # ones that still work are EarlierLink rows.
    link_hash = models.CharField(_("hash of the link"), max_length=64, blank=True, db_index=True)
    link_expires_at = models.DateTimeField(_("link valid until"), null=True, blank=True)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    viewed_at = models.DateTimeField(_("opened"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreement accepted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    decline_reason = models.TextField(_("reason of the refusal"), blank=True)
    # The last letter to the present address that came back; null once another way was found.
    bounced_at = models.DateTimeField(_("letter came back"), null=True, blank=True)
    # The mail server's words.
    bounce_reason = models.CharField(_("why the letter came back"), max_length=200, blank=True)
    delegated_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    address_changed_at = models.DateTimeField(_("address changed"), null=True, blank=True)

    class Meta:
        verbose_name = _("signer")
        verbose_name_plural = _("signers")
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["document", "key"], name="one_signer_per_side_key")
        ]
        indexes = [models.Index(fields=["employee", "status"], name="signer_turn")]

    def __str__(self) -> str:
        return f"signer:{self.pk}"  # not the name: this stands in logs and lists

    @property
    def counterparty(self) -> str:
        """How agreements name this side."""
        return party_reference(self.crm_contact_id, self.employee, self.name, self.tax_number)

    @property
    def organisation_line(self) -> str:
        """The organisation with its tax number, in the active language."""
        number = gettext("INN %(number)s") % {"number": self.tax_number} if self.tax_number else ""
        return ", ".join(part for part in (self.organisation, number) if part)

    @property
    def audit_name(self) -> str:
        return f"signer:{self.pk}"

    @property
    def code_address(self) -> str:
        """Where this signer's one-time codes go."""
        if self.code_channel == CodeChannel.NOTICE and self.employee:
            return f"user_{self.employee.bitrix_user_id}@{self.document.portal.domain}"
        return self.phone if self.code_channel == CodeChannel.SMS else self.email

    @property
    def signs_in_portal(self) -> bool:
        """An employee signs in the application: the portal vouches for him, no link is sent."""
        return self.employee_id is not None

    @property
    def is_undecided(self) -> bool:
        return self.status in {self.Status.PENDING, self.Status.VIEWED}


class EarlierLink(models.Model):
    """A link of an earlier letter that still works: a reminder adds a link, and the page that is
    open by the one before goes on."""

    signer = models.ForeignKey(
        Signer, on_delete=models.CASCADE, related_name="earlier_links", verbose_name=_("signer")
    )
    link_hash = models.CharField(_("hash of the link"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("earlier link")
        verbose_name_plural = _("earlier links")

    def __str__(self) -> str:
        return f"link:{self.pk}"
