"""What an employee agrees to when turning a signature on. A new wording is a new version."""

from __future__ import annotations

import hashlib

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from signing.base import Level

CONSENT_VERSION = "2026-11"

# Source: Federal Law 63-FZ, articles 6, 9 and 10 (simple electronic signature).
_SIMPLE_TEXT = (
    _(
        "I turn on my simple electronic signature in SIGNX. Documents signed with it are equal "
        "to those I sign by hand, within the agreement of the parties."
    ),
    _(
        "My signature is confirmed by a code sent to my e-mail address. I keep the code and the "
        "access to this address to myself, and stop the signature at once if anyone else gets "
        "them."
    ),
)
# Source: Federal Law 63-FZ, articles 5 (part 3), 6 and 10 (unqualified signature).
_UNQUALIFIED_TEXT = (
    _(
        "I turn on my unqualified electronic signature in SIGNX. Documents signed with it are "
        "equal to those I sign by hand, within the agreement of the parties."
    ),
    _(
        "SIGNX makes a signing key and a certificate in my name, keeps the key encrypted and uses "
        "it only by my order. Access is confirmed by a code sent to my e-mail address. I keep the "
        "code and the access to this address to myself, and stop the signature at once if anyone "
        "else gets them."
    ),
)
CONSENT_TEXTS: dict[Level, tuple[Promise, ...]] = {
    Level.SIMPLE: _SIMPLE_TEXT,
    Level.UNQUALIFIED: _UNQUALIFIED_TEXT,
}
ROBOTS_TEXT = _(
    "I allow business process robots of this portal to sign documents for me. Each such document "
    "is written to the journal, and I can withdraw this permission at any moment."
)


def consent_sha256(level: Level, *, robots_allowed: bool) -> str:
    """Hash of the English wording that was accepted: it proves which text a version stood for."""
    accepted = (*CONSENT_TEXTS[level], *((ROBOTS_TEXT,) if robots_allowed else ()))
    with override("en"):
        parts = [str(part) for part in accepted]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
