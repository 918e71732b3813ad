"""The pages of a signing report."""

from __future__ import annotations

from datetime import datetime
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.platypus import Flowable, HRFlowable, KeepTogether, Paragraph, Spacer, Table

from signing.fonts.typeface import printable
from signing.paper import BLUE, CONTENT_WIDTH, RULE, SHADE, code_drawing, styles
from signing.papers.report_data import (
    ReportAgreement,
    ReportData,
    ReportDetached,
    ReportEarlier,
    ReportFile,
    ReportSigner,
)
from signing.placement.stamps import LEVEL_NAMES, time_with_zone, time_without_zone, zone_name

_CODE_SIDE = 74.0
_LABEL_WIDTH = 128.0
_Row = tuple[str, str]


def report_story(data: ReportData) -> tuple[str, str, list[Flowable]]:
    """Title, foot mark and contents, in the active language."""
    title = _("Signing report")
    mark = _("Signing report, document No. %(number)s") % {"number": data.document_number}
    story = [
        _head(data, title),
        HRFlowable(width="100%", thickness=1, color=BLUE, spaceBefore=6, spaceAfter=2),
        *_files(data),
        *_signers(data),
        *_earlier(data),
        *_detached(data),
        *_agreements(data),
        *_verification(data),
        *_events(data),
    ]
    return title, mark, story


def _head(data: ReportData, title: str) -> Table:
    left = [
        _text(title, "title"),
        Spacer(1, 3),
        _text(data.document_title, "body"),
        _text(_("Document No. %(number)s") % {"number": data.document_number}, "subtitle"),
        _text(_("Made: %(time)s") % {"time": _time(data, data.made_at)}, "grey"),
    ]
    code = code_drawing(data.verification_url, _CODE_SIDE)
    width = _CODE_SIDE + 4
    table = Table([[left, code]], colWidths=[CONTENT_WIDTH - width, width])
    table.setStyle([*_FLAT, ("ALIGN", (1, 0), (1, 0), "RIGHT")])
    return table


def _files(data: ReportData) -> list[Flowable]:
    return [
        _text(_("Document"), "heading"),
        _facts(_file_rows(_("File as received"), data.source)),
        Spacer(1, 6),
        _facts(_file_rows(_("Signed file"), data.result)),
    ]


def _file_rows(kind: str, file: ReportFile) -> list[_Row]:
    pages = ngettext("%(count)s page", "%(count)s pages", file.page_count)
    size = _("%(size)s bytes") % {"size": f"{file.size_bytes:,}".replace(",", "\u00a0")}
    return [
        (kind, f"{file.name} · {pages % {'count': file.page_count}} · {size}"),
        ("SHA-256", _safe(file.sha256)),
        (_("GOST R 34.11-2012, 256 bits"), _safe(file.streebog256)),
    ]


def _signers(data: ReportData) -> list[Flowable]:
    blocks = (
        KeepTogether([_facts(_signer_rows(data, signer)), Spacer(1, 6)]) for signer in data.signers
    )
    return [_text(_("Signatures"), "heading"), *blocks]


def _signer_rows(data: ReportData, signer: ReportSigner) -> list[_Row]:
    party = signer.party
    role = ", ".join(part for part in (party.role, party.organisation) if part)
    rows = [
        (_("Signer"), f"<b>{_safe(party.name)}</b>"),
        (_("Role, organisation"), _safe(role)),
        (_("Kind of signature"), _safe(str(LEVEL_NAMES[party.level]))),
        (_("Confirmed by"), _safe(party.confirmed_by)),
        (_("Certificate"), _safe(party.certificate)),
        (_("Authority"), _safe(signer.authority)),
        (_("Address"), _safe(signer.address)),
        (_("Signed"), f"<b>{_time(data, signer.signed_at)}</b>"),
        (_("IP address"), _safe(signer.ip)),
        (_("Device"), _safe(signer.device)),
        (_("Steps"), _steps(data, signer)),
    ]
    return [(label, value) for label, value in rows if value]


def _steps(data: ReportData, signer: ReportSigner) -> str:
    return "<br/>".join(
        f"{_short_time(data, step.at)} — {_safe(step.text)}" for step in signer.steps
    )


def _earlier(data: ReportData) -> list[Flowable]:
    if not data.earlier:
        return []
    note = _(
        "They were made before the file came to this service, which has changed nothing in it "
        "since: it only added. Their issuers tell whose they are."
    )
    blocks = (
        KeepTogether([_facts(_earlier_rows(data, one)), Spacer(1, 6)]) for one in data.earlier
    )
    return [
        _text(_("Signatures that the file came with"), "heading"),
        *blocks,
        _text(note, "grey"),
    ]


