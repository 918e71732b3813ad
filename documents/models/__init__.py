"""Document, its signers, files and bindings; what a portal decided about its documents."""

from documents.models.agreement_text import AgreementTemplate
from documents.models.annulment import Annulment, AnnulmentConsent, AnnulmentQuerySet
from documents.models.bindings import CrmBinding, FileEdition, StoredFile, WorkflowSubscription
from documents.models.detached import DetachedSignature
from documents.models.document import (
    PUBLIC_ID_LETTERS,
    Document,
    DocumentQuerySet,
    EarlierLink,
    Signer,
    new_public_id,
    party_reference,
)
from documents.models.draft import Draft
from documents.models.portal_settings import CodeChannel, PortalSettings, PortalSettingsManager
from documents.models.signature import Agreement, Signature

__all__ = [
    "PUBLIC_ID_LETTERS",
    "Agreement",
    "AgreementTemplate",
    "Annulment",
    "AnnulmentConsent",
    "AnnulmentQuerySet",
    "CodeChannel",
    "CrmBinding",
    "DetachedSignature",
    "Document",
    "DocumentQuerySet",
    "Draft",
    "EarlierLink",
    "FileEdition",
    "PortalSettings",
    "PortalSettingsManager",
    "Signature",
    "Signer",
    "StoredFile",
    "WorkflowSubscription",
    "new_public_id",
    "party_reference",
]
