"""What has to hold after the story: each check is made on what came back, by somebody else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pikepdf

from demo import screen
from demo.page import Action
from demo.people import Visitor
from demo.story import DEAL, Story

OUTPUTS = (
    "source_document_id", "document_id", "status_code", "status_text", "response_code",
    "response_text", "error", "signed_document_id", "agreement_document_id",
    "report_document_id", "document_url",
)  # fmt: skip
FILES = {
    "signed.pdf": "signed_document_id",
    "agreement.pdf": "agreement_document_id",
    "report.pdf": "report_document_id",
}


class Broken(Exception):
    """Something that was promised does not hold; the message says what."""


def check_everything(story: Story) -> dict[str, Any]:
    """Leaves the files and `result.json` in the demo's folder. Raises Broken."""
    folder = story.stack.folder
    send, status = story.step("send")["values"], story.step("status")["values"]
    screen.title("Does it hold?")
    with screen.step("both robots gave back every value, without an error"):
        _check_values(send, status)
    with screen.step("the deal shows the signed file"):
        _check_deal(story)
    _save_files(story, status, folder)
    with screen.step("SIGNX finds the signatures valid on its verification page"):
        verdict = _verify(story, folder / "signed.pdf")
    pdfsig = _pdfsig(folder / "signed.pdf")
    with screen.step("the journal's chain is whole"):
        story.stack.manage("verify_journal")
    with screen.step("the balance fell by exactly one"):
        fell = story.balance_before - story.balance_after
        _require(fell == 1, f"the balance fell by {fell}")
    result = {
        "document_id": status["document_id"],
        "send": send,
        "status": status,
        "verification": verdict,
        "pdfsig": pdfsig,
        "portal_requests": story.portal_requests,
    }
    text = json.dumps(result, ensure_ascii=False, indent=2)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    return result


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def _check_values(send: dict[str, str], status: dict[str, str]) -> None:
    for name, values in (("send", send), ("status", status)):
        missing = [output for output in OUTPUTS if output not in values]
        _require(not missing, f"robot «{name}» did not return {missing}: {values}")
        _require(values["response_code"] == "ok", f"robot «{name}»: {values}")
    _require(send["status_code"] == "sent", f"after sending: {send['status_code']}")
    _require(status["status_code"] == "completed", f"at the end: {status['status_code']}")
    empty = [output for output in FILES.values() if not status[output]]
    _require(not empty, f"no Disk file in {empty}")


def _check_deal(story: Story) -> None:
    deal = story.portal.get(f"deals/{DEAL}")
    shown = [file["name"] for comment in deal["timeline"] for file in comment["files"]]
    _require(any(name.endswith(".pdf") for name in shown), f"files in the deal: {shown}")


def _save_files(story: Story, status: dict[str, str], folder: Path) -> None:
    (folder / "source.pdf").write_bytes(story.source)
    for name, output in FILES.items():
        content = story.portal.file(status[output])
        with pikepdf.open(_written(folder / name, content)) as pdf:
            _require(len(pdf.pages) > 0, f"{name} has no pages")


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _verify(story: Story, path: Path) -> str:
    visitor = Visitor(story.portal.transport)
    visitor.open(f"{story.stack.app_url}/v/")
    token = visitor.page.root.xpath("string(//input[@name='csrfmiddlewaretoken']/@value)")
    files = {"files": (path.name, path.read_bytes(), "application/pdf")}
    form = Action("POST", visitor.page.url, [("csrfmiddlewaretoken", token)])
    page = visitor.send(form, files=files)
    verdicts = re.findall(r"verdict--(\w+)", str(page.root.xpath("string(//section/@class)")))
    _require(verdicts == ["valid"], f"the verification page says: {page.words[:600]}")
    return verdicts[0]


def _pdfsig(path: Path) -> str:
    """Poppler's own words, where it is installed. Its trust store does not know our authority."""
    if not shutil.which("pdfsig"):
        screen.fact("pdfsig", "not installed (poppler-utils), skipped")
        return "not installed"
    with screen.step("pdfsig finds two valid signatures, the last over the whole document"):
        said = subprocess.run(
            ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
        ).stdout
        _require(said.count("Signature is Valid") == 2, said)
        last = said.split("Signature #")[-1]
        _require("Total document signed" in last and "Not total" not in last, said)
    return "2 valid, total document signed"
