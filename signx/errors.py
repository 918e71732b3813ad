"""What can go wrong, as data: one code for machines, one sentence for people.

The page `docs/errors.md` is made from this table (`manage.py write_error_docs`).
"""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ErrorCode(TextChoices):
    """Every failure a process, a page or an API caller can meet.

    The label is the sentence a person reads. Names in braces are filled from the context
    of the SignXError that carries the code.
    """

    # Answers of the robots, in the order of the checks (docs/errors.md).
    PARAMETER_MISSING = (
        "parameter_missing",
        _("Fill in the robot parameter “{parameter}”."),
    )
    PARAMETER_INVALID = (
        "parameter_invalid",
        _("The robot parameter “{parameter}” cannot be used: {reason}"),
    )
    BALANCE_EMPTY = (
        "balance_empty",
        _("No signatures are left on the balance. Top it up and send the document again."),
    )
    SIGNER_UNKNOWN = (
        "signer_unknown",
        _("{name} is not an active employee of this portal. Choose another signer."),
    )
    SIGNATURE_MISSING = (
        "signature_missing",
        _("{name} has not turned on a signature. It is done in SIGNX, page Employees."),
    )
    SIGNATURE_NOT_CONFIRMED = (
        "signature_not_confirmed",
        _("Support has not confirmed the e-mail of {name} yet. Request it in SIGNX, Employees."),
    )
    RIGHT_MISSING = (
        "right_missing",
        _("{name} may not do this: {reason}"),
    )
    DOCUMENT_NOT_FOUND = (
        "document_not_found",
        _("Document {document} was not found in Bitrix24. Check the ID given to the robot."),
    )
    DOCUMENT_NOT_READY = (
        "document_not_ready",
        _("Bitrix24 did not convert document {document} to PDF. Create it again: {reason}"),
    )
    DOCUMENT_INVALID = (
        "document_invalid",
        _("This file cannot be signed: {reason}"),
    )
    CONTACT_NOT_FOUND = (
        "contact_not_found",
        _("{contact} was not found in the CRM. Choose the counterparty's contact again."),
    )
    CONTACT_INCOMPLETE = (
        "contact_incomplete",
        _("Fill in these fields of {contact} in the CRM: {fields}."),
    )
    CRM_ENTITY_NOT_ALLOWED = (
        "crm_entity_not_allowed",
        _("{entity} cannot be bound: only deals are allowed. Others are switched on in Settings."),
    )
    CRM_ENTITY_NOT_FOUND = (
        "crm_entity_not_found",
        _("{entity} was not found in the CRM, or the application may not read it."),
    )
    SIGNATURE_LEVEL_REFUSED = (
        "signature_level_refused",
        _("This kind of signature is not enough for this document: {reason}"),
    )
    PROVIDER_FAILED = (
        "provider_failed",
        _("The signing service did not take the document. We keep the document: try again."),
    )
    PORTAL_UNREACHABLE = (
        "portal_unreachable",
        _("Bitrix24 does not answer or has withdrawn the application's access."),
    )
    MAIL_REJECTED = (
        "mail_rejected",
        _("The mail server refused the address {address}. Correct it and send again."),
    )
    SMS_REJECTED = (
        "sms_rejected",
        _("The SMS gateway refused the number {address}. Correct it and send again."),
    )
    INTERNAL_ERROR = (
        "internal_error",
        _("Something broke on our side. Support has been told; nothing was charged."),
    )

    # Answers of pages and of the API.
    NOT_FOUND = "not_found", _("There is no such page or object.")
    ADMIN_UNCONFIRMED = (
        "admin_unconfirmed",
        _(
            "Bitrix24 does not answer, so we cannot see whether you are still an administrator of "
            "the portal. Nothing was changed: try again in a few minutes."
        ),
    )
    SESSION_EXPIRED = "session_expired", _("The session is over. Reload the page.")
    REQUEST_FORGED = "request_forged", _("The request could not be verified.")
    INPUT_INVALID = "input_invalid", _("Check the highlighted fields: {reason}")
    STATUS_CONFLICT = "status_conflict", _("The document has already moved on.")
    NOT_YOUR_TURN = "not_your_turn", _("It is not your turn to sign yet.")
    LINK_INVALID = "link_invalid", _("This link is not valid any more.")
    CONSENT_MISSING = "consent_missing", _("Accept the agreement to go on.")
    CODE_WRONG = "code_wrong", _("The code is wrong. Tries left: {left}.")
    CODE_EXPIRED = "code_expired", _("The code is no longer valid. Request a new one.")
    CODE_LIMIT = "code_limit", _("Too many codes were requested. Try again later.")
    CODE_TOO_SOON = "code_too_soon", _("A new code can be requested in {seconds} s.")
    LIMIT_REACHED = "limit_reached", _("Too many attempts. Try again in {wait}.")
    SERVICE_BUSY = "service_busy", _("The service is busy. Nothing is lost: try again in a minute.")
    PORTAL_BUSY = "portal_busy", _("Bitrix24 is busy. We try again by ourselves.")


RETRYABLE: frozenset[ErrorCode] = frozenset(
    {
        ErrorCode.PROVIDER_FAILED,
        ErrorCode.PORTAL_UNREACHABLE,
        ErrorCode.PORTAL_BUSY,
        ErrorCode.SERVICE_BUSY,
        ErrorCode.INTERNAL_ERROR,
    }
)


class SignXError(Exception):
    """An expected failure. Whether it is worth another try is `code in RETRYABLE`.

    `detail` is for the log alone and carries no token and no personal data; `context` fills
    the braces of the code's sentence and may hold lazy translations.
    """

    def __init__(self, code: ErrorCode, detail: str = "", **context: str | int | Promise) -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail
        self.context = context

    @property
    def sentence(self) -> str:
        """The code's sentence in the active language, with its gaps filled."""
        return str(self.code.label).format_map(_Gaps(self.context))


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"
