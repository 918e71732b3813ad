"""Document, its signers, files and bindings; what a portal decided about its documents."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents.agreement_models import AgreementTemplate as AgreementTemplate
from documents.detached_models import DetachedSignature as DetachedSignature
from documents.draft_models import Draft as Draft
from employees.models import Employee, KeyPair
from signx.vault import EncryptedTextField

# No 0/O, 1/l/I: people read these aloud and type them from paper.
PUBLIC_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def new_public_id() -> str:
    """12 letters, about 59 bits: not a secret, only unguessable enough not to be enumerated."""
    return "".join(secrets.choice(PUBLIC_ID_LETTERS) for _letter in range(12))


class CodeChannel(models.TextChoices):
    """How a signer gets the one-time code; the link always goes by e-mail."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    NOTICE = "notice", _("Notice in Bitrix24")  # for employees alone


class PortalSettingsManager(models.Manager["PortalSettings"]):
    def of(self, portal: Portal) -> PortalSettings:
        """The settings of a portal, made with defaults at the first read."""
        return self.get_or_create(portal=portal)[0]


class PortalSettings(models.Model):
    """A portal's decisions about its documents; made with defaults at the first read."""

    class Agreement(models.TextChoices):
        WHEN_NEEDED = "when_needed", _("When this counterparty has no valid agreement yet")
        ALWAYS = "always", _("With every document")
        NEVER = "never", _("Never")

    class SigningOrder(models.TextChoices):
        COMPANY_FIRST = "company_first", _("The company, then the counterparty")
        COUNTERPARTY_FIRST = "counterparty_first", _("The counterparty, then the company")
        TOGETHER = "together", _("Both at once")

    portal = models.OneToOneField(
        Portal, on_delete=models.CASCADE, related_name="settings", verbose_name=_("portal")
    )
    # As printed on stamps and letters.
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    expires_in_days = models.PositiveSmallIntegerField(_("term, days"), default=14)
    coordinates = models.CharField(_("places of stamps"), max_length=300, blank=True)
    agreement = models.CharField(
        _("additional agreement"),
        max_length=20,
        choices=Agreement.choices,
        default=Agreement.WHEN_NEEDED,
    )
    signing_order = models.CharField(
        _("order of signing"),
        max_length=20,
        choices=SigningOrder.choices,
        default=SigningOrder.COMPANY_FIRST,
    )
    # entityTypeIds besides deals that a robot may bind a document to.
    allowed_entity_types = models.JSONField(_("CRM types"), default=list, blank=True)
    # {"completed": ["responsible", "signer_company"], …}: who hears of what in the portal's chat.
    # A row that is absent here is as in documents.notices.DEFAULT_MATRIX.
    notices = models.JSONField(_("notices"), default=dict, blank=True)
    code_channel = models.CharField(
        _("where codes go"), max_length=10, choices=CodeChannel.choices, default=CodeChannel.EMAIL
    )
    # Whether a counterparty may hand the signing over to a colleague.
    may_delegate = models.BooleanField(_("may hand over signing"), default=False)
    # Whether a file that is signed already gets our signatures beside those, uncleaned.
    adds_to_signed = models.BooleanField(_("may add to signed files"), default=False)

    objects = PortalSettingsManager()

    class Meta:
        verbose_name = _("settings of a portal")
        verbose_name_plural = _("settings of portals")

    def __str__(self) -> str:
        return str(self.portal)


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
    # A row of documents.law that the sender named; the title may name another one besides.
    kind = models.CharField(_("kind"), max_length=40, blank=True)
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


class StoredFile(models.Model):
    class Kind(models.TextChoices):
        SOURCE = "source", _("As received")
        SHOWN = "shown", _("Checked and cleaned: what is shown and signed")
        AGREEMENT_SOURCE = "agreement_source", _("Agreement given to the robot")
        IN_WORK = "in_work", _("With the company's signature")
        SIGNED = "signed", _("Signed file")
        AGREEMENT = "agreement", _("Additional agreement")
        REPORT = "report", _("Signing report")

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="files", verbose_name=_("document")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name = models.CharField(_("file name"), max_length=255)  # what a person sees when downloading
    file = models.FileField(_("file"), max_length=300)  # path by documents.files
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    streebog256 = models.CharField(_("GOST R 34.11-2012"), max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size, bytes"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # When the certificate of its last archive time-stamp ends; null = it has none.
    protected_until = models.DateTimeField(_("protected until"), null=True, blank=True)

    class Meta:
        verbose_name = _("file of a document")
        verbose_name_plural = _("files of documents")
        constraints = [
            models.UniqueConstraint(fields=["document", "kind"], name="one_file_per_kind")
        ]
        indexes = [
            models.Index(
                fields=["protected_until"],
                name="file_protected_until",
                condition=models.Q(protected_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        return self.document.folder


class FileEdition(models.Model):
    """A hash that a file had before its protection was extended: those bytes are still valid, and
    the file begins with them."""

    stored = models.ForeignKey(
        StoredFile, on_delete=models.CASCADE, related_name="editions", verbose_name=_("file")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    until = models.DateTimeField(_("succeeded"))

    class Meta:
        verbose_name = _("earlier edition of a file")
        verbose_name_plural = _("earlier editions of files")

    def __str__(self) -> str:
        return self.sha256


class CrmBinding(models.Model):
    """The CRM item whose timeline shows the document."""

    document = models.OneToOneField(
        Document, on_delete=models.CASCADE, related_name="crm_binding", verbose_name=_("document")
    )
    entity_type_id = models.PositiveIntegerField(_("CRM type"))  # 2 = deal
    entity_id = models.PositiveIntegerField(_("number in CRM"))
    title = models.CharField(_("title"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("link to CRM")
        verbose_name_plural = _("links to CRM")
        indexes = [models.Index(fields=["entity_type_id", "entity_id"], name="crm_binding_item")]

    def __str__(self) -> str:
        return f"{self.entity_type_id}:{self.entity_id}"


class WorkflowSubscription(models.Model):
    """A business process that waits for news of a document: answered once, by its event token."""

    class WaitFor(models.TextChoices):
        NOW = "now", _("Nothing: the present status")
        SENT = "sent", _("Sent")
        CHANGE = "change", _("The next change")
        FINAL = "final", _("Signed, declined, expired or withdrawn")

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="subscriptions", verbose_name=_("document")
    )
    robot_code = models.CharField(_("robot"), max_length=40)
    event_token = EncryptedTextField(_("event token"))
    event_token_hash = models.CharField(_("hash of the event token"), max_length=64)
    wait_for = models.CharField(_("waits for"), max_length=10, choices=WaitFor.choices)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("waiting business process")
        verbose_name_plural = _("waiting business processes")
        constraints = [
            models.UniqueConstraint(
                fields=["document", "event_token_hash"], name="a_step_waits_once_for_a_document"
            )
        ]
        indexes = [
            models.Index(
                fields=["document"],
                name="subscription_open",
                condition=models.Q(answered_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.robot_code} waits for {self.wait_for}"

    @staticmethod
    def hash_of(event_token: str) -> str:
        return hashlib.sha256(event_token.encode()).hexdigest()
