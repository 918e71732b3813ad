/* The documented functions of BX24.js for an application framed by the stand-in portal.
 *
 * A message to the portal page is `command:payload:callbackId:appSid`, an answer is
 * `callbackId:JSON`. Both sides check the exact origin; `window.name` is
 * `domain|protocol|appSid`, the same three values stand in the query of the first page.
 */
(function () {
  "use strict";

  var query = new URLSearchParams(window.location.search);
  var named = window.name.split("|");
  var hasName = named.length === 3;
  var domain = hasName ? named[0] : query.get("DOMAIN");
  var protocol = hasName ? named[1] : query.get("PROTOCOL");
  var appSid = hasName ? named[2] : query.get("APP_SID");
  var origin = domain ? (protocol === "1" ? "https://" : "http://") + domain : null;

  var callbacks = {};
  var lastCallback = 0;
  var initData = null;
  var waitingForInit = [];
  var isInitRequested = false;

  function send(command, payload, callback) {
    if (window.parent === window || !origin) {
      return false;
    }
    var callbackId = "";
    if (callback) {
      callbackId = "cb" + (lastCallback += 1);
      callbacks[callbackId] = callback;
    }
    var text = payload === undefined || payload === null ? "" : JSON.stringify(payload);
    window.parent.postMessage([command, text, callbackId, appSid].join(":"), origin);
    return true;
  }

  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || event.origin !== origin) {
      return;
    }
    if (typeof event.data !== "string") {
      return;
    }
    var colon = event.data.indexOf(":");
    var callback = callbacks[event.data.slice(0, colon)];
    if (callback) {
      delete callbacks[event.data.slice(0, colon)];
      callback(JSON.parse(event.data.slice(colon + 1)));
    }
  });

  function keepAuth(data) {
    initData.AUTH_ID = data.AUTH_ID;
    initData.REFRESH_ID = data.REFRESH_ID;
    initData.AUTH_EXPIRES = Date.now() + Number(data.AUTH_EXPIRES) * 1000;
  }

  function init(callback) {
    if (initData) {
      if (callback) {
        callback();
      }
      return;
    }
    if (callback) {
      waitingForInit.push(callback);
    }
    if (isInitRequested) {
      return;
    }
    isInitRequested = true;
    send("getInitData", {}, function (data) {
      initData = data;
      keepAuth(data);
      waitingForInit.splice(0).forEach(function (waiting) {
        waiting();
      });
    });
  }

  function getAuth() {
    if (!initData || initData.AUTH_EXPIRES <= Date.now()) {
      return false;
    }
    return {
      access_token: initData.AUTH_ID,
      refresh_token: initData.REFRESH_ID,
      expires_in: Math.round((initData.AUTH_EXPIRES - Date.now()) / 1000),
      domain: initData.DOMAIN,
      member_id: initData.MEMBER_ID
    };
  }

  function refreshAuth(callback) {
    send("refreshAuth", {}, function (data) {
      keepAuth(data);
      if (callback) {
        callback(getAuth());
      }
    });
  }

  function Result(answer, method, params, callback) {
    this.answer = answer;
    this.query = { method: method, params: params };
    this.callback = callback;
  }
  Result.prototype.error = function () {
    var answer = this.answer;
    if (answer.error === undefined) {
      return undefined;
    }
    return {
      ex: answer,
      status: answer.status,
      getError: function () { return answer; },
      toString: function () { return answer.error + ": " + answer.error_description; }
    };
  };
  Result.prototype.data = function () { return this.answer.result; };
  Result.prototype.total = function () { return Number(this.answer.total || 0); };
  Result.prototype.more = function () { return this.answer.next !== undefined; };
  Result.prototype.next = function (callback) {
    if (!this.more()) {
      return false;
    }
    var params = Object.assign({}, this.query.params, { start: this.answer.next });
    callMethod(this.query.method, params, callback || this.callback);
    return true;
  };

  function callMethod(method, params, callback) {
    send("callMethod", { method: method, params: params || {} }, function (answer) {
      if (callback) {
        callback(new Result(answer, method, params || {}, callback));
      }
    });
  }

  function callBatch(calls, callback, halt) {
    var commands = {};
    Object.keys(calls).forEach(function (key) {
      var call = calls[key];
      var method = Array.isArray(call) ? call[0] : call.method;
      var params = (Array.isArray(call) ? call[1] : call.params) || {};
      commands[key] = method + "?" + new URLSearchParams(params).toString();
    });
    send("callMethod", { method: "batch", params: { cmd: commands, halt: halt ? 1 : 0 } }, function (answer) {
      var results = {};
      Object.keys(calls).forEach(function (key) {
        var inner = answer.result || { result: {}, result_error: {} };
        var failed = answer.error !== undefined ? answer : inner.result_error[key];
        results[key] = new Result(failed || { result: inner.result[key] }, "", {}, null);
      });
      if (callback) {
        callback(results);
      }
    });
  }

  function contentSize() {
    var body = document.body;
    var root = document.documentElement;
    return {
      scrollWidth: Math.max(body.scrollWidth, root.clientWidth),
      scrollHeight: Math.ceil(Math.max(body.scrollHeight, body.offsetHeight))
    };
  }

  function resizeWindow(width, height, callback) {
    send("resizeWindow", { width: width, height: height }, callback);
  }

  function selectUsers(multiple) {
    return function (title, callback) {
      if (typeof title === "function") {
        callback = title;
        title = "";
      }
      send("selectUser", { title: title || "", multiple: multiple }, callback);
    };
  }

  window.BX24 = {
    init: init,
    isReady: function () { return document.readyState !== "loading"; },
    ready: function (callback) {
      if (document.readyState !== "loading") {
        callback();
      } else {
        document.addEventListener("DOMContentLoaded", callback);
      }
    },
    install: function (callback) {
      init(function () {
        if (initData.INSTALL && callback) {
          callback();
        }
      });
    },
    installFinish: function () { send("setInstallFinish", {}); },
    getAuth: getAuth,
    refreshAuth: refreshAuth,
    callMethod: callMethod,
    callBatch: callBatch,
    isAdmin: function () { return Boolean(initData && initData.IS_ADMIN); },
    getLang: function () { return initData ? initData.LANG : query.get("LANG"); },
    getDomain: function (withProtocol) {
      return withProtocol ? origin : domain;
    },
    getScrollSize: contentSize,
    resizeWindow: resizeWindow,
    fitWindow: function (callback) { resizeWindow("100%", contentSize().scrollHeight, callback); },
    setTitle: function (title, callback) { send("setTitle", { title: title }, callback); },
    scrollParentWindow: function (scroll, callback) {
      send("setScroll", { scroll: Number(scroll) }, callback);
    },
    reloadWindow: function (callback) { send("reloadWindow", {}, callback); },
    openPath: function (path, callback) { send("openPath", { path: path }, callback); },
    openApplication: function (parameters, callback, settings) {
      send("openApplication", { parameters: parameters || {}, settings: settings || {} }, callback);
    },
    closeApplication: function (callback) { send("closeApplication", {}, callback); },
    selectUser: selectUsers(false),
    selectUsers: selectUsers(true),
    selectCRM: function (params, callback) { send("selectCRM", params || {}, callback); },
    placement: {
      info: function () {
        return {
          placement: initData ? initData.PLACEMENT : "DEFAULT",
          options: initData ? initData.PLACEMENT_OPTIONS : {}
        };
      },
      getInterface: function (callback) { send("placementInterface", {}, callback); },
      call: function (command, parameters, callback) {
        send("placementCall", { command: command, parameters: parameters || {} }, callback);
      }
    },
    appOption: {
      get: function (name) { return initData ? initData.APP_OPTIONS[name] : undefined; }
    }
  };
})();
