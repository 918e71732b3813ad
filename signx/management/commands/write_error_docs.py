"""`manage.py write_error_docs`: docs/errors.md from the table of codes and its guide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import translation

from signx.errors import RETRYABLE, ErrorCode
from signx.http import http_status
from signx.management.error_guide import PAGE_ANSWERS, ROBOT_ANSWERS, Advice, Entry

TITLES = {
    "ru": (
        "Коды ответов",
        "Эта страница сделана командой `manage.py write_error_docs` из `signx/errors.py` и "
        "`signx/management/error_guide.py`.",
        "Роботы, по порядку проверок",
        "Роботы возвращают код в `response_code`, предложение в `response_text` и `error`. Если "
        "не прошла проверка, документа нет и с баланса ничего не удержано; если документ не "
        "отправлен позже, удержанное возвращается.",
        "Страницы и API",
        ("Код", "Что видит человек", "Причина", "Что делать"),
        "повторяется само",
    ),
    "en": (
        "Response codes",
        "Made by `manage.py write_error_docs` from `signx/errors.py` and "
        "`signx/management/error_guide.py`.",
        "Robots, in the order of their checks",
        "Robots give the code in `response_code` and the sentence in `response_text` and `error`. "
        "When a check fails there is no document and nothing is held on the balance; when a "
        "document is not sent later, what was held goes back.",
        "Pages and API",
        ("Code", "What a person sees", "Cause", "What to do"),
        "tried again by itself",
    ),
}


class Command(BaseCommand):
    help = "Write docs/errors.md, in Russian and English; with --check only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail if the page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "errors.md"
        text = page()
        if options["check"]:
            if not path.exists() or path.read_text("utf-8") != text:
                raise CommandError(f"{path.name} is out of date: run manage.py write_error_docs")
            return
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        self.stdout.write(f"{path}: {len(ErrorCode)} codes")


def page() -> str:
    """The whole page. A code without advice is a KeyError: nobody may forget it."""
    entries = ROBOT_ANSWERS | PAGE_ANSWERS
    forgotten = [code.value for code in ErrorCode if code not in entries]
    if forgotten:
        raise CommandError(f"signx/management/error_guide.py lacks {', '.join(forgotten)}")
    return "\n".join([*_half("ru"), "", "---", "", *_half("en"), ""])


def _half(language: str) -> Iterator[str]:
    title, origin, robots, about, pages, heads, again = TITLES[language]
    yield from (f"# {title}", "", origin, "", f"## {robots}", "", about, "")
    yield from _table(ROBOT_ANSWERS, heads, again, language)
    yield from ("", f"## {pages}", "")
    yield from _table(PAGE_ANSWERS, (heads[0], "HTTP", *heads[1:]), again, language)


def _table(
    entries: dict[ErrorCode, Entry], heads: tuple[str, ...], again: str, language: str
) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for code, entry in entries.items():
        advice: Advice = getattr(entry, language)
        with translation.override(language):
            sentence = str(code.label)
        note = f"<br>({again})" if code in RETRYABLE else ""
        cells = [f"`{code.value}`{note}", sentence, advice.cause, advice.cure]
        if "HTTP" in heads:
            cells.insert(1, str(http_status(code)))
        yield f"| {' | '.join(cells)} |"
