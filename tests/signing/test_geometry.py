from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.base import Place
from signing.geometry import PageFrame, frame_of
from tests.signing import papers

lengths = st.floats(min_value=0, max_value=500, allow_nan=False)
frames = st.builds(
    lambda left, bottom, width, height, turn, unit: PageFrame(
        left, bottom, left + width, bottom + height, turn, unit
    ),
    st.floats(min_value=-500, max_value=500),
    st.floats(min_value=-500, max_value=500),
    st.floats(min_value=50, max_value=2000),
    st.floats(min_value=50, max_value=2000),
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from([0.5, 1.0, 2.0]),
)


@given(frames, lengths, lengths, lengths, lengths)
def test_a_place_survives_the_way_to_the_file_and_back(
    frame: PageFrame, x: float, y: float, width: float, height: float
) -> None:
    place = Place(0, x, y, width, height)

    back = frame.to_place(0, frame.to_pdf(place))

    assert back.x_mm == pytest.approx(x, abs=1e-6)
    assert back.y_mm == pytest.approx(y, abs=1e-6)
    assert back.width_mm == pytest.approx(width, abs=1e-6)
    assert back.height_mm == pytest.approx(height, abs=1e-6)


@given(frames)
def test_the_whole_page_seen_is_the_crop_box(frame: PageFrame) -> None:
    width, height = frame.size_mm

    rectangle = frame.to_pdf(Place(0, 0, 0, width, height))

    assert rectangle == pytest.approx((frame.left, frame.bottom, frame.right, frame.top))


def test_boxes_of_a_parent_count_and_the_crop_is_cut_to_the_sheet() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0].obj
        del page["/MediaBox"]
        del page["/Rotate"]
        page.Parent.MediaBox = pikepdf.Array([0, 0, 400, 600])
        page.Parent.Rotate = 450
        page.CropBox = pikepdf.Array([500, 700, -10, 100])

    with pikepdf.open(io.BytesIO(papers.changed(papers.contract(), change))) as pdf:
        frame = frame_of(pdf.pages[0])

    assert (frame.left, frame.bottom, frame.right, frame.top) == (0, 100, 400, 600)
    assert frame.turn == 90
