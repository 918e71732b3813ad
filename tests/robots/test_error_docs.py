"""The page of codes is made from the codes, tells all of them, and is not out of date."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command

from signx.errors import ErrorCode
from signx.management.commands.write_error_docs import page
from signx.management.error_guide import PAGE_ANSWERS, ROBOT_ANSWERS

ENTRIES = ROBOT_ANSWERS | PAGE_ANSWERS


def test_every_code_is_explained_once_in_each_language():
    text = page()

    for code in ErrorCode:
        assert len(re.findall(rf"^\| `{code.value}`", text, re.MULTILINE)) == 2
    assert not set(ROBOT_ANSWERS) & set(PAGE_ANSWERS)


@pytest.mark.parametrize("code", ErrorCode)
def test_cause_and_cure_are_in_their_language(code):
    entry = ENTRIES[code]

    for text in (entry.ru.cause, entry.ru.cure):
        assert re.search("[а-яё]", text, re.IGNORECASE)
        assert text.endswith(".")
    for text in (entry.en.cause, entry.en.cure):
        assert text.isascii() or "“" in text
        assert text.endswith(".")


def test_the_page_in_the_repository_is_up_to_date():
    call_command("write_error_docs", check=True)
