"""Accept the calls of business processes and carry them out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone, translation
from django_q.tasks import async_task

from bitrix24.calls import held
from bitrix24.models import Portal
from documents.crm.lookup import StillConverting
from employees.models import Employee
from journal.events import EventKind
from journal.models import AuditEvent
from journal.services import record
from robots.calls import ledger, proofs
from robots.models import RobotCall
from robots.parameters import texts
from robots.registration import switches
from robots.registration.switches import SwitchState, switch_robot, switch_states
from robots.registration.triggers import CODE as TRIGGERS
from robots.registration.triggers import restore_triggers, switch_triggers, trigger_state
from robots.registry import ROBOTS, AnyRobot, robot
from signx.claims import LEASE
from signx.errors import ErrorCode, SignXError

__all__ = [
    "SwitchState",
    "accept_call",
    "due",
    "portal_changed",
    "receive_call",
    "receive_held",
    "restore_robots",
    "run",
    "shown_switches",
    "switch",
    "switch_robot",
    "switch_states",
]

log = logging.getLogger(__name__)

# Far above the ~200 characters of a real one.
LONGEST_EVENT_TOKEN = 2000
# An outsider must not be able to fill an append-only journal: one entry per robot and hour.
FORGED_CALL_PAUSE = timedelta(hours=1)
OUTSIDER = "outsider"
HELD_CALL = "robot_call"


def receive_call(code: str, payload: dict[str, Any], at: datetime) -> RobotCall | None:
    """Take a call in; None while it is not known whose it is (bitrix24.calls.held).

    Raises SignXError: REQUEST_FORGED, noted in the journal of the portal that was named,
    NOT_FOUND for a portal that we do not know, and those of `accept_call`.
    """
    try:
        portal = held.admit(payload, HELD_CALL, code)
    except SignXError as error:
        if error.code == ErrorCode.REQUEST_FORGED:
            _record_forged(code, payload, at)
        raise
    return accept_call(portal, code, payload, at) if portal else None


def receive_held(portal: Portal, code: str, payload: dict[str, Any], is_genuine: bool) -> None:
    """What became of a held call (held.Receiver)."""
    if is_genuine:
        accept_call(portal, code, payload, timezone.now())
    else:
        _record_forged(code, payload, timezone.now())


def accept_call(portal: Portal, code: str, payload: Mapping[str, Any], at: datetime) -> RobotCall:
    """Put the call down and wake a worker. A repeat of the same step gets the first call.

    One row and its wake-up in one commit: the queue lives in the same database, and an answer
    of 200 is a promise. Raises NOT_FOUND (no such robot), INPUT_INVALID (no event token) or
    LIMIT_REACHED (robots.calls.proofs).
    """
    chosen = robot(code)
    event_token = _event_token(payload)
    token_hash = hashlib.sha256(event_token.encode()).hexdigest()
    try:
        with transaction.atomic():
            call = RobotCall.objects.create(
                portal=portal,
                code=chosen.code,
                event_token=event_token,
                event_token_hash=token_hash,
                wants_reply=payload.get("use_subscription") == "Y",
                workflow_id=_text(payload.get("workflow_id"))[:60],
                crm_document_id=_crm_document_id(payload.get("document_id")),
                properties=_properties(chosen, payload.get("properties")),
                bitrix_user_id=_user_id(payload),
                next_attempt_at=proofs.begins_at(portal, at),
                received_at=at,
            )
            _wake(call, at)
    except IntegrityError:
        return RobotCall.objects.get(portal=portal, event_token_hash=token_hash)
    return call


def run(call_id: int) -> None:
    """Carry a call out, put it off, or answer it with an error. Safe to run twice and anywhere."""
    call = ledger.claim(call_id, timezone.now())
    if call is None:
        return
    with translation.override(call.portal.language):
        if ledger.is_worn_out(call):
            ledger.refuse(call, ledger.worn_out(call), timezone.now())
            return
        try:
            _carry_out(call)
        except StillConverting as waiting:
            _wait(call, waiting)
        except SignXError as error:
            _fail(call, error)
        except Exception:
            log.exception("robot call %s", call.pk)
            _fail(call, _broken("see the log"))


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24. Calls that would come due within a lease may be in a worker's hands."""
    if what == "paid":
        at = timezone.now()
        waiting = RobotCall.objects.filter(portal=portal, state=RobotCall.State.WAITING)
        waiting.filter(next_attempt_at__gt=at + LEASE).update(next_attempt_at=at)


def shown_switches(portal: Portal) -> list[SwitchState]:
    """What the page Settings shows: the robots, then the triggers."""
    return [*switch_states(portal), trigger_state(portal)]


