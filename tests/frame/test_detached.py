"""A signature made elsewhere: attached on the card, in the report, in the package."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from documents import tasks
from documents.core import files
from documents.models import DetachedSignature, Document
from journal.events import EventKind
from journal.models import AuditEvent
from signing.hashes import sha256
from signing.verification.detached import check_detached
from tests import factories
from tests.factories import NOON
from tests.frame.conftest import address
from tests.frame.desk import Desk
from tests.signing import papers
from tests.signing.outside import GostSigner, person, signature_of

Sign = Callable[[bytes], bytes]


@pytest.fixture
def lapina(noon: None, tmp_path: Path, settings: Any) -> GostSigner:
    """Signs with GOST, under an authority that the installation trusts."""
    folder = tmp_path / "gost"
    folder.mkdir()
    signer = GostSigner.made_in(folder)
    settings.QUALIFIED_ROOTS = signer.certificate_pem
    return signer


def shown(document: Document) -> bytes:
    return files.read(document, "shown")


def attach(
    desk: Desk, document: Document, content: bytes, name: str = "lapina.sig"
) -> HttpResponse:
    upload = SimpleUploadedFile(name, content)
    return desk.post(address(document, "/signatures"), {"signature": upload})


def test_a_gost_signature_of_the_shown_file_is_kept_as_qualified(
    clerk: Desk, sent: Document, lapina: GostSigner
) -> None:
    answer = attach(clerk, sent, lapina.sign(shown(sent)))

    assert answer.status_code == 200
    assert "Лапина Ольга Игоревна" in answer.content.decode()
    kept = DetachedSignature.objects.get()
    assert (kept.level, kept.causes) == ("qualified", [])
    assert kept.signed_sha256 == sha256(shown(sent))
    event = AuditEvent.objects.get(kind=EventKind.SIGNATURE_ATTACHED)
    assert event.data["sha256"] == kept.sha256
    assert "Лапина" not in json.dumps(event.data, ensure_ascii=False)


def test_attaching_twice_keeps_one(clerk: Desk, sent: Document, lapina: GostSigner) -> None:
    signature = lapina.sign(shown(sent))

    assert [attach(clerk, sent, signature).status_code for _time in range(2)] == [200, 200]

    assert DetachedSignature.objects.count() == 1
    assert AuditEvent.objects.filter(kind=EventKind.SIGNATURE_ATTACHED).count() == 1


def test_a_signature_for_other_bytes_is_refused_in_words(
    clerk: Desk, sent: Document, lapina: GostSigner
) -> None:
    answer = attach(clerk, sent, lapina.sign(shown(sent) + b"\n"))

    assert answer.status_code == 422
    assert "made for another file" in answer.content.decode()
    assert not DetachedSignature.objects.exists()


def test_an_unknown_issuer_is_kept_at_its_proven_level_and_told(
    clerk: Desk, sent: Document
) -> None:
    pair, _authority = person(NOON)

    answer = attach(clerk, sent, signature_of(pair, shown(sent)))

    assert answer.status_code == 200
    assert "We do not know the issuer" in answer.content.decode()
    assert DetachedSignature.objects.get().level == "unqualified"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"0" * 1_048_577, b"0" * 1_500_000])
def test_what_is_no_signature_is_refused(clerk: Desk, sent: Document, content: bytes) -> None:
    assert attach(clerk, sent, content).status_code == 422
    assert clerk.post(address(sent, "/signatures")).status_code == 422


def test_who_may_not_send_or_see_may_not_attach(
    newcomer: Desk, stranger: Desk, sent: Document, lapina: GostSigner
) -> None:
    signature = lapina.sign(shown(sent))

    assert attach(stranger, sent, signature).status_code == 404
    assert attach(newcomer, sent, signature).status_code in (403, 404)
    assert not DetachedSignature.objects.exists()


def test_a_withdrawn_document_takes_no_signature(
    clerk: Desk, sent: Document, lapina: GostSigner
) -> None:
    clerk.post(address(sent, "/withdraw"), {"reason": "Ошибка в сумме"})

    assert attach(clerk, sent, lapina.sign(shown(sent))).status_code == 409


def test_the_report_names_it(clerk: Desk, sent: Document, lapina: GostSigner) -> None:
    attach(clerk, sent, lapina.sign(shown(sent)))
    factories.sign_as_counterparty(sent, at=NOON)
    tasks.seal(sent.pk, NOON)

    report = files.read(sent, "report")

    (told,) = papers.attached_json(report)["detached"]
    assert (told["level"], told["signers"]) == ("qualified", ["Лапина Ольга Игоревна"])
    words = " ".join("".join(papers.texts(report)).split())
    assert "Лапина Ольга Игоревна" in words
    assert told["sha256"][:40] in words.replace(" ", "")


def test_the_package_holds_everything_and_checks_by_its_own_list(
    clerk: Desk, sent: Document, lapina: GostSigner
) -> None:
    attach(clerk, sent, lapina.sign(shown(sent)))
    factories.sign_as_counterparty(sent, at=NOON)
    tasks.seal(sent.pk, NOON)

    link = clerk.get(address(sent, "/package")).headers["HX-Redirect"]
    answer = clerk.client.get(link)

    package = zipfile.ZipFile(io.BytesIO(answer.content))
    manifest = json.loads(package.read("manifest.json"))
    assert {"signed.pdf", "shown.pdf", "source.pdf", "report.pdf"} < set(package.namelist())
    for entry in manifest["files"]:
        content = package.read(entry["path"])
        assert (entry["sha256"], entry["size_bytes"]) == (sha256(content), len(content))
    assert {entry["path"] for entry in manifest["files"]} | {"manifest.json"} == set(
        package.namelist()
    )
    (signature,) = (one for one in manifest["files"] if one["kind"] == "detached_signature")
    check = check_detached(
        package.read(signature["path"]),
        package.read(signature["signs"]),
        roots=[lapina.certificate_pem],
        at=NOON,
    )
    assert check.signers[0].name == "Лапина Ольга Игоревна"
    assert "other_content" not in check.causes


def test_signature_and_shown_file_are_downloaded_by_their_readers_alone(
    clerk: Desk, stranger: Desk, sent: Document, lapina: GostSigner
) -> None:
    signature = lapina.sign(shown(sent))
    attach(clerk, sent, signature)
    kept = DetachedSignature.objects.get()
    pages = [f"/signatures/{kept.pk}", "/package", "/signatures/shown"]

    links = [clerk.get(address(sent, page)).headers["HX-Redirect"] for page in pages]

    assert clerk.client.get(links[0]).content == signature
    assert b"".join(clerk.client.get(links[2]).streaming_content) == shown(sent)  # type: ignore[attr-defined]
    assert [stranger.get(address(sent, page)).status_code for page in pages] == [404] * 3
    assert clerk.client.get(links[0][:-2]).status_code == 410
