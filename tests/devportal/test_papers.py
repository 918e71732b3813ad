"""The papers are what they claim to be; read back with a PDF library, not by their maker."""

import io
import zipfile

import pypdfium2
import pytest

from devportal import cast
from devportal.records import LONGEST_TEXT, shortened
from devportal.world import World


@pytest.fixture
def documents():
    return World().portal.documents


def texts(pdf: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in opened]


def test_contract_has_four_pages_and_places_to_sign_on_the_last(documents):
    pages = texts(documents[cast.CONTRACT].pdf())

    assert len(pages) == 4
    assert "Договор поставки № 24/11-П" in pages[0]
    assert "«Ёлка-15»" in pages[2]
    assert "2 347 100,00 ₽" in pages[2].replace("\u00a0", " ")
    assert "От Поставщика" in pages[3]
    assert "/ Е. С. Берёзкина /" in pages[3]


def test_notice_names_the_employee(documents, world):
    (page,) = texts(documents[cast.HR_NOTICE].pdf())

    assert "Соловьёв Пётр Ильич" in page
    assert "С уведомлением ознакомлен(а)" in page


def test_papers_are_the_same_every_time():
    first, second = (World().portal.documents[cast.CONTRACT].pdf() for _ in range(2))

    assert first == second
    assert len(first) < 60_000


def test_fonts_are_embedded(documents):
    pdf = documents[cast.CONTRACT].pdf()

    assert pdf.count(b"/FontFile2") >= 2
    assert b"DejaVuSerif" in pdf


@pytest.mark.parametrize("document_id", [cast.ENCRYPTED, cast.DAMAGED, cast.NOT_A_PDF])
def test_faulty_papers_cannot_be_opened(documents, document_id):
    with pytest.raises(pypdfium2.PdfiumError):
        len(pypdfium2.PdfDocument(documents[document_id].pdf()))


def test_word_file_is_a_package_with_its_text(documents):
    archive = zipfile.ZipFile(io.BytesIO(documents[cast.CONTRACT].docx()))

    assert "Договор поставки" in archive.read("word/document.xml").decode()


def test_records_keep_the_length_of_long_texts_only():
    long = "x" * (LONGEST_TEXT + 1)

    assert shortened({"a": [long, "short"], "b": 5}) == {
        "a": [f"<{len(long)} characters>", "short"],
        "b": 5,
    }
