"""The texts of the additional agreement: every version that was ever offered, word for word."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from signing.papers import agreement as engine


class AgreementTemplate(models.Model):
    """One version of one text in one language. It never changes: what people accepted must be
    found again by its hash. Another text is another version, and the newest published one is
    offered from then on; agreements accepted under an earlier one end.
    """

    class Kind(models.TextChoices):
        AGREEMENT = engine.Kind.AGREEMENT.value, _("Agreement with a counterparty")
        HR_CONSENT = engine.Kind.HR_CONSENT.value, _("Consent of an employee")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    language = models.CharField(
        _("language"), max_length=2, choices=[(code, code) for code in engine.LANGUAGES]
    )
    version = models.CharField(_("version"), max_length=20)
    text = models.TextField(
        _("text"),
        help_text=_(
            "The first line is the title. “# ” begins a section; an empty line parts clauses, "
            "which are numbered by themselves. What stands in {braces} is filled in."
        ),
    )
    sha256 = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    is_shipped = models.BooleanField(_("came with the product"), default=False, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.CharField(_("published by"), max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = _("text of the agreement")
        verbose_name_plural = _("texts of the agreement")
        ordering = ["kind", "language", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.language} {self.version}"

    def save(self, **kwargs: object) -> None:
        self.sha256 = self.template.sha256
        super().save(**kwargs)  # type: ignore[arg-type]

    @property
    def template(self) -> engine.Template:
        return engine.Template(self.version, self.language, self.text)

    def clean(self) -> None:
        """Refuse a text that could not be filled, printed, or accepted by law."""
        self.text = "\n".join(line.rstrip() for line in self.text.splitlines()).strip()
        if mistake := engine.mistake_of(self.text):
            raise ValidationError({"text": mistake})
        same = AgreementTemplate.objects.filter(
            kind=self.kind, language=self.language, version=self.version
        )
        if same.exclude(pk=self.pk).exists():
            raise ValidationError({"version": _("This version exists already.")})
