"""One-time codes of a document's signers: for signing, handing over, annulling.

A code goes to the signer's own channel and confirms one act, bound to what was shown to him.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from documents.access import public_limits
from documents.access.recipients import payload_for
from documents.models import CodeChannel, Signer
from employees.models import OneTimeCode
from employees.signatures import codes
from journal.events import EventKind
from journal.services import record
from outbox.services import queue
from signx.errors import ErrorCode, SignXError

# Outbox channel and kind of the delivery that carries a code.
CARRIERS = {
    CodeChannel.EMAIL: ("mail", "signing_code"),
    CodeChannel.SMS: ("sms", "signing_code"),
    CodeChannel.NOTICE: ("portal", "portal_code"),
}


class Act(StrEnum):
    """What a code confirms; the purpose under which it is kept."""

    SIGN = "sign_document"
    DELEGATE = "delegate_signing"
    ANNUL = "annul_document"
    KEEP = "keep_document"  # in force: a proposal to annul is refused or taken back


def subject(signer: Signer) -> str:
    return f"signer:{signer.pk}"


def bind(*parts: str) -> str:
    """What a code fits: one text of everything that was shown."""
    return sha256("\n".join(parts).encode()).hexdigest()


def way(signer: Signer) -> str:
    """How such a code confirms, in the active language, the address masked."""
    if signer.code_channel == CodeChannel.NOTICE:
        return _("code from a notice in Bitrix24")
    address = codes.mask_address(signer.code_address)
    if signer.code_channel == CodeChannel.SMS:
        return _("code from an SMS to %(address)s") % {"address": address}
    return _("code from a letter to %(address)s") % {"address": address}


@transaction.atomic
def send(signer: Signer, act: Act, *, bound_to: str, trace: dict[str, str], at: datetime) -> None:
    """A new code on its way; an earlier one for the same act stops working.

    `trace` is the visitor's address and device, for the journal. Raises CODE_TOO_SOON, CODE_LIMIT,
    LIMIT_REACHED.
    """
    public_limits.count_code(trace["ip"], at=at)
    code = codes.issue(
        purpose=act.value,
        subject=subject(signer),
        address=signer.code_address,
        bound_to=bound_to,
        at=at,
    )
    channel, kind = CARRIERS[CodeChannel(signer.code_channel)]
    queue(
        key=f"{act.value}:{signer.pk}:{at.timestamp():.6f}",
        kind=kind,
        channel=channel,
        lane=signer.document.portal.lane if channel == "portal" else channel,
        payload=payload_for(signer, is_code=True, act=act.value, issued_at=at.isoformat()),
        secret={"code": code},
        subject=signer.document.subject,
        at=at,
    )
    note(signer, EventKind.SIGNER_CODE_SENT, act, trace=trace, at=at)


def ensure(signer: Signer, act: Act, *, bound_to: str, trace: dict[str, str], at: datetime) -> None:
    """A code on its way: a new one, or that of a moment ago when it fits the same (the button was
    pressed twice). Raises as `send`, CODE_TOO_SOON only when no code fits."""
    try:
        send(signer, act, bound_to=bound_to, trace=trace, at=at)
    except SignXError as error:
        sent = live(signer, act, at=at)
        fits = sent is not None and sent.bound_to == bound_to
        if error.code != ErrorCode.CODE_TOO_SOON or not fits:
            raise


def seconds_to_next(signer: Signer, act: Act, *, at: datetime) -> int:
    """How long «send again» stays disabled; 0 when a code may be requested."""
    return codes.seconds_to_next(purpose=act.value, subject=subject(signer), at=at)


def check(
    signer: Signer, act: Act, *, code: str, bound_to: str, trace: dict[str, str], at: datetime
) -> None:
    """Use up the live code. Not inside a transaction. Raises CODE_WRONG, CODE_EXPIRED,
    LIMIT_REACHED."""
    public_limits.count_try(signer, trace["ip"], at=at)
    try:
        codes.check(purpose=act.value, subject=subject(signer), bound_to=bound_to, code=code, at=at)
    except SignXError as error:
        if error.code == ErrorCode.CODE_WRONG:
            note(signer, EventKind.SIGNER_CODE_WRONG, act, trace=trace, at=at)
        raise


def live(signer: Signer, act: Act, *, at: datetime) -> OneTimeCode | None:
    """The code a signer may type now."""
    sent = OneTimeCode.objects.of(act.value, subject(signer)).live()
    return sent.filter(expires_at__gt=at, tries__lt=codes.TRIES).first()


def stop_all(signer: Signer, *, at: datetime) -> None:
    """No code sent so far works any more: the address or the person changes."""
    for act in Act:
        OneTimeCode.objects.of(act.value, subject(signer)).live().update(replaced_at=at)


@transaction.atomic
def note(signer: Signer, kind: EventKind, act: Act, *, trace: dict[str, str], at: datetime) -> None:
    """A journal event about a code; the code itself is written nowhere."""
    record(
        signer.document.portal,
        kind,
        actor=signer.audit_name,
        subject=signer.document.subject,
        data={"signer": signer.key} | ({} if act is Act.SIGN else {"act": act.value}),
        personal={"name": signer.name, "address": codes.mask_address(signer.code_address)} | trace,
        at=at,
    )
