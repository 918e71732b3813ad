from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from signing.base import Party
from signing.embedded import seal
from signing.hashes import sha256
from signing.keys.authority import KeyPairPem, SealKey
from signing.papers.report import report_pdf
from signing.papers.report_data import (
    ReportAgreement,
    ReportData,
    ReportEvent,
    ReportFile,
    ReportSeal,
    ReportSigner,
    ReportStep,
)
from signing.verify import verify
from tests.signing import papers
from tests.signing.conftest import MOSCOW, SIGNED_AT


@pytest.fixture
def data(director: Party, contractor: Party, seal_key: SealKey) -> ReportData:
    source = papers.contract(2)
    return ReportData(
        document_number="SX-2026-000431",
        document_title="Договор оказания услуг № 24-117",
        language="en",
        zone=MOSCOW,
        made_at=SIGNED_AT + timedelta(minutes=9),
        source=ReportFile.of("Договор 24-117.pdf", source, 2),
        result=ReportFile.of("Договор 24-117 (подписан).pdf", source + b"\n", 2),
        signers=(
            ReportSigner(director, "a***@sever.example", SIGNED_AT, "192.0.2.10", "Chrome"),
            ReportSigner(
                contractor,
                "e***@mail.example",
                SIGNED_AT + timedelta(minutes=7),
                "198.51.100.7",
                "Safari, iPhone",
                steps=(ReportStep(SIGNED_AT + timedelta(minutes=7), "код принят"),),
            ),
        ),
        events=(ReportEvent(140, SIGNED_AT, "Робот", "документ принят", sha256(b"1")),),
        agreements=(
            ReportAgreement(
                "Ильин Пётр Андреевич",
                "2026.1",
                sha256(b"t"),
                SIGNED_AT + timedelta(minutes=5),
            ),
        ),
        seal=ReportSeal(seal_key.subject, seal_key.fingerprint, seal_key.not_after, "SIGNX"),
        journal_head=sha256(b"head"),
        verification_url="https://sign.example/v/8f3kq2m7w1",
        operator="ООО «Сервис подписи»",
        operator_details="ИНН 7800000000",
        software="SIGNX 1.0",
    )


def test_the_paper_tells_who_signed_what_and_how(data: ReportData) -> None:
    words = "".join(papers.texts(report_pdf(data)))

    for expected in (
        "Қасымова Әлия Өмірқызы",
        "Ёлкин Пётр Алексеевич",
        "simple electronic signature",
        "e***@mail.example",
        "198.51.100.7",
        "24 Nov 2026, 14:12:09 (MSK, UTC+3)",
        data.source.sha256,
        data.source.streebog256,
        data.result.sha256,
        "код принят",
        data.verification_url,
        data.journal_head,
    ):
        assert expected in words


def test_the_json_copy_holds_the_same_facts_in_utc(data: ReportData) -> None:
    facts = papers.attached_json(report_pdf(data))

    assert facts["document_number"] == data.document_number
    assert facts["result"]["streebog256"] == data.result.streebog256
    assert facts["signers"][1]["party"]["level"] == "simple"
    assert facts["signers"][1]["signed_at"] == "2026-11-24T11:12:09+00:00"
    assert facts["events"][0]["chain_hash"] == sha256(b"1")
    assert facts["format_version"] == 2


def test_the_same_data_give_the_same_report(data: ReportData) -> None:
    assert report_pdf(data) == report_pdf(data)


def test_a_sealed_report_is_valid_and_keeps_its_json(
    data: ReportData, seal_key: SealKey, authority: KeyPairPem
) -> None:
    sealed = seal.seal_whole(
        report_pdf(data), with_key=seal_key, at=data.made_at, reason="Протокол подписания"
    )

    verdict = verify(sealed, roots=[authority.certificate_pem], at=data.made_at, apart=False)
    assert verdict.verdict == "valid"
    assert papers.attached_json(sealed)["document_title"] == data.document_title


def test_a_hundred_events_run_over_pages_with_their_heading(data: ReportData) -> None:
    many = tuple(
        ReportEvent(number, SIGNED_AT, "Робот", "событие " * 20, sha256(bytes([number])))
        for number in range(100)
    )

    pages = papers.texts(report_pdf(replace(data, events=many)))

    assert len(pages) > 3
    assert all("Chain hash" in page for page in pages[2:])
    assert f"{len(pages)} / {len(pages)}" in pages[-1]


def test_markup_in_names_is_only_text(data: ReportData) -> None:
    signer = replace(data.signers[0], device="<img src=x> & <b>")

    words = "".join(papers.texts(report_pdf(replace(data, signers=(signer,)))))

    assert "<img src=x> & <b>" in words
