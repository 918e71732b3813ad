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

// Says who was chosen, and keeps it for the server: «C_5 Ирина Зайцева».
function fill(id, value, name) {
  const field = document.getElementById(id);
  field.value = value;
  const shown = document.getElementById(`${id}_picked`);
  if (shown) {
    shown.value = name;
    document.getElementById(id.replace("reference", "label")).value = `${value} ${name}`;
  }
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function pickInCrm(library, id) {
  library.selectCRM({ entityType: ["contact", "company"], multiple: false }, (found) => {
    const [chosen] = Object.values(found).flatMap((group) => Object.values(group));
    if (chosen) fill(id, chosen.id, chosen.title);
  });
}

// The portal's own pickers where there is a portal; the number can be typed everywhere.
withPortal((library) => {
  document.documentElement.classList.add("has-portal");
  document.addEventListener("click", ({ target }) => {
    const { pickUser, pickAs = "", pickCrm } = target.closest("button")?.dataset ?? {};
    if (pickUser) library.selectUser(({ id, name }) => fill(pickUser, pickAs + id, name));
    if (pickCrm) pickInCrm(library, pickCrm);
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
