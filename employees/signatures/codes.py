"""One-time codes: six digits, sent to an address, counted in the database.

One code lives per purpose and subject, for 5 minutes and 5 tries; a new one after 60 seconds at
the earliest, 10 a day per address. Only a keyed hash of a code is kept.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.crypto import salted_hmac

from employees.models import CodeAddress, OneTimeCode
from signx.errors import ErrorCode, SignXError

CODE_LIFE = timedelta(minutes=5)
PAUSE_BETWEEN_CODES = timedelta(seconds=60)
TRIES = 5
CODES_PER_DAY = 10
DAY = timedelta(hours=24)


@transaction.atomic
def issue(*, purpose: str, subject: str, address: str, bound_to: str, at: datetime) -> str:
    """A new code, to be sent to `address`; an earlier one for the same subject stops working.

    `bound_to` (64 characters at most) names what the code confirms: it fits nothing else.
    Runs in the caller's transaction. Raises CODE_TOO_SOON(seconds) and CODE_LIMIT.
    """
    address = address.strip().lower()
    _lock(address)
    _require_pause(purpose, subject, at)
    _require_allowance(address, at)
    code = f"{secrets.randbelow(1_000_000):06d}"
    # Only codes older than the pause give way: one made a moment ago by a concurrent request for
    # the same subject stays, and ours fails on the constraint that allows one live code.
    earlier = OneTimeCode.objects.of(purpose, subject).live()
    earlier.filter(created_at__lte=at - PAUSE_BETWEEN_CODES).update(replaced_at=at)
    try:
        with transaction.atomic():
            OneTimeCode.objects.create(
                purpose=purpose,
                subject=subject,
                address=address,
                bound_to=bound_to,
                code_hash=_hash(purpose, subject, bound_to, code),
                created_at=at,
                expires_at=at + CODE_LIFE,
            )
    except IntegrityError as error:
        raise _too_soon(PAUSE_BETWEEN_CODES) from error
    return code


def check(*, purpose: str, subject: str, bound_to: str, code: str, at: datetime) -> None:
    """Use up the live code, or raise CODE_WRONG(left) or CODE_EXPIRED.

    Not inside a transaction (RuntimeError): a try must stay counted when the caller's work is
    rolled back, and a code is used once whatever happens after it.
    """
    with transaction.atomic(durable=True):
        codes = OneTimeCode.objects.of(purpose, subject).live()
        found = codes.filter(bound_to=bound_to, expires_at__gt=at).first()
        left = _count_try(found) if found else None
        is_right = found is not None and left is not None and _fits(found, code)
        if found and is_right:
            OneTimeCode.objects.filter(pk=found.pk).update(used_at=at)
    # Raised after the commit, so that the try is kept.
    if left is None:
        raise SignXError(ErrorCode.CODE_EXPIRED, f"{purpose} {subject}")
    if not is_right:
        raise SignXError(ErrorCode.CODE_WRONG, f"{purpose} {subject}", left=left)


def seconds_to_next(*, purpose: str, subject: str, at: datetime) -> int:
    """How long the button «send again» stays disabled; 0 when a code may be requested."""
    newest = OneTimeCode.objects.of(purpose, subject).order_by("-pk").first()
    if newest is None:
        return 0
    return max(0, _ceil_seconds(newest.created_at + PAUSE_BETWEEN_CODES - at))


def forget_old_codes(at: datetime | None = None) -> None:
    """Daily: drop codes older than CODE_DAYS, and addresses that no code is left for.

    That a code was sent, typed wrongly or confirmed, and how, stands in the journal and in the
    signature: the report and the verification page read nothing here. May run twice.
    """
    at = at or timezone.now()
    OneTimeCode.objects.filter(created_at__lt=at - timedelta(days=settings.CODE_DAYS)).delete()
    sent_there = OneTimeCode.objects.filter(address=OuterRef("address"))
    CodeAddress.objects.filter(~Exists(sent_there)).delete()


def mask_address(address: str) -> str:
    """An e-mail address or a phone as outsiders may see it: i***@mail.ru, +7***12."""
    name, at_sign, host = address.strip().partition("@")
    if at_sign:
        return f"{name[:1]}***@{host}"
    digits = re.sub(r"\D", "", name)
    if len(digits) < 7:  # too short to show anything of it
        return "***"
    plus = "+" if name.startswith("+") else ""
    return f"{plus}{digits[0]}***{digits[-2:]}"


def _count_try(found: OneTimeCode) -> int | None:
    """Tries left after this one, None when there was none left.

    One conditional UPDATE decides, so that concurrent tries are each counted; it keeps the row
    locked until the commit, so the number read back is our own.
    """
    still_open = OneTimeCode.objects.live().filter(pk=found.pk, tries__lt=TRIES)
    counted = still_open.update(tries=F("tries") + 1)
    if not counted:
        return None
    found.refresh_from_db(fields=["tries"])
    return TRIES - found.tries


def _fits(found: OneTimeCode, code: str) -> bool:
    typed = re.sub(r"\s", "", code)
    return hmac.compare_digest(
        found.code_hash, _hash(found.purpose, found.subject, found.bound_to, typed)
    )


def _hash(purpose: str, subject: str, bound_to: str, code: str) -> str:
    # Keyed: six digits alone would be guessed from a stolen table at once.
    text = "\x00".join((purpose, subject, bound_to, code))
    return salted_hmac("employees.codes", text, algorithm="sha256").hexdigest()


def _lock(address: str) -> None:
    # Again if the row was forgotten (forget_old_codes) between the two statements.
    while not CodeAddress.objects.select_for_update().filter(address=address):
        CodeAddress.objects.get_or_create(address=address)


def _require_pause(purpose: str, subject: str, at: datetime) -> None:
    if wait := seconds_to_next(purpose=purpose, subject=subject, at=at):
        raise _too_soon(timedelta(seconds=wait))


def _require_allowance(address: str, at: datetime) -> None:
    today = OneTimeCode.objects.filter(address=address, created_at__gt=at - DAY)
    if today.count() >= CODES_PER_DAY:
        raise SignXError(ErrorCode.CODE_LIMIT, "codes per day and address")


def _too_soon(wait: timedelta) -> SignXError:
    return SignXError(ErrorCode.CODE_TOO_SOON, seconds=_ceil_seconds(wait))


def _ceil_seconds(wait: timedelta) -> int:
    return -int(-wait.total_seconds() // 1)
