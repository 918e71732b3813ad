"""Whether the portal itself made a call: asked of many calls in one request.

application_token is known to every portal user who opens the application; an event token is
signed by the portal, and `bizproc.activity.log` refuses a wrong signature. Nothing is signed in a
director's name on the weaker word, and nobody who knows it may use up what the portal grants us.
Source: Bitrix24 docs, bizproc-activity-log.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from bitrix24.rest import client, methods
from bitrix24.rest.client import BatchAnswer
from bitrix24.wire.errors import BitrixError
from outbox.base import Command
from robots.calls import ledger
from robots.models import RobotCall
from signx.errors import RETRYABLE, ErrorCode, SignXError
from signx.limits import Rule, spend

# With the questions of the call itself they fit into one batch (bitrix24.rest.client.BATCH_SIZE).
TOGETHER = 40
# So many calls of a portal are taken up as they come; those after them once a minute, together.
CALLS_ONE_BY_ONE = Rule("robot_calls", 60, timedelta(minutes=10))
MINUTE_S = 60
# A signature that is not the portal's; any other refusal says nothing of who made the call.
DISOWNED = frozenset({"access_denied"})
# A portal that is asked fifty times a minute proves so many; no bulk run is larger.
WAITING_MOST = 2000


def begins_at(portal: Portal, at: datetime) -> datetime:
    """When a call that comes now is taken up; `at` for all but the many. Counts it.

    Raises LIMIT_REACHED when more calls wait for their proof than can be asked about in a minute.
    """
    try:
        spend(CALLS_ONE_BY_ONE, str(portal.pk), at=at)
    except SignXError:
        unproved = RobotCall.objects.filter(portal=portal, state=RobotCall.State.WAITING)
        if unproved.filter(is_genuine=False).count() >= WAITING_MOST:
            raise
        return at + timedelta(seconds=MINUTE_S - at.timestamp() % MINUTE_S)
    return at


def prove_together(call: RobotCall) -> None:
    """If others wait for their proof too, ask about all of them before anything else.

    Raises as `Proofs.settle` does, and BitrixError when the portal cannot be asked.
    """
    proofs = Proofs.of(call)
    if proofs.others:
        proofs.settle(client.batch(call.portal, proofs.commands()))


@dataclass(frozen=True)
class Proofs:
    """A call without a proof, and some of those of its robot that wait without one."""

    call: RobotCall
    others: list[RobotCall]

    @classmethod
    def of(cls, call: RobotCall) -> Proofs:
        """Nothing to ask about a call that is proved already."""
        if call.is_genuine:
            return cls(call, [])
        waiting = RobotCall.objects.due(timezone.now()).filter(portal=call.portal, code=call.code)
        waiting = waiting.filter(is_genuine=False).exclude(pk=call.pk).select_related("portal")
        return cls(call, list(waiting.order_by("next_attempt_at", "pk")[:TOGETHER]))

    def commands(self) -> dict[str, Command]:
        """For one batch, alone or along with others."""
        text = _("SIGNX has received the document and is checking it.")
        return {
            _key(call): methods.activity_log_command(call.event_token, text)
            for call in self._unproved()
        }

    def settle(self, answer: BatchAnswer) -> None:
        """Keep what the portal says of each; those that it disowns are over.

        Raises REQUEST_FORGED when the call itself is one of them, BitrixError when nothing was
        said about it.
        """
        genuine = [call.pk for call in self._unproved() if _key(call) in answer.results]
        RobotCall.objects.filter(pk__in=genuine).update(is_genuine=True)
        for call in self.others:
            with suppress(BitrixError):
                self._require(call, answer)
        if not self.call.is_genuine:
            self._require(self.call, answer)
            self.call.is_genuine = True

    def _unproved(self) -> list[RobotCall]:
        return [call for call in (self.call, *self.others) if not call.is_genuine]

    def _require(self, call: RobotCall, answer: BatchAnswer) -> None:
        try:
            answer.take(_key(call))
        except BitrixError as error:
            if error.code in RETRYABLE or not error.is_one_of(DISOWNED):
                raise
            forged = SignXError(ErrorCode.REQUEST_FORGED, error.detail)
            if call == self.call:
                raise forged from error
            ledger.refuse(call, forged, timezone.now())


def _key(call: RobotCall) -> str:
    return f"proof{call.pk}"
