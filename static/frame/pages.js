// A page change is a swap of the root: tell the reader, the portal's title and its scrolling.
import { withPortal } from "./bridge.js";

const root = document.getElementById("sx-root");

function arrive() {
  const heading = root.querySelector("h1");
  if (!heading) return;
  heading.setAttribute("tabindex", "-1");
  heading.focus({ preventScroll: true });
  document.title = `${heading.textContent.trim()} · SIGNX`;
  window.scrollTo(0, 0);
  withPortal((library) => {
    library.setTitle?.(document.title);
    library.scrollParentWindow?.(0);
  });
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target === root) arrive();
});

// Nobody looks: nothing is asked. The next tick after the return asks again.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-poll]")) event.preventDefault();
});

// What asked may be gone when the answer comes, and then the answer is for nobody: htmx would look
// for its target among what is gone. Such an element's events no longer reach the document.
const watched = new WeakSet();
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (watched.has(elt)) return;
  watched.add(elt);
  elt.addEventListener("htmx:beforeOnLoad", (event) => {
    if (!elt.isConnected) event.preventDefault();
  });
});

// The card of a deal shows what changed here once it is told to read its data again.
document.addEventListener("signx:changed", () =>
  withPortal((library) => library.placement?.call?.("reloadData", {}, () => {})),
);

// A person chose another look: the page comes anew by itself, its frame is ours to change.
document.addEventListener("sx-look", ({ detail }) => {
  document.documentElement.classList.toggle("sx-dark", detail.theme === "dark");
  document.documentElement.lang = detail.language;
});
