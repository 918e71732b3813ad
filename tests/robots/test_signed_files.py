"""A file that somebody has signed already, sent for signing by a business process."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from bitrix24.models import Portal
from devportal.portals.process import Step
from devportal.world import World
from documents.models import Document, PortalSettings
from employees.balances import ledger
from tests.signing import attacks, papers
from tests.signing.signed_elsewhere import NAME, by_pyhanko
from tests.signing.test_seal import pdfsig_says

LINK = re.compile(r"/s/[\w-]{40,}/")
CODE = re.compile(r"\b\d{6}\b")

Send = Callable[..., Step]


def signed_before() -> bytes:
    return by_pyhanko(papers.contract(2), timezone.now() - timedelta(days=1))


@pytest.fixture
def send(processes: Any, converted: World, devportal: World) -> Send:
    """Lay a file on the portal's Disk and start the process with it."""

    def start(pdf: bytes, **inputs: str) -> Step:
        drive = devportal.portal.disk
        file = drive.add_file(
            drive.objects[8700], "Договор аренды.pdf", pdf, by=1, now=devportal.clock.now()
        )
        step: Step = processes.send(document=f"disk_{file.id}", agreement="N", **inputs)
        processes.worker.run()
        return step

    return start


@pytest.fixture(autouse=True)
def _english(robots_on: Any) -> None:
    Portal.objects.filter(pk=robots_on.pk).update(language="en")


@pytest.fixture
def allowed(robots_on: Any) -> None:
    PortalSettings.objects.of(robots_on)
    PortalSettings.objects.filter(portal=robots_on).update(adds_to_signed=True)


def letter(mailoutbox: list[Any], pattern: re.Pattern[str]) -> str:
    return next(found for mail in reversed(mailoutbox) for found in pattern.findall(mail.body))


def test_it_is_refused_until_the_portal_allows_it(send: Send, robots_on: Any) -> None:
    units = ledger.available(robots_on)

    step = send(signed_before())

    assert step.values["response_code"] == "document_invalid"
    assert "already holds an electronic signature" in step.values["response_text"]
    assert "setting" in step.values["response_text"]
    assert ledger.available(robots_on) == units
    assert not Document.objects.exists()


def test_a_file_changed_since_is_refused_with_the_reason(send: Send, allowed: None) -> None:
    step = send(attacks.append_page_content(signed_before()))

    assert step.values["response_code"] == "document_invalid"
    assert "was added to the file after it was signed" in step.values["response_text"]
    assert not Document.objects.exists()


def test_both_sides_sign_beside_the_signature_that_is_there(
    send: Send,
    allowed: None,
    processes: Any,
    devportal: World,
    mailoutbox: list[Any],
    pdfsig: str,
    tmp_path: Path,
) -> None:
    given = signed_before()
    step = send(given, wait_for="final")
    link, browser = letter(mailoutbox, LINK), Client(headers={"Accept-Language": "en"})

    assert browser.get(f"{link}page/1/96/").status_code == 200
    assert browser.post(f"{link}sign/").status_code == 302
    processes.worker.run()
    browser.post(f"{link}code/", {"code": letter(mailoutbox, CODE)})
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert step.values["status_code"] == "completed"
    signed, report = (
        devportal.portal.disk.objects[int(step.values[f"{kind}_document_id"])].content
        for kind in ("signed", "report")
    )
    assert signed.startswith(given)
    lines = pdfsig_says(pdfsig, signed, tmp_path)
    assert lines.count("Signature Validation: Signature is Valid.") == 3
    facts = papers.attached_json(report)
    assert facts["source"]["sha256"] != facts["result"]["sha256"]
    assert [one["name"] for one in facts["earlier"]] == [NAME]
    assert len(facts["signers"]) == 2

    told = browser.post("/api/v1/verify", {"file": SimpleUploadedFile("a.pdf", signed)}).json()
    assert (told["verdict"], told["causes"]) == ("valid", ["made_elsewhere"])
    assert [one["is_own"] for one in told["signatures"]] == [False, True, True]
    assert told["document"]["number"] == Document.objects.get().number
    page = browser.post("/v/", {"files": SimpleUploadedFile("a.pdf", signed)}).content.decode()
    assert page.count("Made elsewhere, not with this service") == 1
    assert page.count("The seal belongs to this signing service") == 2
    stranger = browser.post("/v/", {"files": SimpleUploadedFile("a.pdf", given)}).content.decode()
    assert "Known to us as" not in stranger
    assert "The seal belongs to this signing service" not in stranger
