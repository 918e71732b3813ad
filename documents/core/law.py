"""Which kind of electronic signature the law allows, by kind of document and by party.

A table with a version, so that a decision of the past can be explained. Rows are matched by the
document's title; a title that no row knows is an ordinary civil contract, where the parties may
agree on any kind of signature (63-FZ, article 6, part 2). Between an employer and an employee
nothing is ordinary: there the last row takes what no other row knows.
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

TABLE_VERSION = "2026-12"
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
    (EMPLOYER, _OWN_KEY): _(
        "the employer has to sign it with a qualified or an unqualified signature"
    ),
    (EMPLOYEE, _OWN_KEY): _(
        "the employee has to sign it with a qualified or an unqualified signature"
    ),
}


# What file names and punctuation put between words.
_GAP = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Rule:
    """Titles of one kind of document, and the levels that each party may use.

    `titles` is searched in the words of a title with single spaces between them. A `personnel`
    row is asked only when the other side is an employee: elsewhere its words mean other things.
    """

    code: str
    name: Promise
    titles: re.Pattern[str]
    levels: Mapping[str, frozenset[Level]]
    personnel: bool


def _rule(
    code: str,
    name: Promise,
    titles: tuple[str, ...],
    employer: frozenset[Level] = _NEVER,
    employee: frozenset[Level] = _NEVER,
    personnel: bool = False,
) -> Rule:
    pattern = re.compile("|".join(titles), re.IGNORECASE)
    return Rule(code, name, pattern, {EMPLOYER: employer, EMPLOYEE: employee}, personnel)


_ORDER = r"\b(приказ|распоряжени)\w*\b"
_CONTRACT = r"договор\w*"
_ENDING = r"(увольнени|(прекращени|расторжени)\w+ трудов)"
_LABOUR = r"трудов(ой|ого|ому|ым|ом|ые|ых|ыми)"
_PUPIL = r"ученическ(ий|ого|ому|им|ом|ие|их|ими)"

# The first row that fits decides: what must stay on paper stands before the rest.
TABLE: tuple[Rule, ...] = (
    _rule(
        "work_book",
        _("work record book or its replacement"),
        (r"трудов\w+ книж(к|ек)", r"\bСТД Р\b"),
    ),
    _rule(
        "accident",
        _("report of an accident at work"),
        (r"\bакт\w*\b.*несчастн\w+ случа", r"\bформ\w+ Н 1\b"),
    ),
    _rule(
        "dismissal_order",
        _("order of dismissal"),
        (rf"{_ORDER}.*{_ENDING}", rf"{_ENDING}.*{_ORDER}", rf"{_ORDER}.*\bТ 8а?\b"),
    ),
    _rule(
        "safety_briefing",
        _("record of a safety briefing"),
        (r"(журнал|лист|запис)\w*\b.*инструктаж", r"инструктаж\w*\b.*охран\w+ труда"),
    ),
    _rule(
        "change_notice",
        _("notice of changed terms of work"),
        (r"уведомлени\w+\b.*изменени\w+.*услови\w+ трудов",),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "labour_contract",
        _("labour contract, liability or training agreement, or a change of them"),
        (
            rf"{_LABOUR} {_CONTRACT}",
            rf"{_CONTRACT} {_LABOUR}\b",
            r"материальн\w+ ответственност",
            rf"{_PUPIL} {_CONTRACT}",
            rf"{_CONTRACT} {_PUPIL}\b",
        ),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "training",
        _("training agreement, or a change of it"),
        (rf"{_CONTRACT}\b.*\b(обучени|образовани|переподготовк|повышени\w+ квалификаци)",),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
        personnel=True,
    ),
    _rule(
        "penalty",
        _("disciplinary penalty"),
        (r"дисциплинарн\w+ взыскани", rf"{_ORDER}.*(выговор|замечани)"),
        employer=_QUALIFIED,
        employee=_OWN_KEY,
    ),
    _rule(
        "own_will",
        _("letter of resignation, its recall, or consent to a transfer"),
        (
            r"заявлени\w+\b.*(увольнени|собственн\w+ желани)",
            r"согласи\w+\b.*перевод\w* на друг",
        ),
        employer=_ANY,
        employee=_OWN_KEY,
    ),
    _rule(
        "personnel",
        _("document between an employer and an employee"),
        ("",),
        employer=_OWN_KEY,
        employee=_ANY,
        personnel=True,
    ),
)


def rule_for(title: str, *, personnel: bool = False) -> Rule | None:
    """The row that knows documents with this title; `personnel` when the other side is an employee.

    File names count like titles: "Трудовой_договор-Иванов" is a labour contract.
    """
    words = _GAP.sub(" ", title)
    return next(
        (rule for rule in TABLE if rule.personnel <= personnel and rule.titles.search(words)), None
    )


def rule_named(code: str) -> Rule | None:
    """The row that a person chose."""
    return next((rule for rule in TABLE if rule.code == code), None)


def refuse_level(
    title: str,
    parties: Iterable[str],
    level: str,
    *,
    kind: str = "",
    personnel: bool = False,
) -> None:
    """Raises SignXError(SIGNATURE_LEVEL_REFUSED) with the right way when one of the parties
    ("company", "counterparty") may not sign such a document with this level.

    `kind`, the row that the sender named, asks for more than the title and never for less;
    `personnel` when the other side is an employee.
    """
    known = (rule_named(kind), rule_for(title, personnel=personnel))
    rules = [rule for rule in known if rule is not None]
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
