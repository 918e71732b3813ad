"""What the wizard does once, and again after every update: each step may run any number of times.

A step is `step(portal, user_id) -> None`; settings.INSTALL_STEPS lists them in order.
Source: Bitrix24 docs, settings/app-installation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from bitrix24 import access, client, methods
from bitrix24.addresses import check_address, netloc
from bitrix24.errors import BitrixError
from bitrix24.models import Portal, PortalToken
from bitrix24.news import tell
from bitrix24.oauth import AppInfo
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
STEP_TITLES: dict[str, Promise] = {
    "bitrix24.features.look": _("Permissions and plan of the portal"),
    "bitrix24.install.bind_events": _("Connection with the portal"),
    "bitrix24.install.bind_placements": _("Tab in the deal card"),
    "bitrix24.install.prepare_disk": _("Folder for signed files on Disk"),
    "employees.services.import_administrator": _("Your employee card and rights"),
    "robots.services.restore_robots": _("Robots for business processes"),
}

Step = Callable[[Portal, int], None]


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


def steps() -> list[tuple[str, str | Promise]]:
    """(dotted path, title) of the steps in order."""
    return [(path, STEP_TITLES.get(path, path)) for path in settings.INSTALL_STEPS]


def begin(portal: Portal) -> None:
    """The wizard was opened: its steps run again from the first."""
    Portal.objects.filter(pk=portal.pk).update(install_step=0)
    portal.install_step = 0


def run_step(portal: Portal, number: int, *, user_id: int) -> bool:
    """Run step `number` (from 0); whether it was the last one, after which the portal is active.

    Raises SignXError: NOT_FOUND, STATUS_CONFLICT for a step whose predecessors have not run.
    """
    if not 0 <= number < len(settings.INSTALL_STEPS):
        raise SignXError(ErrorCode.NOT_FOUND, f"install step {number}")
    if number > portal.install_step:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"install step {number} before its turn")
    step: Step = import_string(settings.INSTALL_STEPS[number])
    step(portal, user_id)
    Portal.objects.filter(pk=portal.pk, install_step__lte=number).update(install_step=number + 1)
    is_last = number + 1 == len(settings.INSTALL_STEPS)
    if is_last:
        _activate(portal)
    return is_last


def heal(portal: Portal) -> None:
    """Run all steps anew: an update of the app has the portal forget robots and handlers.

    Raises SignXError; PORTAL_UNREACHABLE when no administrator's access is left.
    """
    token = PortalToken.objects.usable().filter(portal=portal, is_admin=True).first()
    if token is None:
        access.note_loss(portal.pk)
        raise SignXError(ErrorCode.PORTAL_UNREACHABLE, f"portal {portal.pk}: no administrator")
    for path in settings.INSTALL_STEPS:
        step: Step = import_string(path)
        step(portal, token.bitrix_user_id)
    now = timezone.now()
    Portal.objects.filter(pk=portal.pk).update(checked_at=now, look_over_at=now + LOOK_OVER_EVERY)


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
    handler = settings.PUBLIC_URL + reverse("bitrix24:events")
    _bind(portal, [methods.event_bind_command(event, handler) for event in EVENTS])


def bind_placements(portal: Portal, user_id: int) -> None:
    """Put the tab into the deal card."""
    handler = settings.PUBLIC_URL + reverse("bitrix24:app")
    _bind(portal, [methods.placement_bind_command(TAB, handler, TAB_TITLES, TAB_DESCRIPTIONS)])


def prepare_disk(portal: Portal, user_id: int) -> None:
    """Learn the folder for signed files; only an administrator may ask for it."""
    portal.disk_folder_id = methods.app_folder_id(portal)
    portal.save(update_fields=["disk_folder_id"])


def _bind(portal: Portal, commands: list[Command]) -> None:
    answer = client.batch(portal, {f"c{n}": command for n, command in enumerate(commands)})
    for error in answer.errors.values():
        if not _is_bound_already(error):
            raise error


def _is_bound_already(error: BitrixError) -> bool:
    """Binding again is answered by ERROR_CORE with these words, in English on every portal."""
    return "already binded" in error.description.lower()
