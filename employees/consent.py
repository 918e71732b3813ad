"""What an employee agrees to when turning a signature on. A new wording is a new version."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

CONSENT_VERSION = "2026-11"

# Source: Federal Law 63-FZ, articles 6, 9 and 10 (simple electronic signature).
CONSENT_TEXT = (
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
ROBOTS_TEXT = _(
    "I allow business process robots of this portal to sign documents for me. Each such document "
    "is written to the journal, and I can withdraw this permission at any moment."
)


def consent_sha256(*, robots_allowed: bool) -> str:
    """Hash of the English wording that was accepted: it proves which text a version stood for."""
    with override("en"):
        parts = [str(part) for part in (*CONSENT_TEXT, *([ROBOTS_TEXT] if robots_allowed else []))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
