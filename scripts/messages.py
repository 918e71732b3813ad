"""Translations without system tools: `collect` finds strings for locale/*/django.po, `compile`
makes the .mo files, `check` fails on a string that is missing, fuzzy or left without a use.

Templates are turned into Python by Django's own `templatize`, then read by Babel.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
APPS = ["signx", "bitrix24", "outbox", "journal", "employees", "signing", "documents", "robots"]
LANGUAGES = ["ru"]  # the source strings are the English edition
HEADER = "# Texts of SIGNX in {language}. Collected by `make messages`, written by hand."
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def po_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[tuple[Path, bytes]]:
    """Every file with strings, as Python that Babel can read."""
    from django.conf import settings
    from django.utils.translation import templatize

    if not settings.configured:
        settings.configure(USE_I18N=False)
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield path, path.read_bytes()
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in APPS)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            yield path, _flat(templatize(path.read_text("utf-8"), origin=str(path))).encode()


def _flat(code: str) -> str:
    # A page is indented as HTML, which Python's tokenizer would refuse.
    return "\n".join(line.strip() for line in code.splitlines())


def collect() -> Catalog:
    """A fresh catalogue of all strings in the sources."""
    catalog = Catalog(charset="utf-8", project="SIGNX")
    for path, code in sources():
        found = extract_python(io.BytesIO(code), list(KEYWORDS), ["Translators:"], {})
        for _line, function, arguments, comments in found:
            _add(catalog, function, arguments, comments, str(path.relative_to(ROOT)))
    return catalog


def _add(
    catalog: Catalog, function: str, arguments: object, comments: list[str], where: str
) -> None:
    parts = [arguments] if isinstance(arguments, str) else list(arguments or ())  # type: ignore[call-overload]
    context = parts.pop(0) if function.startswith(("pgettext", "npgettext")) and parts else None
    plural = function.startswith(("ngettext", "npgettext"))
    strings = [part for part in parts[: 2 if plural else 1] if isinstance(part, str)]
    if len(strings) != (2 if plural else 1) or not strings[0]:
        return
    message = tuple(strings) if plural else strings[0]
    catalog.add(message, locations=[(where, None)], auto_comments=comments, context=context)


def load(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", project="SIGNX")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write_catalogs() -> None:
    fresh = collect()
    for language in LANGUAGES:
        catalog = load(language)
        catalog.update(fresh, no_fuzzy_matching=True, update_header_comment=False)
        catalog.header_comment = HEADER.format(language=language)
        catalog.fuzzy = False
        catalog.obsolete.clear()
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_output=True, include_lineno=False)


def compile_catalogs() -> None:
    for language in LANGUAGES:
        if po_path(language).exists():
            with po_path(language).with_suffix(".mo").open("wb") as file:
                write_mo(file, load(language))


def faults() -> list[str]:
    """What a reader would see untranslated, or what nobody sees any more."""
    fresh = {(message.id, message.context) for message in collect() if message.id}
    found = []
    for language in LANGUAGES:
        known = {(m.id, m.context): m for m in load(language) if m.id}
        found += [f"{language}: missing {key[0]!r}" for key in fresh - known.keys()]
        found += [f"{language}: unused {key[0]!r}" for key in known.keys() - fresh]
        for message in known.values():
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.fuzzy or not all(texts):
                found.append(f"{language}: not translated {message.id!r}")
    return sorted(found)


def main(command: str) -> int:
    if command == "collect":
        write_catalogs()
    elif command == "compile":
        compile_catalogs()
    elif command == "check":
        for fault in faults():
            print(fault)
        return bool(faults())
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
