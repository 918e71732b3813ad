"""A page as a person uses it: read its words, fill its fields, press what is written on a button.

Understands forms and htmx attributes, so that the demo and the tests depend on what is on the
screen and not on addresses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests
from lxml import html
from lxml.html import HtmlElement

HX = ("hx-post", "hx-get", "hx-put", "hx-patch", "hx-delete")


class NotOnPage(Exception):
    """What a person was told to press or fill is not there."""


@dataclass(frozen=True)
class Action:
    """What pressing a control sends."""

    method: str
    url: str
    fields: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    url: str
    root: HtmlElement
    status: int

    @classmethod
    def of(cls, response: requests.Response) -> Page:
        # Bytes, not text: lxml would refuse a declared encoding in a str.
        parser = html.HTMLParser(encoding="utf-8")
        root = html.document_fromstring(response.content or b"<p></p>", parser=parser)
        return cls(response.url, root, response.status_code)

    @property
    def words(self) -> str:
        """Everything written on the page, with single spaces."""
        parts = [
            part
            for element in self.root.iter()
            if isinstance(element.tag, str) and element.tag not in {"script", "style", "template"}
            for part in (element.text, *(child.tail for child in element))
            if part
        ]
        return " ".join(" ".join(parts).split())

    def meta(self, name: str) -> str:
        found = self.root.xpath("//meta[@name=$name]/@content", name=name)
        return str(found[0]) if found else ""

    def link(self, part: str) -> str:
        """Address of the first link whose address contains `part`."""
        for found in self.root.xpath("//a/@href"):
            if part in found:
                return urljoin(self.url, str(found))
        raise NotOnPage(f"no link to {part} on {self.url}")

    def controls(self, words: str) -> Iterator[HtmlElement]:
        """Buttons and links whose words (or label) contain `words`; `#name` is an id, for
        controls that are a picture.
        """
        if words.startswith("#"):
            yield from self.root.xpath("//*[@id=$id]", id=words[1:])
            return
        for element in self.root.iter("button", "a", "input", "summary"):
            is_field = element.tag == "input" and element.get("type") not in {"submit", "button"}
            if is_field and not any(element.get(name) for name in HX):
                continue
            label = " ".join(
                [element.text_content(), element.get("aria-label", ""), element.get("value", "")]
            )
            if words in " ".join(label.split()):
                yield element

    def has(self, words: str) -> bool:
        return any(True for _control in self.controls(words))

    def press(self, words: str, **fields: str | bool) -> Action:
        """What pressing «words» sends, after filling `fields` of its form by their names."""
        for element in self.controls(words):
            form = self._form_of(element)
            if all(form is not None and _named(form, name) for name in fields):
                return self._action(element, form, fields)
        raise NotOnPage(f"no «{words}» with {sorted(fields)} on {self.url}: {self.words[:400]}")

    def _form_of(self, element: HtmlElement) -> HtmlElement | None:
        named = element.get("form")
        found = self.root.xpath("//form[@id=$id]", id=named) if named else []
        return next(iter(found or element.iterancestors("form")), None)

    def _action(
        self, element: HtmlElement, form: HtmlElement | None, fields: dict[str, str | bool]
    ) -> Action:
        holders = [holder for holder in (element, form) if holder is not None]
        values = _values(form) if form is not None else []
        if element.get("name"):
            values.append((element.get("name"), element.get("value") or ""))
        for holder in holders:
            values += list(json.loads(holder.get("hx-vals") or "{}").items())
        for name, value in fields.items():
            values = _filled(values, _named(form, name)[0], value)
        for holder in holders:
            for name in HX:
                if holder.get(name) is not None:
                    method = name.removeprefix("hx-").upper()
                    return Action(method, urljoin(self.url, holder.get(name)), values)
        if form is not None and element.tag != "a":
            url = element.get("formaction") or form.get("action") or self.url
            return Action((form.get("method") or "get").upper(), urljoin(self.url, url), values)
        if element.get("href"):
            return Action("GET", urljoin(self.url, element.get("href")))
        raise NotOnPage(f"«{element.text_content().strip()}» on {self.url} does nothing")


def _named(form: HtmlElement | None, name: str) -> list[HtmlElement]:
    return [] if form is None else form.xpath(".//*[@name=$name]", name=name)


def _filled(
    values: list[tuple[str, str]], element: HtmlElement, value: str | bool
) -> list[tuple[str, str]]:
    name = element.get("name")
    kept = [pair for pair in values if pair[0] != name]
    if value is False:
        return kept
    return [*kept, (name, element.get("value", "on") if value is True else str(value))]


def _values(form: HtmlElement) -> list[tuple[str, str]]:
    """What a browser would send of a form, its buttons left out."""
    values: list[tuple[str, str]] = []
    for element in form.iter("input", "select", "textarea"):
        name, kind = element.get("name"), element.get("type", "text")
        if not name or element.get("disabled") is not None or kind in {"submit", "button", "file"}:
            continue
        if kind in {"checkbox", "radio"}:
            if element.get("checked") is not None:
                values.append((name, element.get("value", "on")))
        elif element.tag == "select":
            chosen = element.xpath(".//option[@selected]") or element.xpath("(.//option)[1]")
            values += [(name, option.get("value", option.text or "")) for option in chosen]
        elif element.tag == "textarea":
            values.append((name, element.text or ""))
        else:
            values.append((name, element.get("value", "")))
    return values