def _earlier_rows(data: ReportData, signature: ReportEarlier) -> list[_Row]:
    rows = [
        (_("Signer"), f"<b>{_safe(signature.name)}</b>" if signature.name else ""),
        (_("Certificate"), _safe(signature.subject)),
        (_("Issuer"), _safe(signature.issuer)),
        (_("Serial number"), _safe(signature.serial)),
        (_("Signed"), _time(data, signature.signed_at) if signature.signed_at else ""),
    ]
    return [(label, value) for label, value in rows if value]


def _detached(data: ReportData) -> list[Flowable]:
    if not data.detached:
        return []
    blocks = (
        KeepTogether([_facts(_detached_rows(data, one)), Spacer(1, 6)]) for one in data.detached
    )
    return [_text(_("Signatures made elsewhere"), "heading"), *blocks]


def _detached_rows(data: ReportData, signature: ReportDetached) -> list[_Row]:
    rows = [
        (_("Signer"), f"<b>{_safe(', '.join(signature.signers))}</b>"),
        (_("Kind of signature"), _safe(str(LEVEL_NAMES[signature.level]))),
        (_("Certificate"), _safe("; ".join(signature.certificates))),
        (_("Signature file"), _safe(signature.name)),
        ("SHA-256", _safe(signature.sha256)),
        (_("SHA-256 of the signed file"), _safe(signature.signed_sha256)),
        (_("Checked and attached"), _time(data, signature.added_at)),
        (_("Not proven"), _safe(" ".join(signature.doubts))),
    ]
    return [(label, value) for label, value in rows if value]


def _agreements(data: ReportData) -> list[Flowable]:
    heading = _text(_("Agreement on the use of an electronic signature"), "heading")
    blocks = [_facts(_agreement_rows(data, agreement)) for agreement in data.agreements]
    return [KeepTogether([heading, blocks[0]]), *blocks[1:]] if blocks else []


def _agreement_rows(data: ReportData, agreement: ReportAgreement) -> list[tuple[str, str]]:
    return [
        (_("Accepted by"), _safe(agreement.name)),
        (_("Template version"), _safe(agreement.version)),
        (_("SHA-256 of the template"), _safe(agreement.template_hash)),
        (_("Accepted"), _time(data, agreement.accepted_at)),
    ]


def _verification(data: ReportData) -> list[Flowable]:
    seal = data.seal
    rows = [
        (_("Verification page"), _safe(data.verification_url)),
        (_("Seal certificate"), _safe(seal.subject)),
        (_("SHA-256 of the certificate"), _safe(seal.fingerprint)),
        (_("Certificate valid until"), _time(data, seal.not_after)),
        (_("Source of time"), _safe(seal.time_source)),
        (_("Head of the journal"), _safe(data.journal_head)),
        (_("Operator"), _safe(", ".join(filter(None, (data.operator, data.operator_details))))),
        (_("Software"), _safe(data.software)),
    ]
    note = _(
        "The seal proves that the file has not changed since. It belongs to the operator and is "
        "not the signature of a party."
    )
    table = _facts([(label, value) for label, value in rows if value])
    heading = _text(_("How to check"), "heading")
    return [KeepTogether([heading, table, Spacer(1, 3), _text(note, "grey")])]


def _events(data: ReportData) -> list[Flowable]:
    if not data.events:
        return []
    zone = zone_name(data.made_at.astimezone(data.zone), data.language)
    labels = ("№", f"{_('Time')}, {zone}", _("Event"), _("Chain hash"))
    head = [_text(label, "grey") for label in labels]
    rows = [
        [
            _text(str(event.number), "small"),
            _text(_short_time(data, event.at), "small"),
            _text(f"{event.actor}: {event.text}" if event.actor else event.text, "small"),
            Paragraph(_safe(event.chain_hash), styles()["code"]),
        ]
        for event in data.events
    ]
    widths = [34.0, 104.0, CONTENT_WIDTH - 288.0, 150.0]
    table = Table([head, *rows], colWidths=widths, repeatRows=1)
    table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (-1, 0), SHADE)])
    return [_text(_("Events of the journal"), "heading"), table]


def _facts(rows: list[_Row]) -> Table:
    """Two columns: what it is, and the value (markup allowed, already escaped)."""
    cells = [[_text(label, "grey"), Paragraph(value, styles()["small"])] for label, value in rows]
    table = Table(cells, colWidths=[_LABEL_WIDTH, CONTENT_WIDTH - _LABEL_WIDTH])
    table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (0, -1), SHADE)])
    return table


def _text(text: str, style: str) -> Paragraph:
    return Paragraph(_safe(text), styles()[style])


def _time(data: ReportData, at: datetime) -> str:
    return time_with_zone(at, data.language, data.zone)


def _short_time(data: ReportData, at: datetime) -> str:
    return time_without_zone(at.astimezone(data.zone), data.language)


def _safe(text: str) -> str:
    return escape(printable(text))


_FLAT = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]
_GRID = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
    ("LINEABOVE", (0, 0), (-1, 0), 0.5, RULE),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ("LEFTPADDING", (0, 0), (-1, -1), 5),
    ("RIGHTPADDING", (0, 0), (-1, -1), 5),
]
