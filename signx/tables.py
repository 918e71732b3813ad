"""Tables that people take away: CSV as a Russian Excel opens it by a double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

Cell = str | int | None
# What a spreadsheet takes for a formula (OWASP, “CSV Injection”), in both widths.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def csv_response(
    name: str, head: Sequence[Cell], pages: Iterable[Iterable[Sequence[Cell]]]
) -> StreamingHttpResponse:
    """A download that is made while it is sent: one page of rows after another.

    UTF-8 with a mark, «;» between cells, numbers as numbers. Nobody's words are a formula: a text
    that begins like one gets an apostrophe.
    """
    response = StreamingHttpResponse(_lines(head, pages), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(head: Sequence[Cell], pages: Iterable[Iterable[Sequence[Cell]]]) -> Iterator[bytes]:
    yield "\ufeff".encode() + _written([head])
    for rows in pages:
        yield _written(rows)


def _written(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue().encode()


def harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip(" \u00a0").startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
