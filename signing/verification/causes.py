"""Why a verdict is not «valid»: a word for machines and one sentence for people each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VerdictWord = Literal["valid", "invalid", "unknown"]

# Causes that make a file or a signature false.
INVALID: dict[str, Promise] = {
    "rolled_back": _("This is an earlier stage of the document, not the one signed by everyone."),
    "not_registered": _("The file differs from the one that was signed."),
    "range_broken": _("The marks that tell what was signed are forged or damaged."),
    "unreadable_signed": _("The file holds a signature but is damaged."),
    "signature_broken": _("The signature is damaged."),
    "altered": _("The file was changed after it was signed."),
    "changed_after": _("Something was added to the file after it was signed."),
    "other_certificate": _("It was signed with another certificate than the service's seal."),
    "outside_term": _("At the time of signing the certificate was not valid."),
    "timestamp_broken": _("The time stamp belongs to something else or is damaged."),
    "revoked": _("The certificate had been revoked before the signature was made."),
    "other_content": _("The signature was made for another file, or one of the two is damaged."),
}
# Causes that leave it open.
UNKNOWN: dict[str, Promise] = {
    "not_pdf": _("This is not a PDF file."),
    "unreadable": _("The file cannot be read."),
    "too_heavy": _("The file takes too much time or memory to check."),
    "no_signatures": _("The file has no electronic signatures."),
    "unfinished": _("Not everyone has signed yet."),
    "issuer_unknown": _("We do not know the issuer of the certificate."),
    "certificate_expired": _("The certificate has expired, and the time of signing is not proven."),
    "time_wrong": _("The time of signing is missing or lies in the future."),
    "timestamp_unknown": _("We do not know the authority that issued the time stamp."),
    "revoked_later": _("The certificate was revoked, and the time of signing is not proven."),
    "not_signature": _("This is not a signature file (.sig, CMS)."),
    "not_detached": _("The signature holds a file of its own. A detached signature is needed."),
    "certificate_absent": _("The signer's certificate is not in the signature."),
    "not_checkable": _("A signature of this kind cannot be checked here."),
}
# What is told beside a verdict and does not change it.
REMARKS: dict[str, Promise] = {
    "details_missing": _(
        "This is exactly the file that we keep. Its signatures could not be listed just now."
    ),
    "extended_since": _(
        "This is the document as it was signed. Its protection has been extended since, for the "
        "years to come; both files are valid."
    ),
    "made_elsewhere": _(
        "Some of its signatures were made elsewhere, before the file came to this service. They "
        "have not been changed since; their issuers tell whose they are."
    ),
}
CAUSES: dict[str, Promise] = {**INVALID, **UNKNOWN, **REMARKS}
# A file with the registered hash needs no other proof of who signed it and when.
PROVEN_BY_REGISTRATION = frozenset(
    {"certificate_expired", "issuer_unknown", "time_wrong", "timestamp_unknown", "revoked_later"}
)

# What a machine under load, or the limits of the examination, leave open.
EXAMINATION_FAILED = frozenset({"too_heavy", "unreadable"})


def verdict_of(causes: Iterable[str]) -> VerdictWord:
    causes = set(causes) - REMARKS.keys()
    if causes & INVALID.keys():
        return "invalid"
    return "unknown" if causes else "valid"


def merged(*causes: Iterable[str]) -> tuple[str, ...]:
    """All causes in their order, each once."""
    return tuple(dict.fromkeys(chain(*causes)))


class Judged:
    """Whatever has causes has a verdict, and reasons in words."""

    causes: tuple[str, ...]

    @property
    def verdict(self) -> VerdictWord:
        return verdict_of(self.causes)

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each cause, in the active language; empty for what is valid."""
        return sentences(self.causes)


def sentences(causes: Iterable[str]) -> tuple[str, ...]:
    """One sentence for each cause, in the active language."""
    return tuple(str(CAUSES[cause]) for cause in causes)
