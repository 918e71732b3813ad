"""The SMS channel: one message a request, through the gateway that the settings name.

Bitrix24 registers SMS providers, but its REST cannot send through them, so SIGNX speaks to the
gateway itself. Neither the text (it holds a code) nor the whole number is ever logged.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import requests
from django.conf import settings

from outbox.base import Outcome, Sms
from outbox.causes import Cause
from outbox.models import Delivery
from outbox.services import content_or_outcome
from outbox.sms_gateways import PRESETS, Gateway, Reading
from signx.errors import ErrorCode

log = logging.getLogger(__name__)
CONSOLE = "console"
TIMEOUT_S = (5, 20)
ANSWER_LIMIT_BYTES = 64 * 1024


def is_set_up() -> bool:
    """Whether this installation can send SMS at all."""
    return bool(settings.SMS_GATEWAY)


def gateway() -> Gateway:
    """The gateway of the settings: a preset, or one described field by field."""
    name = settings.SMS_GATEWAY
    if name in PRESETS:
        return PRESETS[name]
    own = settings.SMS_HTTP
    return Gateway(
        url=own["url"],
        method=own["method"],
        body=own["body"],
        fields=own["fields"],
        headers=own["headers"],
        accepted=Reading.parse(own["accepted"]),
        refused=tuple(Reading.parse(one) for one in own["refused"]),
    )


def send(deliveries: list[Delivery]) -> list[Outcome]:
    """Send messages, one outcome each. A number that the gateway refuses is final."""
    return [_send_one(delivery) for delivery in deliveries]


def phone_digits(phone: str) -> str:
    """Digits with the country code, as gateways want them: «8 (912) 000-11-22» is 79120001122.

    Empty when it cannot be a phone number (ITU-T E.164: up to 15 digits).
    """
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 10 and digits.startswith("9"):
        digits = f"7{digits}"  # a Russian mobile number without its trunk prefix
    elif len(digits) == 11 and digits.startswith("8") and not phone.strip().startswith("+"):
        digits = f"7{digits[1:]}"
    return digits if 11 <= len(digits) <= 15 else ""


def _send_one(delivery: Delivery) -> Outcome:
    message = content_or_outcome(delivery)
    if isinstance(message, Outcome):
        return message
    if not isinstance(message, Sms):
        raise TypeError(f"{delivery.key} is not an SMS")
    if settings.SMS_GATEWAY == CONSOLE:
        print(f"SMS to {message.phone}: {message.text}", flush=True)
        return Outcome(done=True)
    try:
        answer = _ask(gateway(), message)
    except (requests.RequestException, ValueError) as error:
        return _unreachable(type(error).__name__)
    return _judged(gateway(), answer)


def _ask(to: Gateway, message: Sms) -> Any:
    """The gateway's JSON answer. Raises RequestException, ValueError for anything else."""
    values = {
        "phone": message.phone,
        "text": message.text,
        "login": settings.SMS_LOGIN,
        "password": settings.SMS_PASSWORD,
        "sender": settings.SMS_SENDER,
    }
    place = {"form": "data", "json": "json", "query": "params"}[to.body]
    with requests.request(
        to.method,
        to.url,
        headers=to.filled_headers(values),
        timeout=TIMEOUT_S,
        allow_redirects=False,  # the password goes to the address of the settings alone
        stream=True,
        **{place: to.filled(values)},
    ) as response:
        if response.status_code >= 500:
            raise ValueError(f"status {response.status_code}")
        return json.loads(response.raw.read(ANSWER_LIMIT_BYTES, decode_content=True))


def _judged(by: Gateway, answer: Any) -> Outcome:
    if by.accepted.fits(answer):
        return Outcome(done=True)
    if any(reading.fits(answer) for reading in by.refused):
        detail = "the gateway refused the number"
        return Outcome(done=False, code=ErrorCode.SMS_REJECTED.value, detail=detail, final=True)
    # A wrong password or an empty account is our own set-up and heals when it is mended.
    return _unreachable("refused")


def _unreachable(detail: str) -> Outcome:
    log.warning("SMS gateway: %s", detail)
    return Outcome(done=False, code=Cause.SMS_UNREACHABLE.value, detail=detail)
