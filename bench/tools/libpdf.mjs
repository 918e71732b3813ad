// @libpdf/core, what Documenso signs with.
import { P12Signer, PDF } from "@libpdf/core";
import { drawStamp, font, job, measure, pdf, pkcs12 } from "./measure.mjs";

const signer = await P12Signer.create(new Uint8Array(pkcs12), job.password);

await measure(async () => {
  const document = await PDF.load(new Uint8Array(pdf));
  drawStamp(document.getPage(0), document.embedFont(new Uint8Array(font)));
  const signed = await document.sign({ signer, reason: "", level: "B-B" });
  return Buffer.from(signed.bytes);
});
