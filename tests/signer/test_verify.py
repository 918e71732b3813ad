"""Public verification: our record first, then the signatures; a stranger's file is not kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from documents import tasks
from documents.core import files, flow
from documents.models import Document
from documents.proof.verification import masked_name
from tests.factories import NOON, paper
from tests.signer.conftest import Invite, Invited


@pytest.fixture
def signed(invited: Invited) -> Invited:
    invited.post("code/", code=invited.ask_for_code())
    tasks.seal(invited.document.pk)
    return invited


def _verify(*contents: bytes, at: str = "/v/", client: Client | None = None) -> HttpResponse:
    uploads = [SimpleUploadedFile(f"{n}.pdf", body) for n, body in enumerate(contents)]
    browser = client or Client(HTTP_ACCEPT_LANGUAGE="en")
    return browser.post(at, {"files": uploads})


def _verdicts(answer: HttpResponse) -> list[str]:
    return [item["finding"].verdict for item in answer.context["findings"]]


def _headlines(answer: HttpResponse) -> list[str]:
    return [str(item["finding"].headline) for item in answer.context["findings"]]


def _bytes(invited: Invited, kind: str) -> bytes:
    return files.read(invited.document, kind)


def test_a_signed_file_is_valid_and_known(signed: Invited) -> None:
    answer = _verify(_bytes(signed, "signed"))

    assert answer.status_code == 200
    assert _verdicts(answer) == ["valid"]
    assert signed.document.number in answer.content.decode()


def test_the_report_is_valid_too(signed: Invited) -> None:
    assert _verdicts(_verify(_bytes(signed, "report"))) == ["valid"]


def test_one_changed_byte_is_found(signed: Invited) -> None:
    forged = bytearray(_bytes(signed, "signed"))
    forged[len(forged) // 6] ^= 0xFF

    answer = _verify(bytes(forged))

    assert _verdicts(answer) == ["invalid"]
    assert _headlines(answer) == ["The file was changed after it was signed"]


def test_an_earlier_revision_is_not_the_document(signed: Invited) -> None:
    answer = _verify(_bytes(signed, "in_work"))

    assert _verdicts(answer) == ["invalid"]
    assert _headlines(answer) == ["This is not the final file"]


def test_a_file_everybody_still_has_to_sign_is_not_called_wrong(invited: Invited) -> None:
    answer = _verify(_bytes(invited, "in_work"))

    assert _verdicts(answer) == ["unknown"]
    assert _headlines(answer) == ["Not everybody has signed yet"]


@pytest.mark.parametrize("content", [b"", b"not a pdf", b"%PDF-1.7\n%%EOF", b"\x00" * 5000])
def test_rubbish_is_answered_and_not_a_failure(db: None, content: bytes) -> None:
    answer = _verify(content or b" ")

    assert answer.status_code == 200
    assert _verdicts(answer) == ["unknown"]


def test_a_file_without_signatures_is_the_third_verdict(db: None) -> None:
    answer = _verify(paper().pdf)

    assert _verdicts(answer) == ["unknown"]
    assert _headlines(answer) == ["There are no signatures in the file"]


def test_three_files_get_three_answers_and_four_are_refused(signed: Invited) -> None:
    good, plain = _bytes(signed, "signed"), paper().pdf

    assert _verdicts(_verify(good, plain, good)) == ["valid", "unknown", "valid"]
    assert _verify(plain, plain, plain, plain).status_code == 422


def test_no_file_is_an_answer_beside_the_field(db: None) -> None:
    answer = Client().post("/v/")

    assert answer.status_code == 422
    assert "files-error" in answer.content.decode()


def test_a_file_over_the_limit_is_refused(db: None, settings: Any) -> None:
    settings.FILE_LIMIT_BYTES = 1000

    assert _verify(b"%PDF-" + b"0" * 2000).status_code == 422


def test_a_body_over_the_limit_is_refused_unread(db: None, settings: Any) -> None:
    settings.FILE_LIMIT_BYTES = 1000

    answer = _verify(b"%PDF-" + b"0" * 200_000)

    assert answer.status_code == 413
    assert "files-error" in answer.content.decode()


def test_a_strangers_file_is_not_kept(signed: Invited, settings: Any) -> None:
    before = _files_under(settings.MEDIA_ROOT)
    rows = Document.objects.count()

    _verify(paper().pdf + b"\n%stranger")

    assert _files_under(settings.MEDIA_ROOT) == before
    assert Document.objects.count() == rows


def test_a_form_of_another_site_is_refused(db: None) -> None:
    assert _verify(b"%PDF-", client=Client(enforce_csrf_checks=True)).status_code == 403


@pytest.mark.parametrize("number", ["{id}", "{number}", "{id}/", "{upper}"])
def test_the_record_is_found_by_the_code_of_the_stamp_and_by_hand(
    signed: Invited, number: str
) -> None:
    document = signed.document
    typed = number.format(
        id=document.public_id, number=document.number, upper=document.number.upper()
    )

    assert Client().get(f"/v/{typed}").status_code == 200


def test_the_record_shows_people_masked_and_no_title(signed: Invited) -> None:
    page = Client().get(f"/v/{signed.document.public_id}").content.decode()

    assert "И***" in page and "Ильин" not in page
    assert "ilin" not in page and "zakazchik.example" not in page
    assert signed.document.title not in page
    assert signed.document.files.get(kind="signed").sha256 in page


@pytest.mark.parametrize("status", ["draft", "sending", "failed"])
def test_what_was_never_sent_has_no_record(invited: Invited, status: str) -> None:
    Document.objects.filter(pk=invited.document.pk).update(status=status)

    assert Client().get(f"/v/{invited.document.public_id}").status_code == 404
    assert Client().get("/v/222222222222").status_code == 404


def test_the_file_of_another_document_does_not_prove_this_one(
    signed: Invited, invite: Invite
) -> None:
    other = invite(title="Акт № 9")

    answer = _verify(_bytes(signed, "signed"), at=f"/v/{other.document.public_id}")

    assert _verdicts(answer) == ["invalid"]
    assert _headlines(answer) == ["This file belongs to another document"]


def test_a_made_up_file_does_not_pass_for_the_recorded_one(signed: Invited) -> None:
    answer = _verify(paper().pdf, at=f"/v/{signed.document.public_id}")

    assert _verdicts(answer) == ["invalid"]


def test_an_annulled_document_says_so_beside_its_valid_signatures(signed: Invited) -> None:
    flow.move(signed.document.pk, Document.Status.ANNULLED, actor="system", at=NOON)

    answer = _verify(_bytes(signed, "signed"))

    assert _headlines(answer) == ["The signatures are valid, but the document is annulled"]


def test_a_file_name_is_only_words(signed: Invited) -> None:
    upload = SimpleUploadedFile("<img src=x onerror=alert(1)>.pdf", paper().pdf)

    page = Client().post("/v/", {"files": [upload]}).content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_looking_changes_nothing_and_is_not_indexed(signed: Invited) -> None:
    browser = Client()

    for path in ("/v/", f"/v/{signed.document.public_id}"):
        assert browser.head(path).status_code == 200
        answer = browser.get(path)
        assert answer["Cache-Control"] == "no-store"
        assert "noindex" in answer["X-Robots-Tag"]
    assert "sessionid" not in browser.cookies


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Ильин Пётр Андреевич", "И*** П. А."),
        ("ильин", "И***"),
        ("", "***"),
        ("Анна-Мария О’Нил", "А*** О."),
    ],
)
def test_a_masked_name_keeps_only_first_letters(name: str, masked: str) -> None:
    assert masked_name(name).replace("\N{NO-BREAK SPACE}", " ") == masked


def _files_under(root: Path) -> list[str]:
    return sorted(str(path) for path in Path(root).rglob("*") if path.is_file())
