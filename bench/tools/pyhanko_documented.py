"""pyHanko as its documentation shows it: SimpleSigner, TextStampStyle with an OpenType font."""

from __future__ import annotations

import io
from pathlib import Path

from pyhanko import stamp
from pyhanko.pdf_utils import text
from pyhanko.pdf_utils.font import opentype
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from bench.job import PASSWORD, STAMP_LINES, measure, read_job


def main() -> None:
    job = read_job()
    signer = signers.SimpleSigner.load_pkcs12(job.pkcs12, passphrase=PASSWORD.encode())
    if signer is None:
        raise SystemExit("no key")
    pdf = Path(job.pdf).read_bytes()

    def sign() -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        fields.append_signature_field(
            writer, fields.SigFieldSpec("Signature", box=(56, 195, 277, 275))
        )
        style = stamp.TextStampStyle(
            stamp_text="\n".join(STAMP_LINES),
            text_box_style=text.TextBoxStyle(font=opentype.GlyphAccumulatorFactory(job.font)),
        )
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        output = io.BytesIO()
        signers.PdfSigner(metadata, signer=signer, stamp_style=style).sign_pdf(
            writer, output=output
        )
        return output.getvalue()

    measure(job, sign)


if __name__ == "__main__":
    main()
