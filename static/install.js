// Runs the wizard's steps one after another, then has the portal open the application.
// Errors stay beside their step with a button that goes on from there.
"use strict";

const wizard = document.getElementById("install");
const token = document.querySelector('meta[name="sx-frame"]')?.content ?? "";

const items = wizard ? [...wizard.querySelectorAll(".sx-steps > li")] : [];
const segments = wizard ? [...wizard.querySelectorAll(".sx-progress i")] : [];
const marks = { done: "✓", bad: "!" };

function show(number, state, reason = "") {
  const item = items[number];
  item.className = state === "wait" ? "" : `is-${state}`;
  item.querySelectorAll("[data-word]").forEach((word) => {
    word.hidden = word.dataset.word !== state;
  });
  item.querySelector(".sx-steps__mark").textContent = marks[state] ?? String(number + 1);
  item.querySelector("[data-reason]").textContent = reason;
  item.querySelector(".sx-notice").hidden = state !== "bad";
  segments[number].className = state === "done" ? "is-done" : state === "bad" ? "is-bad" : "";
  const count = items.filter((one) => one.className === "is-done").length;
  document.getElementById("install-count").textContent = String(count);
  fit();
}

async function runStep(number) {
  const answer = await fetch(`${wizard.dataset.url}${number}`, {
    method: "POST",
    credentials: "omit",
    headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
  });
  const isJson = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
  const body = isJson ? await answer.json() : {};
  if (!answer.ok) throw new Error(body.message ?? wizard.dataset.broken);
  return body.notes ?? [];
}

async function runFrom(first) {
  let notes = [];
  for (let number = first; number < items.length; number += 1) {
    show(number, "now");
    try {
      notes = await runStep(number);
    } catch (error) {
      const isNetwork = error instanceof TypeError;
      show(number, "bad", isNetwork ? wizard.dataset.broken : error.message);
      items[number].querySelector("button").focus();
      return;
    }
    show(number, "done");
  }
  finish(notes);
}

// `notes`: what the portal lacks. They also stand in Settings, so nothing waits for their reader.
function finish(notes) {
  const list = document.getElementById("install-notes");
  for (const note of notes) list.append(Object.assign(document.createElement("p"), { textContent: note }));
  list.hidden = notes.length === 0;
  document.getElementById("install-done").hidden = false;
  fit();
  // Once, and only after every registration: the portal reloads the frame with the application.
  withPortal((bx24) => bx24.installFinish());
}

function withPortal(use) {
  const bx24 = window.BX24;
  if (bx24?.init) bx24.init(() => use(bx24));
}

function fit() {
  withPortal((bx24) => bx24.fitWindow?.());
}

items.forEach((item, number) => {
  item.querySelector("button").addEventListener("click", () => runFrom(number));
});
if (wizard) runFrom(0);
else fit();
