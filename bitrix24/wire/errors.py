"""What Bitrix24 answers when it refuses, and what that means for us.

Source: Bitrix24 docs, settings/oauth/error-codes, _includes/system-errors. Decided by the code,
never by the HTTP status alone: the statuses of one code differ between server versions.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitrix24.wire.answers import storable
from signx.errors import ErrorCode, SignXError

# This user's token is not good (any more): refresh it once.
STALE_TOKEN = frozenset({"expired_token", "no_auth_found", "invalid_token"})
# This user cannot act for us at all: take another administrator's token.
DEAD_USER = frozenset({"authorization_error", "user_access_error", "invalid_grant"})
# Said by ourselves (bitrix24.tokens.choice): there is no token to ask with.
TOKENLESS = frozenset({"no_token"})
# The application is gone from the portal, or the portal is gone.
GONE = frozenset({"not_installed", "application_not_found", "portal_deleted"})
# The application's paid period is over. The portal is there, and a person has to pay.
UNPAID = frozenset({"payment_required"})
BUSY = frozenset({"query_limit_exceeded", "operation_time_limit", "overload_limit"})

# We have no access, by this token or at all.
WITHDRAWN = (
    STALE_TOKEN
    | DEAD_USER
    | GONE
    | UNPAID
    | {
        "invalid_client",
        "wrong_client",
    }
)
UNSTABLE = frozenset({"internal_server_error", "error_unexpected_answer", "connection_error"})
MISSING = frozenset({"not_found", "error_not_found", "owner_not_found"})
FORBIDDEN = frozenset(
    {
        "access_denied",
        "docgen_access_error",
        "insufficient_scope",
        "invalid_scope",
        "invalid_credentials",
        "wrong_auth_type",
        "allowed_only_intranet_user",
        "method_confirm_waiting",
        "method_confirm_denied",
        # The tariff lacks the feature: its methods do not exist.
        "error_method_not_found",
    }
)
# How soon an unpaid portal is asked again.
UNPAID_PAUSE = timedelta(hours=1)
_TAG = re.compile(r"<[^>]*>")


class BitrixError(SignXError):
    """Bitrix24 refused, or could not be reached (`bitrix_code` "" and `http_status` None).

    `retry_at`: nothing was done, and nothing will be before that time.
    """

    def __init__(
        self,
        code: ErrorCode,
        detail: str = "",
        *,
        bitrix_code: str = "",
        description: str = "",
        http_status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(
            code, detail, name=_("The application"), reason=description or bitrix_code or detail
        )
        self.bitrix_code = bitrix_code
        self.description = description
        self.http_status = http_status
        self.retry_at = retry_at

    def is_one_of(self, codes: frozenset[str]) -> bool:
        return self.bitrix_code.lower() in codes


def from_answer(method: str, error: object, description: object, http_status: int) -> BitrixError:
    """The error of an answer that has the key `error`; the code may be empty or a number."""
    bitrix_code = storable(str(error if error is not None else ""))
    text = storable(_TAG.sub(" ", str(description or ""))).strip()[:200]
    is_unpaid = bitrix_code.lower() in UNPAID
    return BitrixError(
        error_code(bitrix_code.lower(), text.lower(), http_status),
        f"{method} -> {http_status} {bitrix_code!r}",
        bitrix_code=bitrix_code,
        description=text,
        http_status=http_status,
        retry_at=timezone.now() + UNPAID_PAUSE if is_unpaid else None,
    )


def unreachable(method: str, reason: str, http_status: int | None = None) -> BitrixError:
    """No usable answer: the network, a gateway's page, a body that is not JSON."""
    return BitrixError(ErrorCode.PORTAL_UNREACHABLE, f"{method}: {reason}", http_status=http_status)


def error_code(bitrix_code: str, description: str, http_status: int) -> ErrorCode:
    """Ours for theirs; both texts in lower case. Unnamed errors are known by their words."""
    if bitrix_code in BUSY:
        return ErrorCode.PORTAL_BUSY
    if bitrix_code in WITHDRAWN or bitrix_code in UNSTABLE or http_status >= 500:
        return ErrorCode.PORTAL_UNREACHABLE
    if bitrix_code in MISSING or ("not found" in description and bitrix_code in {"", "0"}):
        return ErrorCode.NOT_FOUND
    if bitrix_code in FORBIDDEN or "access denied" in description or "permission" in description:
        return ErrorCode.RIGHT_MISSING
    return ErrorCode.INPUT_INVALID
