"""What a file carries for its own long life: certificates and revocation lists (PAdES, DSS)."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError


@dataclass(frozen=True)
class ValidationData:
    """Claims of the file: each is believed only as far as its own signature reaches."""

    certificates: tuple[x509.Certificate, ...] = ()
    revocation_lists: tuple[crl.CertificateList, ...] = ()


def validation_data_of(reader: PdfFileReader) -> ValidationData:
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return ValidationData()
    lists = (reference.get_object().data for reference in store.crls)
    return ValidationData(
        certificates=tuple(store.load_certs()),
        revocation_lists=tuple(crl.CertificateList.load(data) for data in lists),
    )
