"""What a portal decided about its documents."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal


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
    # A row that is absent here is as in documents.news.notices.DEFAULT_MATRIX.
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
