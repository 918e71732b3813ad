"""An application for the frame: every page loads BX24.js from the portal and offers buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devportal import phpform

_PAGE = """<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>app</title>
<style>body{{margin:0;padding:24px;font:14px/20px system-ui;background:#fff}}
button{{padding:8px 14px;margin:0 8px 8px 0}} pre{{white-space:pre-wrap}} #out{{height:60px}}
</style></head><body>
<h2 id="where">{path}</h2><pre id="facts"></pre>
<button id="finish">finish</button><button id="tall">tall</button><button id="user">user</button>
<button id="crm">crm</button><button id="deal">deal</button><button id="method">method</button>
<button id="refresh">refresh</button><button id="app">app</button>
<button id="close">close</button><pre id="out"></pre><div id="space"></div>
<script src="http://{portal}/bx24/api/v1/"></script>
<script>
function show(value) {{ document.getElementById("out").textContent = JSON.stringify(value); }}
function on(id, act) {{ document.getElementById(id).onclick = act; }}
BX24.init(function () {{
  document.getElementById("facts").textContent = JSON.stringify({{
    placement: BX24.placement.info(), lang: BX24.getLang(), domain: BX24.getDomain(),
    admin: BX24.isAdmin(), member: BX24.getAuth().member_id }});
  BX24.setTitle("Заголовок приложения");
}});
on("finish", function () {{ BX24.installFinish(); }});
on("tall", function () {{
  document.getElementById("space").style.height = "1500px"; BX24.fitWindow(show); }});
on("user", function () {{ BX24.selectUser(show); }});
on("crm", function () {{ BX24.selectCRM({{entityType: ["contact"]}}, show); }});
on("deal", function () {{ BX24.openPath("/crm/deal/details/315/", show); }});
on("method", function () {{
  BX24.callMethod("profile", {{}}, function (r) {{ show(r.data()); }}); }});
on("refresh", function () {{
  var old = BX24.getAuth().access_token;
  BX24.refreshAuth(function (fresh) {{ show(fresh.access_token !== old); }}); }});
on("app", function () {{ BX24.openApplication({{sign: "77"}}, show); }});
on("close", function () {{ BX24.closeApplication(); }});
</script></body></html>"""


class FrameApp:
    """A WSGI application that remembers each entry form it was posted."""

    def __init__(self) -> None:
        self.portal = ""
        self.entries: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode()
        self.entries.append(
            {
                "path": environ["PATH_INFO"],
                "query": phpform.parse_query(environ["QUERY_STRING"]),
                "form": phpform.parse_query(body),
                "cookie": environ.get("HTTP_COOKIE", ""),
            }
        )
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [_PAGE.format(path=environ["PATH_INFO"], portal=self.portal).encode()]
