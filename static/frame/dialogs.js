// A dialog opens inside the part of the frame that the person sees: a fitted frame is taller
// than the screen, so the middle of the frame may be far away.
const visibleTop = () =>
  new Promise((resolve) => {
    const observer = new IntersectionObserver(([entry]) => {
      observer.disconnect();
      resolve(Math.max(0, entry.intersectionRect.top));
    });
    observer.observe(document.getElementById("sx-root"));
  });

async function open(dialog, opener) {
  dialog.style.marginBlock = `${(await visibleTop()) + 64}px auto`;
  dialog.addEventListener("close", () => opener.focus({ preventScroll: true }), { once: true });
  dialog.showModal();
  // The safe answer, not the autofocus attribute: browsers refuse that one in a foreign frame.
  dialog.querySelector("[data-first]")?.focus();
}

document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-dialog]");
  if (opener) open(document.getElementById(opener.dataset.dialog), opener);
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
});

// What the dialog asked for is done; a refusal stays inside it, beside the button.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.status < 400) detail.elt.closest("dialog")?.close();
});
