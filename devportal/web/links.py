"""Links between the portal's pages: the person who looks is kept in every one of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import request
from markupsafe import Markup, escape

_TAGS = ("b", "i", "u")


def link(path: str, **query: Any) -> str:
    """A path of this portal with `as` (and `slider`) carried over; browsers may block cookies."""
    kept = {key: request.args[key] for key in ("as", "slider") if request.args.get(key)}
    values = {key: value for key, value in (kept | query).items() if value not in (None, "")}
    return f"{path}?{urlencode(values)}" if values else path


def bbcode(text: str) -> Markup:
    """Chat markup as HTML: `[b]`, `[i]`, `[u]`, `[url=..]`, `#BR#`, `[br]` and line breaks."""
    html = str(escape(text))
    for tag in _TAGS:
        html = re.sub(rf"\[{tag}\](.*?)\[/{tag}\]", rf"<{tag}>\1</{tag}>", html, flags=re.I | re.S)
    html = re.sub(
        r"\[url=((?:https?://|/)[^\]\s]+)\](.*?)\[/url\]",
        r'<a href="\1" target="_blank" rel="noopener">\2</a>',
        html,
        flags=re.I | re.S,
    )
    html = re.sub(r"#BR#|\[br\]|\r?\n", "<br>", html, flags=re.I)
    # Everything from outside was escaped in the first line.
    return Markup(html)  # noqa: S704


def size_text(count: int) -> str:
    """Bytes for people: `36 КБ`."""
    if count < 1024:
        return f"{count}\u00a0Б"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f}\u00a0КБ"
    return f"{count / 1024 / 1024:.1f}\u00a0МБ".replace(".", ",")


def money_text(value: int) -> str:
    """Roubles with thin groups: `2 347 100 ₽`."""
    return f"{value:,}".replace(",", "\u00a0") + "\u00a0₽"
