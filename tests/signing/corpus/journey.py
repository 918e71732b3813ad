"""The whole way of a file through the engine: taken in, stamps placed, signed twice, checked.

Nothing here expects a certain file: whatever comes in must come out sealed or refused with a code.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw

from signing.base import Place, StampText
from signing.embedded import seal
from signing.geometry import frames_of
from signing.intake import Intake, Limits, take_in
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.placement import coordinates
from signing.verify import Verdict, verify
from signx.errors import SignXError

AT = datetime(2026, 11, 24, 11, 5, 9, tzinfo=UTC)
COMPARED_DPI = 48
# Of 255: what rounding a page twice may differ by.
_SAME_SHADE = 12
# Stamps reach this far over their box where a pixel is cut by its edge.
_RIM_PX = 2
STAMPS = {
    "1": StampText(("Документ подписан простой электронной подписью", "Қасымова Әлия"), ""),
    "2": StampText(("Документ подписан простой электронной подписью", "Ёлкин Пётр"), ""),
}


@dataclass(frozen=True)
class Arrival:
    """What became of a file: refused with a cause, or everything that was made of it."""

    cause: str = ""
    intake: Intake | None = None
    signed: bytes = b""
    places: Mapping[str, tuple[Place, ...]] | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Company:
    """Who signs: an authority and its seal, made once for all files."""

    authority: KeyPairPem
    key: SealKey

    @classmethod
    def found(cls) -> Company:
        authority = keys.new_authority("ООО «Север-Логистика»", at=AT)
        pair = keys.issue_seal(authority, organisation="ООО «Север-Логистика»", at=AT)
        return cls(authority, keys.load(pair))


def travel(
    pdf: bytes, company: Company, *, where: str = "", limits: Limits | None = None
) -> Arrival:
    """Send a file all the way; only a refusal with a code may stop it."""
    try:
        intake = take_in(pdf, limits or Limits())
        placed = coordinates.place(coordinates.parse(where), intake.pdf, list(STAMPS))
    except SignXError as refusal:
        return Arrival(cause=refusal.detail)
    signed = sign_twice(placed.pdf, placed.places, company)
    verdict = verify(signed, roots=[company.authority.certificate_pem], at=AT, apart=False)
    return Arrival("", intake, signed, placed.places, verdict)


def sign_twice(pdf: bytes, places: Mapping[str, tuple[Place, ...]], company: Company) -> bytes:
    signed = seal.add_fields(pdf, places)
    for number, (key, stamp) in enumerate(STAMPS.items()):
        signed = seal.sign(
            signed,
            key=key,
            stamp=stamp,
            with_key=company.key,
            at=AT + timedelta(minutes=number),
            reason="Подписание документа",
            name=stamp.lines[1],
        )
    return signed


def changed_outside_stamps(arrival: Arrival) -> list[int]:
    """Indexes of the clean file's pages whose picture changed anywhere but in the stamps."""
    assert arrival.intake is not None and arrival.places is not None
    boxes = [place for group in arrival.places.values() for place in group]
    before = pypdfium2.PdfDocument(arrival.intake.pdf)
    after = pypdfium2.PdfDocument(arrival.signed)
    after.init_forms()
    changed = []
    for index in range(len(before)):
        one, two = _picture(before[index]), _picture(after[index])
        stamped = [place for place in boxes if place.page_index == index]
        if one.size != two.size or _differ(one, two, stamped):
            changed.append(index)
    return changed


def _picture(page: pypdfium2.PdfPage) -> Image.Image:
    picture = page.render(scale=COMPARED_DPI / 72, may_draw_forms=True).to_pil().convert("RGB")
    page.close()
    return picture


def _differ(one: Image.Image, two: Image.Image, stamped: list[Place]) -> bool:
    difference = ImageChops.difference(one, two).convert("L")
    per_mm = COMPARED_DPI / 25.4
    pen = ImageDraw.Draw(difference)
    for place in stamped:
        pen.rectangle(
            (
                place.x_mm * per_mm - _RIM_PX,
                place.y_mm * per_mm - _RIM_PX,
                place.right_mm * per_mm + _RIM_PX,
                place.bottom_mm * per_mm + _RIM_PX,
            ),
            fill=0,
        )
    return bool(difference.point(lambda shade: shade > _SAME_SHADE and 255).getbbox())


def page_sizes_mm(pdf: bytes) -> list[tuple[float, float]]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [frame.size_mm for frame in frames_of(document)]
