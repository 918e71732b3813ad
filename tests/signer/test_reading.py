"""Reading the document by the link: what is shown, and that looking leaves no trace."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from time_machine import Traveller

from documents.core import files
from documents.core.creation import Counterparty
from documents.models import StoredFile
from journal.models import AuditEvent
from tests.factories import paper
from tests.signer.conftest import Invite, Invited

STATIC = Path(settings.BASE_DIR) / "static"
PAGES = [
    "",
    "sign/",
    "code/",
    "decline/",
    "text/",
    "progress/",
    "page/1/96/",
    "page/2/text/",
    "file/shown/",
]


def test_the_document_is_the_first_thing_on_the_page(invited: Invited) -> None:
    page = invited.get()

    text = page.content.decode()
    assert page.status_code == 200
    assert "Договор оказания услуг № 24-117" in text
    assert "ООО «Контора»" in text
    assert text.count("<figure") == paper().page_count
    assert text.index("<figure") < text.index(invited.url("sign/"))


def test_each_page_is_a_picture_kept_by_this_browser_only(invited: Invited) -> None:
    first = invited.get("page/1/144/")
    again = invited.get("page/1/144/")

    assert first["Content-Type"] in {"image/png", "image/webp"}
    assert first.content == again.content
    assert first["Cache-Control"].startswith("private")


def test_a_page_that_cannot_be_drawn_is_not_tried_with_every_request(
    invited: Invited, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invited.get().status_code == 200
    with monkeypatch.context() as poor:
        poor.setattr("signing.viewing.sandbox._MEMORY_MB", 48)
        assert invited.get("page/1/96/").status_code == 422

    # There is memory again, but nobody looks.
    assert invited.get("page/1/96/").status_code == 422
    assert invited.get("page/1/144/").status_code == 200
    clock.shift(timedelta(hours=1))
    assert invited.get("page/1/96/").status_code == 200


def test_a_page_or_density_that_is_not_there_is_not_found(invited: Invited) -> None:
    assert invited.get("page/0/144/").status_code == 404
    assert invited.get("page/3/144/").status_code == 404
    assert invited.get("page/1/600/").status_code == 404
    assert invited.get("page/9/text/").status_code == 404


def test_the_words_of_a_page_lie_over_it_and_can_be_read_as_text(invited: Invited) -> None:
    layer = invited.get("page/2/text/").content.decode()
    text = invited.get("text/").content.decode()

    assert "<text " in layer and "лист 2" in layer
    assert "лист 1" in text and "лист 2" in text


def test_the_words_of_all_pages_are_read_once_and_kept(invited: Invited) -> None:
    first = invited.get("text/").content.decode()
    shown = StoredFile.objects.get(document=invited.document, kind="shown")
    shown.file.storage.delete(shown.file.name)

    assert "лист 1" in first and "лист 2" in first
    assert "лист 2" in invited.get("text/").content.decode()


def test_the_pdf_of_the_link_is_the_file_that_will_be_signed(invited: Invited) -> None:
    answer = invited.get("file/shown/")

    body = answer.content
    assert body == files.read(invited.document, StoredFile.Kind.SHOWN)
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("kind", ["source", "in_work", "signed", "report", "agreement"])
def test_other_files_are_not_there_before_everybody_has_signed(invited: Invited, kind: str) -> None:
    assert invited.get(f"file/{kind}/").status_code == 404


def test_looking_changes_nothing(newcomer: Invited) -> None:
    before = _rows()

    for page in [*PAGES, "agreement/"]:
        assert newcomer.get(page).status_code in {200, 302}, page
        assert newcomer.browser.head(newcomer.url(page)).status_code in {200, 302}, page

    assert _rows() == before


def test_only_the_page_that_was_visible_marks_the_document_as_opened(invited: Invited) -> None:
    invited.get()
    assert invited.status() == ("sent", "pending")

    assert invited.post("viewed/").status_code == 204
    assert invited.post("viewed/").status_code == 204

    assert invited.status() == ("sent", "viewed")
    assert AuditEvent.objects.filter(kind="signer_viewed").count() == 1


def test_opened_is_not_recorded_by_get(invited: Invited) -> None:
    assert invited.get("viewed/").status_code == 405
    assert invited.status() == ("sent", "pending")


@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_link_leads_nowhere(invited: Invited, page: str) -> None:
    for token in ("x", "A" * 43, invited.token[:-1], invited.signer.link_hash):
        assert Client().get(f"/s/{token}/{page}").status_code == 410


def test_a_page_is_kept_out_of_caches_indexes_and_other_sites(invited: Invited) -> None:
    page = invited.get()

    assert page["Cache-Control"] == "no-store"
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert not re.findall(r'(?:src|href|srcset)="(?:https?:)?//', text)
    assert not re.findall(r"<(?:style|script(?![^>]*src))|style=\"|\son\w+=", text)


def test_names_from_the_crm_are_only_words(invite: Invite) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    invited = invite(
        title=hostile,
        counterparty=Counterparty(
            name=hostile, email="ilin@zakazchik.example", organisation=hostile, crm_contact_id=5
        ),
        agreement="Y",
    )

    for page in ("", "sign/", "decline/", "text/"):
        text = invited.get(page).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_page_speaks_the_signers_language_and_changes_it_on_request(invited: Invited) -> None:
    assert '<html lang="ru">' in invited.get().content.decode()

    answer = invited.browser.post("/language/", {"language": "en", "next": invited.url()})

    assert answer["Location"] == invited.url()
    english = invited.get()
    assert '<html lang="en">' in english.content.decode()
    assert english["Content-Language"] == "en"


def test_everything_but_the_pages_of_the_document_is_light(invited: Invited) -> None:
    text = invited.get().content
    assets = [*STATIC.glob("signer*"), *STATIC.glob("signer/*")]
    weight = len(text) + sum(asset.stat().st_size for asset in assets if asset.is_file())

    assert weight <= 150 * 1024


def test_a_file_the_storage_has_lost_is_our_failure_and_says_so(invited: Invited) -> None:
    shown = StoredFile.objects.get(document=invited.document, kind="shown")
    shown.file.storage.delete(shown.file.name)

    page = invited.get()

    assert page.status_code == 500
    assert "internal_error" in page.content.decode()


def _rows() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of ours, and the sessions."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models()
    }
