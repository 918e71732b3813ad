"""Portal: an installed Bitrix24, with its tokens, frame sessions and the log of calls to it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signx.vault import EncryptedTextField


class PortalQuerySet(models.QuerySet["Portal"]):
    def active(self) -> PortalQuerySet:
        return self.filter(status=Portal.Status.ACTIVE)

    def without_access(self) -> PortalQuerySet:
        """Active, but no administrator's token works: nothing can be sent there."""
        alive = PortalToken.objects.filter(
            portal=models.OuterRef("pk"), is_admin=True, dead_at__isnull=True
        )
        return self.active().exclude(models.Exists(alive))


class Portal(models.Model):
    class Status(models.TextChoices):
        INSTALLING = "installing", _("Being installed")
        ACTIVE = "active", _("Active")
        UNINSTALLED = "uninstalled", _("Uninstalled")

    # Whose news of it the listeners are being told (bitrix24.news), for the journal. Not stored.
    told_by = "portal"

    # The portal's only lasting name: domains change, member ids do not.
    member_id = models.CharField(_("member_id"), max_length=64, unique=True)
    domain = models.CharField(_("address of the portal"), max_length=255)  # host[:port]
    # Https://host/rest/, from the auth server.
    client_endpoint = models.URLField(_("REST address"), max_length=300)
    auth_server = models.URLField(_("authorization server"), max_length=200)
    # Weak: every portal user who opens the app can read it. Never enough to destroy anything.
    application_token = EncryptedTextField(_("application token"), blank=True)
    scope = models.TextField(_("permissions"), blank=True)
    language = models.CharField(_("language"), max_length=8, default="ru")
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.INSTALLING
    )
    # Disk folder for signed files (ROOT_OBJECT_ID of the app's storage), learned by the wizard.
    disk_folder_id = models.CharField(_("folder on Disk"), max_length=40, blank=True)
    installed_at = models.DateTimeField(_("installed"), null=True, blank=True)
    uninstalled_at = models.DateTimeField(_("uninstalled"), null=True, blank=True)
    # Our half of the portal's request limit (limits.take): the moment, in Unix seconds, at which
    # the bucket will have leaked empty again.
    bucket_empty_at = models.FloatField(_("request allowance is full at"), default=0)
    # When the portal said "slow down": nothing is sent to it before this.
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    # How many times in a row it said so: the pause doubles each time.
    busy_streak = models.PositiveSmallIntegerField(_("refusals in a row"), default=0)
    # The wizard's next step, counted from 0; it starts again with every opening of the wizard.
    install_step = models.PositiveSmallIntegerField(_("step of the installation"), default=0)
    # When its registrations were last looked over (an update of the app removes them silently),
    # and when they will be again.
    checked_at = models.DateTimeField(_("looked over"), null=True, blank=True)
    look_over_at = models.DateTimeField(_("next look"), null=True, blank=True)
    # What it lacks for our work, as codes of bitrix24.installation.features.
    missing = models.JSONField(_("what the portal lacks"), default=list, blank=True)
    # Since when no administrator's token works; null while one does.
    access_lost_at = models.DateTimeField(_("access lost"), null=True, blank=True)
    # Tokens that came with an event or a robot call (bitrix24.calls.offers); when to verify them.
    offer = EncryptedTextField(_("offered tokens"), blank=True)
    offer_try_at = models.DateTimeField(_("offered tokens are tried"), null=True, blank=True)
    # When calls that are held (bitrix24.calls.held) may be asked about again.
    held_try_at = models.DateTimeField(_("held calls are asked about"), null=True, blank=True)
    # The app seems to be uninstalled: when to ask the authorization server again.
    uninstall_check_at = models.DateTimeField(_("uninstallation is checked"), null=True, blank=True)
    uninstall_checks = models.PositiveSmallIntegerField(
        _("checks of the uninstallation"), default=0
    )
    # Since when there is nobody left to ask: it may be gone, and an operator has to find out.
    removal_unproved_at = models.DateTimeField(_("removal not proven"), null=True, blank=True)
    # Whether ONAPPUNINSTALL asked to delete the data; null while none has come.
    wipe_wish = models.BooleanField(_("asked to delete data"), null=True, blank=True)
    # SHA-256 of the last application_token of a portal that is gone: its event may come late.
    former_token_hash = models.CharField(_("hash of the former token"), max_length=64, blank=True)
    wipe_at = models.DateTimeField(_("data will be deleted"), null=True, blank=True)
    wiped_at = models.DateTimeField(_("data deleted"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = PortalQuerySet.as_manager()

    class Meta:
        verbose_name = _("portal")
        verbose_name_plural = _("portals")
        indexes = [
            models.Index(
                fields=["uninstall_check_at"],
                name="portal_uninstall_check",
                condition=models.Q(uninstall_check_at__isnull=False),
            ),
            models.Index(fields=["status", "look_over_at"], name="portal_look_over"),
            models.Index(
                fields=["offer_try_at"],
                name="portal_offer",
                condition=models.Q(offer_try_at__isnull=False),
            ),
            models.Index(
                fields=["wipe_at"], name="portal_wipe", condition=models.Q(wipe_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a browser names the portal's origin."""
        parts = urlsplit(self.client_endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def lane(self) -> str:
        return f"portal:{self.pk}"

    def forget_removal(self) -> None:
        """It is there: what was said and planned of its end is void. The caller saves."""
        self.uninstall_check_at, self.uninstall_checks = None, 0
        self.uninstalled_at = self.removal_unproved_at = None
        self.wipe_wish = self.wipe_at = None
        self.former_token_hash = ""


class MethodBudget(models.Model):
    """A method that has used much of its time on a portal, or all of it; others go on."""

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="method_budgets", verbose_name=_("portal")
    )
    method = models.CharField(_("method"), max_length=100)  # in lower case
    # As the portal last told: time spent within ten minutes, and when some of it is given back.
    spent_s = models.FloatField(_("spent, s"), default=0)
    resets_at = models.DateTimeField(_("starts anew"))
    rests_until = models.DateTimeField(_("rests until"), null=True, blank=True)

    class Meta:
        verbose_name = _("budget of a REST method")
        verbose_name_plural = _("budgets of REST methods")
        constraints = [
            models.UniqueConstraint(fields=["portal", "method"], name="one_budget_per_method")
        ]

    def __str__(self) -> str:
        return f"{self.portal_id} {self.method}"


class TokenQuerySet(models.QuerySet["PortalToken"]):
    def usable(self) -> TokenQuerySet:
        """Tokens worth a try: administrators first, newest first."""
        return self.filter(dead_at__isnull=True).order_by("-is_admin", "-refreshed_at")


class PortalToken(models.Model):
    """One portal user's OAuth tokens. Only the holder of the lease refreshes them.

    A lease, not a row lock: the refresh is a network call, and no transaction waits for one.
    """

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("portal")
    )
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"))
    is_admin = models.BooleanField(_("portal administrator"), default=False)
    access_token = EncryptedTextField(_("access token"))
    refresh_token = EncryptedTextField(_("refresh token"), blank=True)
    expires_at = models.DateTimeField(_("valid until"))
    refreshed_at = models.DateTimeField(_("refreshed"))
    # The lease. In the past: who held it died, and the answer to his request may be lost.
    refreshing_until = models.DateTimeField(_("being refreshed until"), null=True, blank=True)
    # A refresh was sent and no answer is stored: the server may have spent this refresh_token.
    is_in_doubt = models.BooleanField(_("in doubt"), default=False)
    dead_at = models.DateTimeField(_("stopped working"), null=True, blank=True)
    dead_reason = models.CharField(_("why it stopped working"), max_length=60, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("access token of a portal")
        verbose_name_plural = _("access tokens of portals")
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "bitrix_user_id"], name="one_token_per_portal_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.portal_id}/{self.bitrix_user_id}"


class HeldCall(models.Model):
    """A call whose application_token we do not know, until its own tokens are verified."""

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="held_calls", verbose_name=_("portal")
    )
    # A name of bitrix24.calls.held.RECEIVERS.
    receiver = models.CharField(_("receiver"), max_length=100)
    argument = models.CharField(_("argument"), max_length=60, blank=True)
    payload = EncryptedTextField(_("what was received"))  # JSON
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("held call")
        verbose_name_plural = _("held calls")

    def __str__(self) -> str:
        return f"{self.portal_id} {self.receiver}"


class FrameSession(models.Model):
    """An open frame: who the authorization server said it is. Rights are read on each request."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, verbose_name=_("portal"))
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"))
    user_name = models.CharField(_("name"), max_length=200, blank=True)
    is_portal_admin = models.BooleanField(_("portal administrator"), default=False)
    token_hash = models.CharField(_("hash of the token"), max_length=64, unique=True)
    language = models.CharField(_("language"), max_length=8, default="ru")
    is_dark = models.BooleanField(_("dark"), default=False)
    placement = models.CharField(_("place in the portal"), max_length=60, default="DEFAULT")
    placement_entity_id = models.CharField(_("object of the place"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"))
    seen_at = models.DateTimeField(_("last seen"))
    # When the portal last told what stands above (bitrix24.frame.confirmation); until when it is
    # not asked again after it was silent.
    confirmed_at = models.DateTimeField(_("confirmed by the portal"), default=timezone.now)
    silent_until = models.DateTimeField(_("not asked before"), null=True, blank=True)

    class Meta:
        verbose_name = _("session in the portal")
        verbose_name_plural = _("sessions in portals")

    def __str__(self) -> str:
        return f"{self.portal_id}/{self.bitrix_user_id}"


class FrameLook(models.Model):
    """What a person chose for his frames; the portal tells a language and no theme."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, verbose_name=_("portal"))
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"))
    # Empty: the portal's own.
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_dark = models.BooleanField(_("dark"), default=False)

    class Meta:
        verbose_name = _("look of the frame")
        verbose_name_plural = _("looks of the frame")
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "bitrix_user_id"], name="one_look_per_portal_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.portal_id}/{self.bitrix_user_id}"


class RestCall(models.Model):
    """One HTTP request to a portal or the authorization server, masked; kept REST_LOG_DAYS."""

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, null=True, verbose_name=_("portal")
    )
    at = models.DateTimeField(_("time"), db_index=True)
    method = models.CharField(_("method"), max_length=100)
    http_status = models.PositiveIntegerField(_("HTTP status"), null=True)
    error = models.CharField(_("error"), max_length=100, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"))
    request = models.TextField(_("request"), blank=True)
    response = models.TextField(_("response"), blank=True)

    class Meta:
        verbose_name = _("REST call")
        verbose_name_plural = _("REST calls")
        indexes = [models.Index(fields=["portal", "-at"], name="restcall_portal")]

    def __str__(self) -> str:
        return f"{self.method} {self.http_status}"
