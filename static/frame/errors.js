// An answer that is an error goes beside the action that asked, and never takes input away.
import { placeFor, show } from "./notices.js";

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr, requestConfig } = detail;
  if (xhr.status < 400 || !detail.shouldSwap) return;
  detail.target = placeFor(requestConfig.elt);
  detail.swapOverride = "innerHTML";
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.xhr.status >= 400) detail.target.scrollIntoView({ block: "nearest" });
});

function offerRetry({ detail }) {
  const { elt, requestConfig } = detail;
  if (elt.matches("[data-poll]")) return;
  const retry = show("sx-offline", elt);
  retry.addEventListener("click", () => {
    placeFor(elt).replaceChildren();
    const { verb, path, formData, target } = requestConfig;
    htmx.ajax(verb, path, { source: elt, target, values: formData });
  });
}

document.addEventListener("htmx:sendError", offerRetry);
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) offerRetry(event);
});
