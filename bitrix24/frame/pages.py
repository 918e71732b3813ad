"""Which page answers a verified entry, by the place in the portal where the frame stands."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Page = Callable[[HttpRequest], HttpResponse]

# The application in the left menu, and every place that has no page of its own.
MAIN = "DEFAULT"
PAGES: dict[str, Page] = {}


def register(placement: str, page: Page) -> None:
    """`placement` is Bitrix24's code of the place. Source: Bitrix24 docs, api-reference/widgets."""
    PAGES[placement] = page


def page_for(placement: str) -> Page:
    """The page of a place."""
    return PAGES.get(placement, PAGES[MAIN])
