"""What a portal lacks for our work, found by asking it, and told to its administrator in words.

Source: Bitrix24 docs, api-reference/common/system (`scope`, `method.get`, `app.info`). A portal
that does not know these questions is taken to have everything: its refusals will tell.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from bitrix24.news import tell
from bitrix24.rest import client
from bitrix24.rest.client import BatchAnswer, Command
from bitrix24.wire.answers import as_bool, as_dict, as_list, as_text
from bitrix24.wire.errors import UNPAID, BitrixError
from bitrix24.wire.limits import PAYMENT
from outbox.services import hasten

# Scope -> a method of it that we cannot do without, and what is lost without it.
NEEDS: dict[str, tuple[str, Promise]] = {
    "bizproc": (
        "bizproc.robot.add",
        _("Robots do not work: business processes cannot send documents or learn their status."),
    ),
    "crm": (
        "crm.item.get",
        _("Deals and contacts cannot be read: documents cannot be sent from CRM."),
    ),
    "documentgenerator": (
        "crm.documentgenerator.document.get",
        _("Documents made in CRM cannot be read: business processes cannot send them."),
    ),
    "disk": (
        "disk.folder.uploadfile",
        _("Signed files cannot be put on Disk."),
    ),
    "im": (
        "im.notify.system.add",
        _("Employees are not told of news in the portal's chat."),
    ),
    "placement": (
        "placement.bind",
        _("The deal card has no SIGNX tab."),
    ),
    "user_brief": (
        "user.get",
        _("Names of employees cannot be read."),
    ),
}
# Other scopes that grant the same; of the generator's the portal itself says which one does.
INSTEAD = {"user_brief": {"user_basic", "user"}, "documentgenerator": {"crm"}}

NOT_GRANTED = _(
    "The permission “%(scope)s” is not granted: add it in the application's card in Bitrix24."
)
NOT_IN_PLAN = _(
    "The portal does not have %(method)s: its plan lacks the feature or the module is off."
)
NOT_PAID = _(
    "The application's paid period is over: Bitrix24 refuses its calls until it is renewed."
)


def look(portal: Portal, user_id: int = 0) -> None:
    """Install step: ask and write down. What is missing does not stop the wizard; the step that
    needs it will, if it cannot do without. Raises BitrixError."""
    try:
        answer = client.batch(portal, questions(portal))
    except BitrixError as error:
        note_refusal(portal, error)
        raise
    note_answer(portal, answer)


def note_answer(portal: Portal, answer: BatchAnswer) -> None:
    """Write down what the answers to `questions` say. Once they say that the application is paid
    for again, what was refused for want of payment comes due."""
    missing = _missing(answer)
    is_paid_again = PAYMENT in portal.missing and "app" in answer.results
    with transaction.atomic():
        _remember(portal, missing)
        if is_paid_again and PAYMENT not in missing:
            hasten(portal.lane, timezone.now())
            tell(portal, "paid")


def note_refusal(portal: Portal, error: BitrixError) -> None:
    """A portal that answers nothing at all may be one where the application is not paid for."""
    if error.is_one_of(UNPAID):
        _remember(portal, [PAYMENT])


def sentences(portal: Portal) -> list[str]:
    """What an administrator should know, and what to do about it; empty when all is there."""
    return [" ".join(map(str, _sentence(code))) for code in portal.missing]


def questions(portal: Portal) -> dict[str, Command]:
    """What `note_answer` reads."""
    asked = {"scope": Command("scope"), "app": Command("app.info")}
    for scope, (method, _loss) in NEEDS.items():
        asked[f"has_{scope}"] = Command("method.get", {"name": method})
    return asked


def _missing(answer: BatchAnswer) -> list[str]:
    app = as_dict(answer.results.get("app"))
    found = [PAYMENT] if as_bool(app.get("PAYMENT_EXPIRED")) else []
    granted = {as_text(scope) for scope in as_list(answer.results.get("scope"))}
    for scope in NEEDS:
        method = as_dict(answer.results.get(f"has_{scope}"))
        exists = as_bool(method.get("isExisting", True))
        is_ours = as_bool(method.get("isAvailable", True))
        if granted and not granted & ({scope} | INSTEAD.get(scope, set())):
            found.append(f"scope:{scope}")
        elif not exists:
            found.append(f"plan:{scope}")
        elif not is_ours:
            found.append(f"scope:{scope}")
    return found


def _sentence(code: str) -> list[str | Promise]:
    kind, _colon, scope = code.partition(":")
    if kind == PAYMENT or scope not in NEEDS:
        return [NOT_PAID]
    method, loss = NEEDS[scope]
    cause = NOT_GRANTED if kind == "scope" else NOT_IN_PLAN
    return [loss, str(cause) % {"scope": scope, "method": method}]


def _remember(portal: Portal, missing: list[str]) -> None:
    portal.missing = missing
    portal.save(update_fields=["missing"])
