"""What an event says to a person, in one sentence of the active language."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from journal.events import EventKind
from journal.models import AuditEvent

# Gaps are filled from the event's data and personal details. A sentence with an empty gap gives
# way to the next one, at last to the kind's own label: details may be erased or never known.
SENTENCES: dict[str, tuple[str | Promise, ...]] = {
    EventKind.ROBOT_REFUSED: (_("The robot answered with an error: {reason}"),),
    EventKind.SIGNATURE_CODE_SENT: (
        _("{name}: a code to turn on the signature was sent to {address}"),
    ),
    EventKind.SIGNATURE_TURNED_ON: (
        _("{name}: signature turned on, address {address}"),
        _("{name}: signature turned on"),
    ),
    EventKind.SIGNATURE_CONFIRMATION_REQUESTED: (
        _("{name}: support was asked to confirm the address {address}"),
    ),
    EventKind.SIGNATURE_CONFIRMED: (
        _("{name}: support confirmed the address {address}"),
        _("{name}: signature confirmed by support"),
    ),
    EventKind.SIGNATURE_STOPPED: (_("{name}: signature stopped"),),
    EventKind.SIGNATURE_ROBOTS_FORBIDDEN: (_("{name}: robots may no longer use the signature"),),
    EventKind.SIGNATURE_ATTACHED: (_("A signature of {name} made elsewhere was attached"),),
    EventKind.CERTIFICATE_ISSUED: (
        _("{name}: certificate {serial} issued"),
        _("Certificate {serial} issued"),
    ),
    EventKind.CERTIFICATE_REVOKED: (
        _("{name}: certificate {serial} revoked"),
        _("Certificate {serial} revoked"),
    ),
    EventKind.RIGHT_GIVEN: (_("{name} was given the right: {right}"),),
    EventKind.RIGHT_TAKEN: (_("{name} no longer has the right: {right}"),),
    EventKind.DELEGATION_GIVEN: (_("{delegate} may send documents on behalf of {name}"),),
    EventKind.DELEGATION_REVOKED: (_("{delegate} may no longer send on behalf of {name}"),),
    EventKind.DOCUMENT_EXTENDED: (_("The protection of a file was extended until {until}"),),
    EventKind.SIGNER_VIEWED: (_("{name} opened the document"),),
    EventKind.SIGNER_AGREED: (_("{name} accepted the agreement"),),
    EventKind.SIGNER_CODE_SENT: (_("{name}: a code was sent to {address}"),),
    EventKind.SIGNER_SIGNED: (_("{name} signed"),),
    EventKind.SIGNER_DECLINED: (
        _("{name} refused to sign: “{reason}”"),
        _("{name} refused to sign"),
    ),
    EventKind.SIGNER_INVITED: (_("{name} was invited, address {address}"), _("{name} was invited")),
    EventKind.REMINDER_SENT: (_("{name} was reminded"),),
    EventKind.LINK_RENEWED: (_("{name} was sent a new link; the old one stopped"),),
    EventKind.SIGNER_LETTER_BOUNCED: (
        _("{name}: a message to {address} was not delivered ({reason})"),
        _("{name}: a message was not delivered"),
    ),
    EventKind.SIGNER_ADDRESS_CHANGED: (
        _("{name}: the address {before} was changed to {address}; the old link stopped"),
        _("{name}: the address was changed"),
    ),
    EventKind.SIGNER_DELEGATED: (
        _("{before} handed the signing over to {name}, address {address}"),
    ),
    EventKind.ANNULMENT_PROPOSED: (
        _("{name} proposed to annul the document: “{reason}”"),
        _("{name} proposed to annul the document"),
    ),
    EventKind.ANNULMENT_SIGNED: (_("{name} signed the annulment"),),
    EventKind.ANNULMENT_REFUSED: (
        _("{name} refused the annulment: “{reason}”"),
        _("{name} refused the annulment"),
    ),
    EventKind.DOCUMENT_ANNULLED: (_("Annulled by the parties: “{reason}”"),),
    EventKind.DOCUMENT_REPLACED: (_("A new edition was signed by all: document {edition}"),),
    EventKind.DOCUMENT_CANCELLED: (_("Withdrawn by the sender: “{reason}”"),),
    EventKind.PERSONAL_ERASED: (_("Personal details erased in events: {events}"),),
}

_BALANCE: dict[str, str | Promise] = {
    "top_up": _("Balance topped up by {units}, now {available}"),
    "hold": _("Held for document {document}: {units}, left {available}"),
    "capture": _("Spent on document {document}, left {available}"),
    "release": _("Given back for document {document}: {units}, now {available}"),
    "correction": _("Balance corrected by {units}, now {available}"),
}

# By what was asked for.
_ASKED: dict[str, str | Promise] = {
    "new_link": _("{name} asked for a new link"),
    "address_changed": _("{name} asked to change the e-mail address"),
}


class _Incomplete(Exception):
    """A gap of the sentence cannot be filled."""


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        raise _Incomplete(key)


def sentence(event: AuditEvent) -> str:
    """What happened; the kind's label when nothing more is known."""
    details = _details(event)
    for template in _templates(event):
        try:
            return str(template).format_map(details)
        except _Incomplete:
            continue
    return str(EventKind(event.kind).label) if event.kind in EventKind.values else event.kind


def _templates(event: AuditEvent) -> tuple[str | Promise, ...]:
    if event.kind == EventKind.BALANCE_CHANGED:
        template = _BALANCE.get(event.data.get("entry", ""))
        return (template,) if template else ()
    if event.kind == EventKind.SIGNER_ASKED:
        template = _ASKED.get(event.data.get("request", ""))
        return (template,) if template else ()
    return SENTENCES.get(event.kind, ())


def _details(event: AuditEvent) -> _Details:
    known = {
        key: value
        for key, value in {**event.data, **event.personal_data}.items()
        if value not in ("", None)
    }
    if "units" in known and event.kind == EventKind.BALANCE_CHANGED:
        known["units"] = _units(event.data)
    if event.kind in {EventKind.RIGHT_GIVEN, EventKind.RIGHT_TAKEN}:
        known["right"] = RIGHT_NAMES.get(known.get("right", ""), known.get("right", ""))
    return _Details(known)


# Names of the rights in `data`; employees.models has the same values, but lies above this app.
RIGHT_NAMES: dict[str, str | Promise] = {
    "send": _("Send documents"),
    "sign": _("Sign for the company"),
    "journal": _("Read the journal"),
    "settings": _("Change settings and rights"),
}


def _units(data: dict[str, Any]) -> str:
    """Corrections with their sign, everything else as a plain number."""
    units = int(data["units"])
    return f"{units:+d}" if data.get("entry") == "correction" else str(abs(units))
