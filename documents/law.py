"""Which kind of electronic signature the law allows, by kind of document and by party.

A table with a version, so that a decision of the past can be explained. Rows are matched by the
document's title; a title that no row knows is an ordinary civil contract, where the parties may
agree on any kind of signature (63-FZ, article 6, part 2).
Sources: Labour Code of the Russian Federation, articles 22.1 and 22.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from signing.base import Level
from signx.errors import ErrorCode, SignXError

TABLE_VERSION = "2026-11"
EMPLOYER, EMPLOYEE = "company", "counterparty"

_NEVER: frozenset[Level] = frozenset()
_QUALIFIED = frozenset({Level.QUALIFIED})
_OWN_KEY = frozenset({Level.UNQUALIFIED, Level.QUALIFIED})
_ANY = frozenset(Level)

# What to do instead, by who may not sign and with what he may.
_ADVICE: Mapping[tuple[str, frozenset[Level]], Promise] = {
    (EMPLOYER, _NEVER): _("the Labour Code requires paper; sign it by hand"),
    (EMPLOYEE, _NEVER): _("the Labour Code requires paper; sign it by hand"),
    (EMPLOYER, _QUALIFIED): _("the employer has to sign it with a qualified signature"),
    (EMPLOYEE, _OWN_KEY): _(
        "the employee has to sign it with a qualified or an unqualified signature"
    ),
}


@dataclass(frozen=True)
class Rule:
    """Titles of one kind of document, and the levels that each party may use."""

    code: str
    name: Promise
    titles: re.Pattern[str]
    levels: Mapping[str, frozenset[Level]]


def _rule(
    code: str,
    name: Promise,
    titles: tuple[str, ...],
    employer: frozenset[Level] = _NEVER,
    employee: frozenset[Level] = _NEVER,
) -> Rule:
    pattern = re.compile("|".join(titles), re.IGNORECASE)
    return Rule(code, name, pattern, {EMPLOYER: employer, EMPLOYEE: employee})


# The first row that fits decides: what must stay on paper stands before the rest.
TABLE: tuple[Rule, ...] = (
    _rule(
        "work_book",
        _("work record book or its replacement"),
        (r"трудов\w+\s+книжк", r"\bСТД-Р\b"),
    ),
    _rule(
        "accident",
        _("report of an accident at work"),
        (r"\bакт\w*\b.*несчастн\w+\s+случа", r"\bформ\w+\s+Н-1\b"),
    ),
    _rule(
        "dismissal_order",
        _("order of dismissal"),
        (
            r"приказ\w*\b.*увольнени",
            r"приказ\w*\b.*(прекращени|расторжени)\w+\s+трудов",
            r"приказ\w*\b.*\bТ-8а?\b",
        ),
    ),
    _rule(
        "safety_briefing",
        _("record of a safety briefing"),
        (r"(журнал|лист|запис)\w*\b.*инструктаж", r"инструктаж\w*\b.*охран\w+\s+труда"),
    ),
    _rule(
        "labour_contract",
        _("labour contract, liability or training agreement, or a change of them"),
        (
            r"трудов(ой|ому|ого|ым)\s+договор",
            r"материальн\w+\s+ответственност",
            r"ученическ(ий|ому|ого|им)\s+договор",
        ),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "penalty",
        _("disciplinary penalty"),
        (r"дисциплинарн\w+\s+взыскани", r"приказ\w*\b.*(выговор|замечани)"),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "change_notice",
        _("notice of changed terms of work"),
        (r"уведомлени\w+\b.*изменени\w+.*услови\w+\s+трудов",),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "own_will",
        _("letter of resignation, its recall, or consent to a transfer"),
        (
            r"заявлени\w+\b.*(увольнени|собственн\w+\s+желани)",
            r"согласи\w+\b.*перевод\w*\s+на\s+друг",
        ),
        employer=_ANY,
        employee=_OWN_KEY,
    ),
)


def rule_for(title: str) -> Rule | None:
    """The row that knows documents with this title."""
    return next((rule for rule in TABLE if rule.titles.search(title)), None)


def rule_named(code: str) -> Rule | None:
    """The row that a person chose."""
    return next((rule for rule in TABLE if rule.code == code), None)


def refuse_level(title: str, parties: Iterable[str], level: str, *, kind: str = "") -> None:
    """Raises SignXError(SIGNATURE_LEVEL_REFUSED) with the right way when one of the parties
    ("company", "counterparty") may not sign such a document with this level.

    `kind`, the row that the sender named, asks for more than the title and never for less.
    """
    rules = [rule for rule in (rule_named(kind), rule_for(title)) if rule is not None]
    for rule, party in product(rules, parties):
        _refuse(rule, party, level)


def _refuse(rule: Rule, party: str, level: str) -> None:
    allowed = rule.levels[party]
    if Level(level) in allowed:
        return
    raise SignXError(
        ErrorCode.SIGNATURE_LEVEL_REFUSED,
        f"{rule.code} {party} {level}, table {TABLE_VERSION}",
        reason=format_lazy("{name}: {advice}", name=rule.name, advice=_ADVICE[party, allowed]),
    )