def switch(portal: Portal, code: str, on: bool, *, by: Employee) -> SwitchState:
    """Turn one of the shown switches. Raises as `switch_robot` does."""
    if code == TRIGGERS:
        return switch_triggers(portal, on, by=by)
    return switch_robot(portal, code, on, by=by)


def restore_robots(portal: Portal, user_id: int) -> None:
    """Step of the install wizard: whatever is switched on is on the portal again."""
    switches.restore_robots(portal, user_id)
    restore_triggers(portal)


def due(at: datetime) -> list[int]:
    """Of each portal the call that has waited longest since its time came, the oldest of them
    first: hundreds of one portal keep no other waiting."""
    turn = Window(RowNumber(), partition_by="portal", order_by=["next_attempt_at", "pk"])
    firsts = RobotCall.objects.due(at).annotate(turn=turn).filter(turn=1)
    return list(firsts.order_by("next_attempt_at", "pk").values_list("pk", flat=True))


def _wake(call: RobotCall, at: datetime) -> None:
    """One wake-up for all that a portal has waiting: whoever comes takes all portals in turn."""
    waiting = RobotCall.objects.due(at).filter(portal=call.portal)
    if call.next_attempt_at <= at and not waiting.exclude(pk=call.pk).exists():
        async_task("robots.tasks.run_due")


def _carry_out(call: RobotCall) -> None:
    chosen = robot(call.code)
    try:
        given = chosen.read(call.properties)
        plan = chosen.prepare(call, given, timezone.now())
        acting_at = timezone.now()
        ledger.settle(call, lambda row: chosen.run(row, plan, acting_at), acting_at)
    except SignXError as error:
        raise _named_by_title(chosen, error) from error


def _wait(call: RobotCall, waiting: StillConverting) -> None:
    at = timezone.now()
    if not ledger.put_off_for_conversion(call, at):
        ledger.refuse(call, waiting.too_long(), at)


def _fail(call: RobotCall, error: SignXError) -> None:
    at = timezone.now()
    log.info("robot call %s: %s", call.pk, error)
    if not ledger.put_off_for_retry(call, error, at):
        ledger.refuse(call, error, at)


def _broken(detail: str) -> SignXError:
    return SignXError(ErrorCode.INTERNAL_ERROR, detail)


def _named_by_title(chosen: AnyRobot, error: SignXError) -> SignXError:
    """The same error, naming the parameter as the robot's form does: places in the file are
    judged by parts that know only the parameter's key."""
    title = chosen.title_of(str(error.context.get("parameter", "")))
    if error.code != ErrorCode.PARAMETER_INVALID or title is None:
        return error
    context = error.context | {"parameter": title.lazy}
    return SignXError(error.code, error.detail, **context)


def _event_token(payload: Mapping[str, Any]) -> str:
    token = _text(payload.get("event_token"))
    if not token or len(token) > LONGEST_EVENT_TOKEN:
        raise SignXError(ErrorCode.INPUT_INVALID, "no event_token", reason="event_token")
    return token


def _properties(chosen: AnyRobot, sent: Any) -> dict[str, str | list[str]]:
    """The inputs that the robot knows, as texts; `properties` may be missing altogether."""
    if not isinstance(sent, Mapping):
        return {}
    by_key = {str(key).lower(): value for key, value in sent.items()}
    found = {key: texts(by_key.get(key)) for key in chosen.Input.parameters()}
    return {key: some[0] if len(some) == 1 else some for key, some in found.items() if some}


def _user_id(payload: Mapping[str, Any]) -> int | None:
    auth = payload.get("auth")
    text = _text(auth.get("user_id")) if isinstance(auth, Mapping) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return number or None


def _crm_document_id(document_id: Any) -> str:
    """`DEAL_315` of ["crm", "CCrmDocumentDeal", "DEAL_315"]."""
    parts = document_id if isinstance(document_id, list) else []
    return _text(parts[2])[:60] if len(parts) == 3 else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _record_forged(code: str, payload: Mapping[str, Any], at: datetime) -> None:
    auth = payload.get("auth")
    member_id = _text(auth.get("member_id")) if isinstance(auth, Mapping) else ""
    portal = Portal.objects.filter(member_id=member_id).first()
    if portal is None or code not in ROBOTS:
        return
    known = AuditEvent.objects.for_portal(portal).about("robot", code).filter(actor=OUTSIDER)
    with transaction.atomic():
        if known.filter(at__gt=at - FORGED_CALL_PAUSE).exists():
            return
        record(
            portal,
            EventKind.ROBOT_REFUSED,
            actor=OUTSIDER,
            subject=("robot", code),
            data={"robot": code, "error_code": ErrorCode.REQUEST_FORGED.value},
            at=at,
        )
