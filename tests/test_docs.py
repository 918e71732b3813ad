"""The written pages: decisions have one form and are in the index, links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "devportal").rglob("*.md")]
)
FORM = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\n"
    r"- Status: (accepted|superseded by \[.+\]\(.+\))(, .+)?\n"
    r"- Date: \d{4}-\d{2}-\d{2}\n\n"
    r"## Context\n(?P<context>.+)\n\n## Decision\n(?P<decision>.+)\n\n## Consequences\n.+",
    re.DOTALL,
)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    }


def dead_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        path, _, anchor = link.partition("#")
        if ":" in path:  # another site
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", decisions(), ids=lambda page: page.stem)
def test_a_decision_has_its_sections_in_order(page):
    form = FORM.fullmatch(page.read_text("utf-8"))

    assert form is not None
    assert int(form["number"]) == int(page.name[:4])
    assert page.read_text("utf-8").count("\n## ") == 3


def test_every_decision_stands_in_the_index_once_under_its_title():
    index = re.findall(
        r"^- (\d+) \[(.+)\]\((.+)\): .+\.$",
        (DECISIONS / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )

    titles = [
        (*page.read_text("utf-8").partition("\n")[0].removeprefix("# ").split(". ", 1), page.name)
        for page in decisions()
    ]
    assert sorted(index) == sorted(titles)


def test_numbers_that_no_decision_has_are_named_in_the_index():
    taken = {int(page.name[:4]) for page in decisions()}
    text = (DECISIONS / "README.md").read_text("utf-8")
    named = re.search(r"never again:([^:]+?) were never used", text)

    assert named is not None
    unused = set()
    for first, last in re.findall(r"(\d+)(?:–(\d+))?", named[1]):
        unused |= set(range(int(first), int(last or first) + 1))
    assert unused == set(range(1, max(taken) + 1)) - taken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page):
    assert list(dead_links(page)) == []
