"""A document that somebody is preparing on the page «New document»; not a Document yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from employees.models import Employee


@dataclass(frozen=True)
class DraftPaper:
    """The file of a draft as its preview shows it (`signer_pages.Paper`)."""

    pk: int
    folder: str
    file: FieldFile
    sha256: str


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, owner: Employee) -> DraftQuerySet:
        """Nobody else sees them, not even an administrator."""
        return self.filter(portal=owner.portal_id, owner=owner)

    def unsent(self) -> DraftQuerySet:
        return self.filter(document__isnull=True)

    def step_due(self, at: datetime) -> DraftQuerySet:
        """Files to be checked: new, or left by a dead worker."""
        return self.filter(next_step_at__lte=at)


class Draft(models.Model):
    """An uploaded file with what was typed about it, kept until it is sent or forgotten.

    `public_id` is chosen by the page before the upload, so that the same press of a button is the
    same draft; and a draft becomes one document at most.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("The file is being checked")
        READY = "ready", _("Ready to be sent")
        REFUSED = "refused", _("The file cannot be signed")

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="drafts", verbose_name=_("portal")
    )
    owner = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="drafts", verbose_name=_("employee")
    )
    public_id = models.CharField(_("number"), max_length=20, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CHECKING
    )
    # Why it is refused, in the owner's language.
    error = models.TextField(_("error"), blank=True)
    file_name = models.CharField(_("file name"), max_length=255)
    # Django's form data as it was posted: {"title": "…", "p0-email": "…", "rows": ["0"]}.
    answers = models.JSONField(_("answers"), default=dict)

    # Whose place the document is to take.
    replaces = models.ForeignKey(
        "documents.Document",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("in place of"),
    )

    # Paths by documents.core.files.
    source = models.FileField(_("file as received"), max_length=300)
    source_sha256 = models.CharField(_("SHA-256 as received"), max_length=64)
    size_bytes = models.PositiveBigIntegerField(_("size, bytes"))
    checked = models.FileField(_("file as checked"), max_length=300, blank=True)
    # signing.intake.Intake without its bytes.
    facts = models.JSONField(_("facts"), default=dict)
    # The clean file with the pages that the stamps need, as it was placed last.
    shown = models.FileField(_("file as shown"), max_length=300, blank=True)
    shown_sha256 = models.CharField(_("SHA-256 as shown"), max_length=64, blank=True)
    placement = models.JSONField(_("places of stamps"), default=dict)

    document = models.OneToOneField(
        "documents.Document",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="draft",
        verbose_name=_("document"),
    )
    created_at = models.DateTimeField(_("created"))
    changed_at = models.DateTimeField(_("changed"))
    next_step_at = models.DateTimeField(_("next step"), null=True, blank=True)
    step_attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-changed_at", "-pk"]
        indexes = [
            models.Index(fields=["owner", "-changed_at"], name="draft_of_owner"),
            models.Index(fields=["changed_at"], name="draft_age"),
            models.Index(
                fields=["next_step_at"],
                name="draft_step",
                condition=models.Q(next_step_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id  # not the file's name: it may name people

    @property
    def folder(self) -> str:
        """Where its files lie in the storage."""
        return f"{self.portal_id}/drafts/{self.public_id}"

    @property
    def paper(self) -> DraftPaper:
        return DraftPaper(self.pk, self.folder, self.shown, self.shown_sha256)

    @property
    def title(self) -> str:
        return str(self.answers.get("title") or self.file_name)
