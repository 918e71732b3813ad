"""The portal's state on pages of the apps above."""

from __future__ import annotations

from typing import Any

from django import template

from bitrix24.installation import features

register = template.Library()


@register.inclusion_tag("bitrix24/_missing.html", takes_context=True)
def missing_features(context: dict[str, Any]) -> dict[str, Any]:
    """What the portal lacks, in words; nothing when all is there."""
    return {"sentences": features.sentences(context["request"].frame.portal)}
