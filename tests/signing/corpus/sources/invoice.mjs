import fs from "node:fs";
import PDFDocument from "pdfkit";

const [font, target] = process.argv.slice(2);
const document = new PDFDocument({ size: "A5", layout: "landscape", margin: 30 });
document.pipe(fs.createWriteStream(target));
document.font(font).fontSize(14).text("Счёт на оплату № 318 от 24 ноября 2026 г.");
document.fontSize(9).moveDown().text("Поставщик: ООО «Север-Логистика», ИНН 0000000000");
for (let row = 1; row <= 6; row++)
  document.text(`${row}. Доставка груза, рейс ${row}: 18 400,00 ₽`, 30, 90 + row * 18);
document.link(30, 230, 120, 14, "https://sever.example/pay").text("Оплатить", 30, 230);
document.end();
