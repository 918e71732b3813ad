"""The files of a document that everybody has signed: each made once, any step repeatable."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.core import agreement_papers, files, flow
from documents.models import Document, Signature, StoredFile
from documents.proof import protection, report
from documents.proof.stamping import order_for
from employees.signatures.keys import platform_roots, platform_seal_pair
from employees.signatures.seal_keys import platform_seal
from employees.signatures.sealing_policy import timestamp_roots
from signing.papers.report import report_pdf
from signing.registry import provider
from signing.verify import verify_own
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind
# What the file names say after the document's title.
SIGNED, AGREEMENT, REPORT = (
    gettext_lazy("signed"),
    gettext_lazy("agreement"),
    gettext_lazy("signing report"),
)


def make_files(document: Document, *, at: datetime) -> None:
    """SIGNED, then AGREEMENT (when accepted with this document), then REPORT about both."""
    _make_signed(document, at)
    _make_agreement(document, at)
    _make_report(document, at)


def _make_signed(document: Document, at: datetime) -> None:
    """The revisions of everybody who has signed since the hand-over."""
    if files.find(document, Kind.SIGNED) is not None:
        return
    engine = provider(document.provider)
    pdf = files.read(document, Kind.IN_WORK)
    waiting = list(
        Signature.objects.filter(signer__document=document, is_applied=False)
        .select_related("signer")
        .order_by("signer__order", "signer__pk")
    )
    for signature in waiting:
        pdf = engine.sign(pdf, order_for(document, signature))
    _require_sound(pdf, len(document.earlier_signatures) + len(document.places), at)
    path = files.put(document, Kind.SIGNED, pdf)
    with transaction.atomic():
        flow.lock(document.pk)
        stored = files.register(document, Kind.SIGNED, _name(document, SIGNED), path, pdf)
        protection.note(stored, pdf)
        applied = Signature.objects.filter(pk__in=[signature.pk for signature in waiting])
        applied.update(is_applied=True)
        applied.filter(key_pair__isnull=True).update(key_pair=platform_seal_pair())


def _require_sound(pdf: bytes, count: int, at: datetime) -> None:
    """Nothing is called signed that our own check finds false.

    Only the file is judged here: a certificate that ended meanwhile must not hold the document.
    """
    verdict = verify_own(pdf, roots=platform_roots(), timestamp_roots=timestamp_roots(), at=at)
    if verdict.verdict == "invalid" or len(verdict.signatures) != count:
        causes = ", ".join(verdict.causes)
        raise SignXError(ErrorCode.PROVIDER_FAILED, f"the sealed file is not sound: {causes}")


def _make_agreement(document: Document, at: datetime) -> None:
    if files.find(document, Kind.AGREEMENT) is not None:
        return
    paper = agreement_papers.paper_of(document)
    if paper is None:
        return
    with translation.override(document.language):
        reason = _("Agreement accepted with document %(number)s") % {"number": document.number}
    _store_sealed(document, Kind.AGREEMENT, _name(document, AGREEMENT), paper, reason, at)


def _make_report(document: Document, at: datetime) -> None:
    if files.find(document, Kind.REPORT) is not None:
        return
    paper = report_pdf(report.report_data(document, at=at))
    with translation.override(document.language):
        reason = _("Signing report of document %(number)s") % {"number": document.number}
    _store_sealed(document, Kind.REPORT, _name(document, REPORT), paper, reason, at)


def _store_sealed(
    document: Document, kind: str, name: str, paper: bytes, reason: str, at: datetime
) -> None:
    engine = provider(document.provider)
    sealed = engine.seal(paper, with_key=platform_seal(), at=at, reason=reason)
    protection.note(files.store(document, kind, name, sealed), sealed)


def _name(document: Document, what: Promise) -> str:
    """Unique per document and kind: a repeated upload finds the file of the first try by it."""
    with translation.override(document.language):
        return files.safe_name(document.title, f" — {what} {document.number}")
