"""What the style sheet and the templates promise to everybody's eyes and hands."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

STYLE = Path(settings.BASE_DIR, "static", "signx.css").read_text()
TEMPLATES = Path(settings.BASE_DIR, "templates")
FRAME_FOLDERS = ("documents", "drafts", "employees", "frame", "journal", "robots", "settings")
TEXT_RATIO, SHAPE_RATIO = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11

GROUNDS = ["page", "surface", "subtle", "inset", "row-hover", "row-selected"]
TEXTS = ["text", "text-2", "text-3", "link"]
CHIPS = ["info", "ok", "warn", "bad", "turn", "mute"]
FILLS = ["fill", "fill-hover", "fill-active", "ok-fill", "bad-fill"]


def tokens(selector: str) -> dict[str, str]:
    block = re.search(rf"^{re.escape(selector)} \{{(.*?)^\}}", STYLE, re.DOTALL | re.MULTILINE)
    assert block, selector
    return dict(re.findall(r"--sx-([\w-]+):\s*(#[0-9a-f]{3,6})\b", block[1]))


LIGHT = tokens(":root")
THEMES = {"light": LIGHT, "dark": LIGHT | tokens(".sx-dark")}


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_ratio_is_that_of_wcag() -> None:
    assert ratio("#000", "#fff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text_reads_on_every_background(theme: str) -> None:
    colours = THEMES[theme]
    pairs = [*product(TEXTS, GROUNDS), *((f"{chip}-fg", f"{chip}-bg") for chip in CHIPS)]
    pairs += [(f"{chip}-fg", ground) for chip, ground in product(["bad", "ok"], ["surface"])]
    pairs += [("on-fill", fill) for fill in FILLS]

    weak = {
        pair: round(found, 2)
        for pair in pairs
        if (found := ratio(colours[pair[0]], colours[pair[1]])) < TEXT_RATIO
    }

    assert weak == {}


@pytest.mark.parametrize("theme", THEMES)
def test_rings_and_borders_of_controls_are_seen(theme: str) -> None:
    colours = THEMES[theme]

    weak = {
        (name, ground): round(found, 2)
        for name, ground in product(["focus", "brand", "control"], ["page", "surface", "subtle"])
        if (found := ratio(colours[name], colours[ground])) < SHAPE_RATIO
    }

    assert weak == {}


@pytest.mark.parametrize("name", ["base_iframe.html", "base_signer.html", "error_page.html"])
def test_pages_fit_a_phone_and_may_be_zoomed(name: str) -> None:
    page = (TEMPLATES / name).read_text()

    viewport = re.search(r'<meta name="viewport" content="([^"]+)"', page)
    assert viewport
    assert "width=device-width" in viewport[1]
    assert "user-scalable" not in viewport[1]
    assert "maximum-scale" not in viewport[1]


def frame_templates() -> list[Path]:
    return [path for folder in FRAME_FOLDERS for path in (TEMPLATES / folder).glob("*.html")]


@pytest.mark.parametrize(
    "path", frame_templates(), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_template_has_nothing_inline_and_names_its_htmx_targets(path: Path) -> None:
    html = path.read_text()

    assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=|javascript:", html)
    # Attributes are not inherited in later versions of htmx: each element says where it goes.
    for tag in re.findall(r"<[a-z]+[^<>]*hx-(?:get|post)=[^<>]*>", html):
        assert "hx-target=" in tag or "hx-swap=" in tag, tag


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="i-([a-z]+)"', (TEMPLATES / "frame/_icons.html").read_text()))
    used = {
        name
        for path in frame_templates()
        for name in re.findall(r'{% icon "(\w+)"', path.read_text())
    }

    assert used <= sprite


def test_scripts_and_styles_stay_small() -> None:
    static = Path(settings.BASE_DIR, "static")
    scripts = [static / "frame.js", *(static / "frame").glob("*.js")]

    assert sum(path.stat().st_size for path in scripts) < 15_000
    assert sum((static / name).stat().st_size for name in ("signx.css", "frame.css")) < 40_000
