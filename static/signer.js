// Conveniences of the public pages. Everything works without them: the forms are plain forms.
import { countDown, holdResend } from "./signer/timers.js";
import { readPages } from "./signer/reader.js";
import { acceptFiles } from "./signer/drop.js";

document.querySelectorAll("[data-time-zone]").forEach((field) => {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
});

// A second press of the same button while the first is on its way does nothing.
document.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
});
// Coming back with the browser's button brings the page back from memory: wake its forms.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
});

const code = document.querySelector("[data-code]");
if (code) {
  code.addEventListener("input", () => {
    const digits = code.value.replace(/\D/g, "").slice(0, 6);
    if (digits !== code.value) code.value = digits;
  });
}

const progress = document.querySelector("[data-progress]");
if (progress) watchProgress(progress.dataset.progress, progress.dataset.status, 2000);

function watchProgress(url, seen, delay) {
  setTimeout(async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(url, { credentials: "same-origin" });
        if (answer.ok && (await answer.json()).status !== seen) return location.reload();
      } catch { /* offline: the next look may succeed */ }
    }
    watchProgress(url, seen, Math.min(delay * 1.3, 15000));
  }, delay);
}

countDown(document.querySelector("[data-countdown]"));
holdResend(document.querySelector("[data-resend]"));
readPages(document.querySelector("[data-reader]"));
acceptFiles(document.querySelector("[data-drop]"));
