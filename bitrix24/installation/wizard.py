"""What the wizard does, again after every update too: each step may run any number of times.

Source: Bitrix24 docs, settings/app-installation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from bitrix24.models import Portal
from bitrix24.news import tell
from bitrix24.rest import client, methods
from bitrix24.rest.client import BatchAnswer
from bitrix24.tokens.oauth import AppInfo
from bitrix24.wire.addresses import check_address, netloc
from bitrix24.wire.answers import as_dict, as_list, as_text
from bitrix24.wire.errors import BitrixError
from outbox.base import Command
from signx.errors import ErrorCode, SignXError

EVENTS = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT")
LOOK_OVER_EVERY = timedelta(days=1)
TAB = "CRM_DEAL_DETAIL_TAB"
TAB_TITLES = {"ru": "Подписание SIGNX", "kz": "SIGNX қол қою", "en": "SIGNX signing"}
TAB_DESCRIPTIONS = {
    "ru": "Документы сделки, которые подписаны или ждут подписи",
    "kz": "Мәміленің қол қойылған немесе қол қоюды күтіп тұрған құжаттары",
    "en": "Documents of the deal that are signed or wait for a signature",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`run(portal, user_id)` as an administrator of the portal; it may run any number of times."""

    run: Callable[[Portal, int], None]
    title: str | Promise


STEPS: list[Step] = []


def register_step(run: Callable[[Portal, int], None], title: str | Promise) -> None:
    """Add a step to the wizard; the apps add theirs from the lowest to the highest."""
    STEPS.append(Step(run, title))


def remember_portal(info: AppInfo, server: str, *, language: str) -> Portal:
    """The portal that the authorization server has confirmed, made or brought up to date.

    Raises BitrixError(PORTAL_UNREACHABLE) for an address that we may not connect to.
    """
    check_address(info.client_endpoint)
    portal, is_new = Portal.objects.get_or_create(
        member_id=info.member_id,
        defaults={
            "domain": netloc(info.client_endpoint),
            "client_endpoint": info.client_endpoint,
            "auth_server": server,
            "scope": info.scope,
            "language": language,
        },
    )
    if is_new:
        return portal
    known = {
        "domain": netloc(info.client_endpoint),
        "client_endpoint": info.client_endpoint,
        "auth_server": server,
        "scope": info.scope,
    }
    for name, value in known.items():
        setattr(portal, name, value)
    portal.save(update_fields=list(known))
    return portal


def begin(portal: Portal) -> None:
    """The wizard was opened: its steps run again from the first."""
    Portal.objects.filter(pk=portal.pk).update(install_step=0)
    portal.install_step = 0


def run_step(portal: Portal, number: int, *, user_id: int) -> bool:
    """Run step `number` (from 0); whether it was the last one, after which the portal is active.

    Raises SignXError: NOT_FOUND, STATUS_CONFLICT for a step whose predecessors have not run.
    """
    if not 0 <= number < len(STEPS):
        raise SignXError(ErrorCode.NOT_FOUND, f"install step {number}")
    if number > portal.install_step:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"install step {number} before its turn")
    STEPS[number].run(portal, user_id)
    Portal.objects.filter(pk=portal.pk, install_step__lte=number).update(install_step=number + 1)
    is_last = number + 1 == len(STEPS)
    if is_last:
        _activate(portal)
    return is_last


@transaction.atomic
def _activate(portal: Portal) -> None:
    row = Portal.objects.select_for_update().get(pk=portal.pk)
    was_active = row.status == Portal.Status.ACTIVE
    now = timezone.now()
    row.status, row.checked_at = Portal.Status.ACTIVE, now
    row.look_over_at = now + LOOK_OVER_EVERY
    row.forget_removal()
    row.installed_at = row.installed_at if was_active and row.installed_at else now
    row.save()
    tell(row, "updated" if was_active else "installed")


# --- Steps ----------------------------------------------------------------------------------


def bind_events(portal: Portal, user_id: int) -> None:
    """Subscribe to the life of the application on this portal."""
    _bind(portal, _event_commands(EVENTS))


def bind_placements(portal: Portal, user_id: int) -> None:
    """Put the tab into the deal card."""
    _bind(portal, [_tab_command()])


def learn_folder(portal: Portal, user_id: int) -> None:
    """Learn the folder for signed files; only an administrator may ask for it."""
    portal.disk_folder_id = methods.app_folder_id(portal)
    portal.save(update_fields=["disk_folder_id"])


# --- What may get lost afterwards (bitrix24.installation.upkeep) ----------------------------


def handler_questions(portal: Portal) -> dict[str, Command]:
    """What is bound on the portal."""
    return {"events": Command("event.get"), "places": Command("placement.get")}


def mend_handlers(portal: Portal, user_id: int, answer: BatchAnswer) -> None:
    """Bind what is not bound; where the portal did not say, everything. Raises BitrixError."""
    events = _pairs(answer.results.get("events"), "event")
    places = _pairs(answer.results.get("places"), "placement")
    lost = [event for event in EVENTS if (event, _events_handler()) not in events]
    commands = _event_commands(lost)
    if (TAB, _app_handler()) not in places:
        commands.append(_tab_command())
    if commands:
        _bind(portal, commands)
    if not portal.disk_folder_id:
        learn_folder(portal, user_id)


def _pairs(rows: Any, key: str) -> set[tuple[str, str]]:
    found = [as_dict(row) for row in as_list(rows)]
    return {(as_text(row.get(key)).upper(), as_text(row.get("handler"))) for row in found}


def _event_commands(events: Iterable[str]) -> list[Command]:
    return [methods.event_bind_command(event, _events_handler()) for event in events]


def _tab_command() -> Command:
    return methods.placement_bind_command(TAB, _app_handler(), TAB_TITLES, TAB_DESCRIPTIONS)


def _events_handler() -> str:
    return str(settings.PUBLIC_URL) + reverse("bitrix24:events")


def _app_handler() -> str:
    return str(settings.PUBLIC_URL) + reverse("bitrix24:app")


def _bind(portal: Portal, commands: list[Command]) -> None:
    answer = client.batch(portal, {f"c{n}": command for n, command in enumerate(commands)})
    for error in answer.errors.values():
        if not _is_bound_already(error):
            raise error


def _is_bound_already(error: BitrixError) -> bool:
    """Binding again is answered by ERROR_CORE with these words, in English on every portal."""
    return "already binded" in error.description.lower()
