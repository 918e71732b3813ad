// The pages inside the portal's frame work without this file's comfort parts: it adds the
// session header, the frame's height, focus after a page change, dialogs and copying.
import "./frame/session.js";
import "./frame/height.js";
import "./frame/pages.js";
import "./frame/errors.js";
import "./frame/dialogs.js";
import "./frame/controls.js";
import "./frame/drafts.js";

// htmx has seen the page by then (its listener came first): what is pressed carries the session.
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("sx-root").inert = false;
});
