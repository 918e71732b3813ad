"""The signing report: what was signed, by whom, how they confirmed, and how to check it.

A PDF for people with the same facts as JSON attached for machines. It is sealed by the caller
(`signing.embedded.seal.seal_whole`), so it is made before and stored after sealing.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pikepdf
from django.utils import translation

from signing.paper import build
from signing.papers.report_data import ReportData
from signing.papers.report_layout import report_story

JSON_NAME = "signing-report.json"
FORMAT_VERSION = 2


def report_pdf(data: ReportData) -> bytes:
    """The report as A4 pages with its JSON copy attached; the same data give the same bytes."""
    with translation.override(data.language):
        title, mark, story = report_story(data)
        output = io.BytesIO()
        build(output, story, title=title, mark=mark)
    return _with_json(output.getvalue(), report_json(data), data.made_at)


def report_json(data: ReportData) -> bytes:
    """The facts of a report for machines, keys sorted, times in UTC."""
    facts = asdict(data)
    del facts["zone"]
    facts["format_version"] = FORMAT_VERSION
    text = json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True, default=_plain)
    return text.encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"not a fact: {type(value).__name__}")


def _with_json(pdf: bytes, facts: bytes, made_at: datetime) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        stamp = made_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
        attached = pikepdf.AttachedFileSpec(
            document,
            facts,
            description="Signing report, machine-readable",
            filename=JSON_NAME,
            mime_type="application/json",
            creation_date=stamp,
            mod_date=stamp,
            relationship=pikepdf.Name("/Data"),
        )
        document.attachments[JSON_NAME] = attached
        document.Root.AF = pikepdf.Array([attached.obj])
        output = io.BytesIO()
        document.save(output, deterministic_id=True, force_version="2.0")
    return output.getvalue()
