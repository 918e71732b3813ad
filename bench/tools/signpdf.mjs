// @signpdf with pdf-lib: the placeholder and the stamp rewrite the file.
import fontkit from "@pdf-lib/fontkit";
import { pdflibAddPlaceholder } from "@signpdf/placeholder-pdf-lib";
import { P12Signer } from "@signpdf/signer-p12";
import signpdf from "@signpdf/signpdf";
import { PDFDocument } from "pdf-lib";
import { drawStamp, font, job, measure, pdf, pkcs12 } from "./measure.mjs";

// The placeholder is found by its bytes.
const SAVED = { useObjectStreams: false };

await measure(async () => {
  // A signer can be used once: it reads its bytes to their end.
  const signer = new P12Signer(pkcs12, { passphrase: job.password });
  const document = await PDFDocument.load(pdf);
  document.registerFontkit(fontkit);
  drawStamp(document.getPages()[0], await document.embedFont(font, { subset: true }));
  pdflibAddPlaceholder({
    pdfDoc: document, reason: "", contactInfo: "", name: job.lines[1], location: "",
    widgetRect: [56, 195, 277, 275],
  });
  return (signpdf.default ?? signpdf).sign(await document.save(SAVED), signer);
});
