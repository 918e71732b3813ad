"""The robots' part of pages that stand below this app: news goes up by tags, not by imports."""

from __future__ import annotations

from typing import Any

from django import template

from robots import services
from robots.models import RobotSwitch
from robots.registry import ROBOTS

register = template.Library()


@register.inclusion_tag("robots/_switches.html", takes_context=True)
def robot_switches(context: dict[str, Any]) -> dict[str, Any]:
    """The robots and the triggers, each with its real state and its switch."""
    return {"switches": services.shown_switches(context["request"].employee.portal)}


@register.simple_tag(takes_context=True)
def robots_are_on(context: dict[str, Any]) -> bool:
    """Whether a business process can send: any robot is wished for and known to the portal."""
    portal = context["request"].employee.portal
    return (
        RobotSwitch.objects.filter(portal=portal, is_on=True, registered_at__isnull=False)
        .filter(last_error="", code__in=ROBOTS)
        .exists()
    )
