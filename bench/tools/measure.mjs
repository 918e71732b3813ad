import fs from "node:fs";

export const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
export const pdf = fs.readFileSync(job.pdf);
export const pkcs12 = fs.readFileSync(job.pkcs12);
export const font = fs.readFileSync(job.font);

export function drawStamp(page, face) {
  job.lines.forEach((line, row) =>
    page.drawText(line, { x: 60, y: 262 - row * 12, size: 7, font: face }));
}

export async function measure(sign) {
  fs.writeFileSync(job.output, await sign());
  const figures = [];
  for (let time = 0; time < job.times; time++) {
    const started = performance.now();
    await sign();
    figures.push(performance.now() - started);
  }
  console.log(JSON.stringify(figures));
}
