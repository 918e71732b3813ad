"""The ledger of robot calls: every call of a business process, once, with its answer."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from documents.models import Document
from signx.vault import EncryptedTextField


class RobotCallQuerySet(models.QuerySet["RobotCall"]):
    def due(self, at: datetime) -> RobotCallQuerySet:
        return self.filter(state=RobotCall.State.WAITING, next_attempt_at__lte=at)


class RobotCall(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # for a worker, or for Bitrix24 to convert the file
        DONE = "done", _("Accepted")
        REFUSED = "refused", _("Answered with an error")

    portal = models.ForeignKey(Portal, on_delete=models.PROTECT, verbose_name=_("portal"))
    code = models.CharField(_("robot"), max_length=40)
    # Bitrix24's name of the waiting step. Long and opaque, so a repeat is found by its hash.
    event_token = EncryptedTextField(_("event token"))
    event_token_hash = models.CharField(_("hash of the event token"), max_length=64)
    wants_reply = models.BooleanField(_("waits for an answer"), default=True)  # use_subscription=Y
    workflow_id = models.CharField(_("business process"), max_length=60, blank=True)
    crm_document_id = models.CharField(_("CRM item"), max_length=60, blank=True)  # "DEAL_315"
    # Only the robot's own inputs: one text each, or a list where the portal gave several.
    properties = models.JSONField(_("parameters"), default=dict)
    # Whose tokens the robot runs with.
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"), null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    # Failed or cut off, one after another.
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    converting_since = models.DateTimeField(_("conversion began"), null=True, blank=True)
    conversion_looks = models.PositiveSmallIntegerField(_("looks at the conversion"), default=0)
    # What the portal has said about its papers (robots.calls.together), until it is carried out.
    answer = EncryptedTextField(_("answer of the portal"), blank=True)
    answered_at = models.DateTimeField(_("answered by the portal"), null=True, blank=True)
    # The portal has confirmed that it made this event token.
    is_genuine = models.BooleanField(_("portal confirmed"), default=False)
    document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("document")
    )
    # While it waits: of the last failure that may pass.
    response_code = models.CharField(_("response code"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("received"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = RobotCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("robot call")
        verbose_name_plural = _("robot calls")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "event_token_hash"], name="a_step_is_called_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="robotcall_due",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.workflow_id}"

    @property
    def audit_name(self) -> str:
        return f"robot:{self.code}"

    @property
    def subject(self) -> tuple[str, str]:
        return "robot", self.code

    @property
    def source_id(self) -> str:
        """The document as the process named it."""
        named = self.properties.get("document", "")
        return named[:60] if isinstance(named, str) else ""


class RobotSwitch(models.Model):
    """Whether an administrator wants a robot on the portal, and what became of it there."""

    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="robot_switches", verbose_name=_("portal")
    )
    code = models.CharField(_("robot"), max_length=40)
    is_on = models.BooleanField(_("switched on"), default=False)
    registered_at = models.DateTimeField(_("registered on the portal"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    # What the portal was told last (switches.digest), and with whose tokens its calls come: as
    # long as neither changes and the robot is there, it need not be told again.
    declared = models.CharField(_("what was declared"), max_length=64, blank=True)
    runs_as = models.PositiveIntegerField(_("calls come as user"), null=True, blank=True)

    class Meta:
        verbose_name = _("switch of a robot")
        verbose_name_plural = _("switches of robots")
        constraints = [
            models.UniqueConstraint(fields=["portal", "code"], name="one_switch_per_robot")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {'on' if self.is_on else 'off'}"
