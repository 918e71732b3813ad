// BX24 is the portal's own library. Outside a portal there is none, and every page still works.
// It is loaded beside the page and may come later than this script, or not at all.
export const portal = new Promise((resolve) => {
  const start = () => window.BX24?.init(() => resolve(window.BX24));
  if (window.BX24) start();
  else document.getElementById("sx-bx24")?.addEventListener("load", start);
});

/** Calls `use(BX24)` when the portal answers; never, when there is no portal. */
export const withPortal = (use) => portal.then(use);

/** Resolves with the value, or rejects after `ms`: the portal may never call back. */
export const within = (ms, promise) =>
  Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), ms)),
  ]);
