// Where a message goes: beside the action that asked, else on top of the page. Never over it.
export const placeFor = (element) =>
  element.closest("[data-errors]")?.querySelector("[data-error-slot]") ??
  document.getElementById("sx-trouble");

/** Shows a <template> of the page and returns its button, if it has one. */
export function show(templateId, element) {
  const place = placeFor(element);
  place.replaceChildren(document.getElementById(templateId).content.cloneNode(true));
  place.scrollIntoView({ block: "nearest" });
  return place.querySelector("button");
}
