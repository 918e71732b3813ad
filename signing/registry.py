"""The signing providers that exist."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from signing.embedded.provider import EmbeddedProvider
from signing.provider import SigningProvider
from signx.errors import ErrorCode, SignXError

# Under the names that documents carry.
PROVIDERS: dict[str, SigningProvider] = {"embedded": EmbeddedProvider()}


def provider(name: str) -> SigningProvider:
    """The provider of a document. Raises SignXError(PROVIDER_FAILED) for an unknown name."""
    if name not in PROVIDERS:
        raise SignXError(ErrorCode.PROVIDER_FAILED, f"no provider {name}")
    return PROVIDERS[name]


def require_level(name: str, level: str) -> None:
    """Raises SignXError(SIGNATURE_LEVEL_REFUSED) for a level that the provider does not make:
    it is never replaced by a lower one."""
    if level not in provider(name).levels:
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED,
            f"{name} does not make {level}",
            reason=_("this signing service does not make signatures of this kind"),
        )
