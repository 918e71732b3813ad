"""Production values that would be unsafe or dishonest: `manage.py check --deploy` finds them."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security)
def proxies_are_counted(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Behind a proxy that nobody told us of, every signer's address in the evidence is the
    proxy's."""
    if not settings.IS_HTTPS or "SIGNX_TRUSTED_PROXIES" in os.environ:
        return []
    hint = "Set SIGNX_TRUSTED_PROXIES: 1 behind one reverse proxy, 0 when there is none."
    return [Warning("Reverse proxies are not counted.", hint=hint, id="signx.W001")]


@register(Tags.security, deploy=True)
def the_address_is_https(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.IS_HTTPS:
        return []
    return [Warning("SIGNX_PUBLIC_URL is not https.", id="signx.W002")]
