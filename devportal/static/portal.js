/* The portal page: answers framed applications, opens sliders and pickers, refreshes runs. */
(function () {
  "use strict";

  var frames = [];
  var asUser = new URLSearchParams(window.location.search).get("as");

  function withUser(path, extra) {
    var url = new URL(path, window.location.origin);
    if (asUser) {
      url.searchParams.set("as", asUser);
    }
    Object.keys(extra || {}).forEach(function (key) {
      url.searchParams.set(key, extra[key]);
    });
    return url.pathname + url.search + url.hash;
  }

  function post(path, body) {
    return fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body || {})
    }).then(function (answer) { return answer.json(); });
  }

  /* ---- frames ---- */

  function adopt(iframe, onClose) {
    var frame = {
      iframe: iframe,
      sid: iframe.dataset.sid,
      origin: iframe.dataset.origin,
      close: onClose || null
    };
    iframe.addEventListener("load", function () { iframe.parentNode.classList.add("is-loaded"); });
    frames.push(frame);
    return frame;
  }

  window.addEventListener("message", function (event) {
    var frame = frames.find(function (one) { return one.iframe.contentWindow === event.source; });
    if (!frame || event.origin !== frame.origin || typeof event.data !== "string") {
      return;
    }
    var last = event.data.lastIndexOf(":");
    var beforeLast = event.data.lastIndexOf(":", last - 1);
    var first = event.data.indexOf(":");
    if (event.data.slice(last + 1) !== frame.sid || first === last || first === beforeLast) {
      return;
    }
    var command = event.data.slice(0, first);
    var payload = event.data.slice(first + 1, beforeLast);
    var callbackId = event.data.slice(beforeLast + 1, last);
    var answer = function (value) {
      if (callbackId) {
        frame.iframe.contentWindow.postMessage(
          callbackId + ":" + JSON.stringify(value === undefined ? {} : value), frame.origin);
      }
    };
    if (Object.prototype.hasOwnProperty.call(commands, command)) {
      commands[command](frame, payload ? JSON.parse(payload) : {}, answer);
    }
  });

  var commands = {
    getInitData: function (frame, _, answer) {
      post("/_frame/" + frame.sid + "/init").then(function (data) {
        frame.token = data.AUTH_ID;
        answer(data);
      });
    },
    refreshAuth: function (frame, _, answer) {
      post("/_frame/" + frame.sid + "/auth").then(function (data) {
        frame.token = data.AUTH_ID;
        answer(data);
      });
    },
    setInstallFinish: function (frame, _, answer) {
      post("/_frame/" + frame.sid + "/install-finish").then(function () {
        answer();
        window.location.reload();
      });
    },
    resizeWindow: function (frame, size, answer) {
      var height = Math.max(200, Math.ceil(Number(size.height) || 0));
      frame.iframe.style.height = height + "px";
      answer({ width: frame.iframe.clientWidth, height: height });
    },
    setTitle: function (frame, data, answer) {
      var title = document.querySelector("[data-page-title]");
      if (title && !frame.close) {
        title.textContent = data.title;
      }
      document.title = data.title;
      answer();
    },
    setScroll: function (frame, data, answer) {
      if (!frame.close) {
        var top = frame.iframe.getBoundingClientRect().top + window.scrollY;
        window.scrollTo(0, data.scroll > 0 ? top + data.scroll : 0);
      }
      answer({ scroll: window.scrollY });
    },
    reloadWindow: function (_frame, _data, answer) {
      answer();
      window.location.reload();
    },
    openPath: function (_, data, answer) {
      if (!/^\/[^/]/.test(data.path || "")) {
        answer({ result: "error", errorCode: "PATH_NOT_AVAILABLE" });
        return;
      }
      openSlider(function (iframe) {
        iframe.src = withUser(data.path, { slider: 1 });
      }, function () { answer({ result: "close" }); });
    },
    openApplication: function (frame, data, answer) {
      post("/_frame/" + frame.sid + "/open", data.parameters).then(function (entry) {
        if (!entry.error) {
          var iframe = openSlider(
            function (fresh) { nameFrame(fresh, entry); }, function () { answer({}); });
          submitEntry(iframe, entry);
        }
      });
    },
    closeApplication: function (frame, _, answer) {
      answer();
      if (frame.close) {
        frame.close();
      } else {
        window.location.assign(withUser("/"));
      }
    },
    selectUser: function (frame, data, answer) {
      choices(frame, "").then(function (rows) {
        var list = rows.map(function (row) {
          return { value: row, title: row.name, note: row.position };
        });
        pick(data.title || "Выберите сотрудника", list, data.multiple, function (chosen) {
          answer(data.multiple ? chosen : chosen[0]);
        });
      });
    },
    selectCRM: function (frame, data, answer) {
      var types = [].concat(data.entityType || ["lead", "contact", "company", "deal"]);
      choices(frame, "?type=" + encodeURIComponent(types.join(","))).then(function (rows) {
        var list = rows.map(function (row) {
          return { value: row, title: row.title, note: row.desc };
        });
        pick("Выберите элемент CRM", list, data.multiple, function (chosen) {
          var grouped = {};
          chosen.forEach(function (row) {
            (grouped[row.type] = grouped[row.type] || []).push(row);
          });
          answer(grouped);
        });
      });
    },
    placementInterface: function (_frame, _data, answer) {
      answer({ command: ["reloadData"], event: [] });
    },
    placementCall: function (_frame, data, answer) {
      if (data.command === "reloadData") {
        refreshCard().then(answer);
      } else {
        answer({});
      }
    },
    callMethod: function (frame, data, answer) {
      var token = frame.token;
      post("/rest/" + data.method + ".json", Object.assign({ auth: token }, data.params)).then(answer);
    }
  };

  function choices(frame, query) {
    return fetch("/_frame/" + frame.sid + "/choices" + query).then(function (answer) {
      return answer.json();
    });
  }

  /* The name must be set before the frame enters the page: a later one is no form target. */
  function nameFrame(iframe, entry) {
    var url = new URL(entry.url);
    iframe.name = url.searchParams.get("DOMAIN") + "|" + url.searchParams.get("PROTOCOL") + "|" + entry.sid;
    iframe.dataset.sid = entry.sid;
    iframe.dataset.origin = url.origin;
  }

  function submitEntry(iframe, entry) {
    var form = document.createElement("form");
    form.method = "post";
    form.action = entry.url;
    form.target = iframe.name;
    form.hidden = true;
    Object.keys(entry.fields).forEach(function (key) {
      var input = document.createElement("input");
      input.name = key;
      input.value = entry.fields[key];
      form.appendChild(input);
    });
    document.body.appendChild(form);
    form.submit();
    form.remove();
  }

  /* The card around an application's tab: everything but the frame itself. */
  function refreshCard() {
    return fetch(window.location.href).then(function (answer) { return answer.text(); })
      .then(function (html) {
        var fresh = new DOMParser().parseFromString(html, "text/html");
        document.querySelectorAll("[data-refresh]").forEach(function (node) {
          var newer = fresh.getElementById(node.id);
          if (newer && newer.innerHTML !== node.innerHTML) {
            node.innerHTML = newer.innerHTML;
          }
        });
      });
  }

  /* ---- slider and picker ---- */

  function openSlider(fill, onClose) {
    var template = document.getElementById("slider-template");
    var slider = template.content.firstElementChild.cloneNode(true);
    var iframe = slider.querySelector("iframe");
    var isOpen = true;
    fill(iframe);
    document.body.appendChild(slider);
    var close = function () {
      if (isOpen) {
        isOpen = false;
        frames = frames.filter(function (one) { return one.iframe !== iframe; });
        slider.remove();
        document.removeEventListener("keydown", onKey);
        onClose();
      }
    };
    var onKey = function (event) {
      if (event.key === "Escape") {
        close();
      }
    };
    document.addEventListener("keydown", onKey);
    slider.addEventListener("click", function (event) {
      if (event.target === slider || event.target.closest("[data-close]")) {
        close();
      }
    });
    if (iframe.dataset.sid) {
      adopt(iframe, close);
    } else {
      iframe.addEventListener("load", function () { iframe.parentNode.classList.add("is-loaded"); });
    }
    slider.querySelector("[data-close]").focus();
    return iframe;
  }

  function pick(title, list, isMultiple, onChoice) {
    var dialog = document.getElementById("picker");
    var box = dialog.querySelector("[data-list]");
    var search = dialog.querySelector("input");
    var done = dialog.querySelector("[data-done]");
    var chosen = [];
    dialog.querySelector("[data-title]").textContent = title;
    done.hidden = !isMultiple;
    var finish = function (values) {
      dialog.close();
      onChoice(values);
    };
    var draw = function () {
      var wanted = search.value.trim().toLowerCase();
      box.textContent = "";
      list.filter(function (row) { return row.title.toLowerCase().indexOf(wanted) >= 0; })
        .forEach(function (row) {
          var button = document.createElement("button");
          button.type = "button";
          button.className = "pick" + (chosen.indexOf(row.value) >= 0 ? " is-chosen" : "");
          button.innerHTML = "<b></b><span></span>";
          button.firstChild.textContent = row.title;
          button.lastChild.textContent = row.note;
          button.addEventListener("click", function () {
            if (!isMultiple) {
              finish([row.value]);
              return;
            }
            var at = chosen.indexOf(row.value);
            if (at >= 0) {
              chosen.splice(at, 1);
            } else {
              chosen.push(row.value);
            }
            draw();
          });
          box.appendChild(button);
        });
    };
    search.value = "";
    search.oninput = draw;
    done.onclick = function () { finish(chosen); };
    draw();
    dialog.showModal();
  }

  /* ---- page behaviour ---- */

  document.querySelectorAll("iframe[data-sid]").forEach(function (iframe) { adopt(iframe); });
  document.querySelectorAll("form[data-entry]").forEach(function (form) { form.submit(); });

  document.querySelectorAll("select[data-go]").forEach(function (select) {
    select.addEventListener("change", function () { window.location.assign(select.value); });
  });

  document.querySelectorAll("[data-close-dialog]").forEach(function (button) {
    button.addEventListener("click", function () { button.closest("dialog").close(); });
  });

  document.querySelectorAll("input[type=file][data-submit]").forEach(function (input) {
    input.addEventListener("change", function () { input.form.submit(); });
  });

  document.querySelectorAll("iframe[data-fit]").forEach(function (iframe) {
    var fit = function () {
      var inside = iframe.contentDocument;
      if (inside && inside.body) {
        iframe.style.height = Math.max(160, inside.documentElement.scrollHeight + 2) + "px";
      }
    };
    iframe.addEventListener("load", fit);
    fit();
  });

  /* A page with a frame is left alone: fetching it again would open another frame session. */
  if (!document.querySelector("iframe[data-sid]")) {
    window.setInterval(function () {
      if (!document.hidden) {
        refreshCard().catch(function () { /* the portal restarts; the next turn finds it */ });
      }
    }, 4000);
  }

  function poll(node) {
    fetch(node.dataset.poll).then(function (answer) { return answer.text(); }).then(function (html) {
      if (node.innerHTML.trim() !== html.trim()) {
        node.innerHTML = html;
      }
      if (!node.querySelector("[data-final]")) {
        window.setTimeout(poll, 1500, node);
      }
    }, function () { window.setTimeout(poll, 5000, node); });
  }
  document.querySelectorAll("[data-poll]").forEach(function (node) {
    if (!node.querySelector("[data-final]")) {
      window.setTimeout(poll, 1500, node);
    }
  });
})();
