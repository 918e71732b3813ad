// Small comforts: copy, zoom, a portal page in its slider, "/" for search, stale page pictures.
import { withPortal } from "./bridge.js";

function copyByHand(text) {
  const field = document.body.appendChild(document.createElement("textarea"));
  field.value = text;
  field.select();
  document.execCommand("copy");
  field.remove();
}

async function copy(button) {
  const text = button.dataset.copy;
  // A frame of another site may be refused the clipboard.
  await navigator.clipboard.writeText(text).catch(() => copyByHand(text));
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => (label.textContent = before), 2000);
}

function zoom(button) {
  const pages = document.querySelector(".sx-pages");
  pages.dataset.zoom = button.value;
  for (const other of button.parentElement.children)
    other.setAttribute("aria-pressed", String(other === button));
}

document.addEventListener("click", (event) => {
  const pick = (selector) => event.target.closest(selector);
  if (pick("[data-copy]")) copy(pick("[data-copy]"));
  if (pick("[data-zoom-to]")) zoom(pick("[data-zoom-to]"));
  const path = pick("[data-open-path]")?.dataset.openPath;
  if (path) withPortal((library) => library.openPath(path, () => {}));
});

// The portal's own picker where there is a portal; the number can be typed everywhere.
withPortal((library) => {
  document.documentElement.classList.add("has-portal");
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-pick-user]");
    if (!button) return;
    library.selectUser(({ id }) => (document.getElementById(button.dataset.pickUser).value = id));
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const search = document.querySelector('input[type="search"]');
  if (!search) return;
  event.preventDefault();
  search.focus();
});

// Signed picture addresses live an hour; a page left open longer asks for new ones, once.
document.addEventListener(
  "error",
  ({ target }) => {
    const pages = target.closest?.(".sx-pages");
    if (!pages || pages.dataset.refreshed) return;
    pages.dataset.refreshed = "1";
    htmx.trigger(pages, "stale");
  },
  true,
);
