"""`POST /api/v1/verify`: the verification page for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from documents import tasks
from documents.access import public_limits
from documents.core import files
from tests.factories import paper
from tests.signer.conftest import Invite, Invited
from tests.signing.outside import GostSigner

ADDRESS = "/api/v1/verify"


@pytest.fixture
def signed(invited: Invited) -> Invited:
    invited.post("code/", code=invited.ask_for_code())
    tasks.seal(invited.document.pk)
    return invited


def ask(content: bytes, language: str = "en", **fields: Any) -> HttpResponse:
    upload = SimpleUploadedFile("договор.pdf", content)
    browser = Client(HTTP_ACCEPT_LANGUAGE=language, enforce_csrf_checks=True)
    return browser.post(ADDRESS, {"file": upload, **fields})


def signed_file(invited: Invited) -> bytes:
    return files.read(invited.document, "signed")


def test_a_signed_file_is_valid_and_known(signed: Invited) -> None:
    answer = ask(signed_file(signed))

    facts = answer.json()
    assert answer.status_code == 200
    assert (facts["verdict"], facts["causes"], facts["name"]) == ("valid", [], "договор.pdf")
    assert facts["document"]["number"] == signed.document.number
    assert facts["document"]["status"] == "completed"
    assert [one["changes"] for one in facts["signatures"]] == ["form_filling", "none"]
    assert all(one["is_revocation_checked"] for one in facts["signatures"])


def test_reasons_come_in_the_language_of_the_caller(signed: Invited) -> None:
    forged = signed_file(signed) + b"\n1 0 obj<<>>endobj\n%%EOF\n"

    english, russian = (ask(forged, language).json() for language in ("en", "ru"))

    assert english["verdict"] == russian["verdict"] == "invalid"
    assert english["causes"] == russian["causes"]
    assert english["reasons"] != russian["reasons"]


def test_an_unknown_file_tells_nothing_of_any_document(signed: Invited) -> None:
    facts = ask(paper().pdf).json()

    assert (facts["verdict"], facts["document"]) == ("unknown", None)
    assert facts["causes"] == ["no_signatures"]


def test_the_number_of_a_document_is_held_against_the_file(signed: Invited, invite: Invite) -> None:
    other = invite(title="Акт № 9")
    content = signed_file(signed)

    assert ask(content, document=signed.document.number).json()["verdict"] == "valid"
    assert ask(content, document=other.document.number).json()["verdict"] == "invalid"
    unknown = ask(content, document="222222222222")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")


def test_a_detached_signature_may_come_along(
    signed: Invited, settings: Any, tmp_path: Path
) -> None:
    signer = GostSigner.made_in(tmp_path)
    content = signed_file(signed)
    sig = SimpleUploadedFile("договор.sig", signer.sign(content))
    other = SimpleUploadedFile("договор.sig", signer.sign(content + b" "))

    answers = [ask(content, signature=one).json()["detached"] for one in (sig, other)]

    assert [answer["verdict"] for answer in answers] == ["unknown", "invalid"]
    assert answers[0]["causes"] == ["issuer_unknown"]
    assert answers[0]["signers"][0]["name"] == "Лапина Ольга Игоревна"


@pytest.mark.parametrize("form", [{}, {"file": "words"}])
def test_a_form_without_a_file_is_refused(db: None, form: dict[str, str]) -> None:
    answer = Client().post(ADDRESS, form)

    assert (answer.status_code, answer.json()["error"]) == (422, "input_invalid")


def test_a_body_over_the_limit_is_refused_unread(db: None, settings: Any) -> None:
    settings.FILE_LIMIT_BYTES = 1000

    answer = ask(b"%PDF-" + b"0" * 2_000_000)

    assert (answer.status_code, answer.json()["error"]) == (422, "input_invalid")


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"%PDF-1.7\n%%EOF"])
def test_rubbish_is_answered(db: None, content: bytes) -> None:
    answer = ask(content)

    assert (answer.status_code, answer.json()["verdict"]) == (200, "unknown")


def test_only_posting_files_is_offered(db: None) -> None:
    assert Client().get(ADDRESS).status_code == 405
    assert Client().post(ADDRESS, "{}", content_type="application/json").status_code == 415


def test_an_address_may_not_send_files_without_end(db: None) -> None:
    address = "93.184.216.34"
    public_limits.count_files(address, 29, at=timezone.now())
    browser = Client(REMOTE_ADDR=address)

    answers = [
        browser.post(ADDRESS, {"file": SimpleUploadedFile("x.pdf", b"x")}) for _time in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"] == "limit_reached"
