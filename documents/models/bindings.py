"""What hangs on a document: files, the CRM item, business processes that wait."""

from __future__ import annotations

import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.models.document import Document
from signx.vault import EncryptedTextField


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
    file = models.FileField(_("file"), max_length=300)  # path by documents.core.files
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
