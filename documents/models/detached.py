"""A signature made elsewhere, kept beside the document it was made for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from employees.models import Employee
from signing.verification.causes import sentences


class DetachedSignature(models.Model):
    """A detached CMS (.sig) for the bytes of the SHOWN file, as it was checked on arrival.

    Only what was found sound is kept; `causes` tells what could not be proven (an issuer that is
    not among the trusted ones). `signers` are the facts of `verification_facts.detached_facts`.
    """

    document = models.ForeignKey(
        "documents.Document",
        on_delete=models.CASCADE,
        related_name="detached_signatures",
        verbose_name=_("document"),
    )
    name = models.CharField(_("file name"), max_length=255)  # of the file, as a person knows it
    file = models.FileField(_("file"), max_length=300)  # path by documents.core.files
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size, bytes"))
    # Of the SHOWN file.
    signed_sha256 = models.CharField(_("SHA-256 of what was signed"), max_length=64)
    level = models.CharField(_("kind of signature"), max_length=20)
    signers = models.JSONField(_("signers"))
    causes = models.JSONField(_("remarks of the check"), default=list, blank=True)
    added_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("signature made elsewhere")
        verbose_name_plural = _("signatures made elsewhere")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "sha256"], name="a_detached_signature_is_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.level}:{self.sha256[:12]}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """What could not be proven about it, in the active language."""
        return sentences(self.causes)

    @property
    def names(self) -> str:
        """Who signed, as their certificates say."""
        return ", ".join(signer["name"] for signer in self.signers)
