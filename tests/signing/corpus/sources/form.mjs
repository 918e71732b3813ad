import fs from "node:fs";
import fontkit from "@pdf-lib/fontkit";
import { PDFDocument } from "pdf-lib";

const [font, target] = process.argv.slice(2);
const document = await PDFDocument.create();
document.registerFontkit(fontkit);
const face = await document.embedFont(fs.readFileSync(font), { subset: false });
const page = document.addPage([595, 842]);
page.drawText("Заявление о приёме на работу", { x: 60, y: 760, size: 16, font: face });
const form = document.getForm();
for (const [name, value, y] of [["name", "Ёлкин Пётр Алексеевич", 700], ["post", "кладовщик", 660]]) {
  const field = form.createTextField(name);
  field.setText(value);
  field.addToPage(page, { x: 60, y, width: 300, height: 24, font: face });
  field.updateAppearances(face);
}
form.createCheckBox("consent").addToPage(page, { x: 60, y: 620, width: 16, height: 16 });
form.getCheckBox("consent").check();
fs.writeFileSync(target, await document.save());
