// The session is a signed token in the page, sent as a header: no cookies, no web storage.
import { portal, within, withPortal } from "./bridge.js";
import { show } from "./notices.js";

const meta = document.querySelector('meta[name="sx-frame"]');
const REPEATED = "SX-Repeated";
let renewal = null;

const setToken = (token) => meta?.setAttribute("content", token);

document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers.Authorization = `Bearer ${meta?.content ?? ""}`;
});

async function renew() {
  const library = await within(900, portal);
  const auth = await within(10_000, new Promise((done) => library.refreshAuth(done)));
  if (!auth) throw new Error("refused");
  const answer = await fetch("/b24/session", {
    method: "POST",
    credentials: "omit",
    // The old session says which page this is: the new one keeps its deal.
    headers: { Authorization: `Bearer ${meta.content}` },
    body: new URLSearchParams({
      AUTH_ID: auth.access_token,
      member_id: auth.member_id,
      DOMAIN: auth.domain,
    }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  setToken((await answer.json()).token);
}

// What was typed stays: the old content is never replaced by a 401, the request is repeated once.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig: request, target } = event.detail;
  if (xhr.status !== 401 || request.headers[REPEATED]) return;
  event.preventDefault();
  renewal ??= renew().finally(() => (renewal = null));
  renewal.then(
    () =>
      htmx.ajax(request.verb, request.path, {
        source: request.elt,
        target,
        values: request.formData,
        headers: { [REPEATED]: "1" },
      }),
    () => {
      const reload = show("sx-over", request.elt);
      reload.addEventListener("click", () => withPortal((library) => library.reloadWindow()));
    },
  );
});
