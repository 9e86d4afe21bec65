// Single keys: each view says what its keys do. They rest while something is typed or a
// dialog is open, and can be switched off, because a voice that dictates presses keys, too.

import { element } from "../dom.js";
import { shown } from "./dialog.js";

const OFF = "realtime.keys.off";
const NAMES = {
  c: "New link",
  "/": "Search the links",
  j: "Next link",
  k: "Previous link",
  y: "Copy the short address",
  "?": "These keys",
};

/** `current()` gives the keys of the view that is shown. */
export function listenToKeys(current) {
  document.addEventListener("keydown", (event) => {
    const act = event.key === "?" ? explain : current()?.[event.key];
    if (!act || !isFree(event)) return;
    event.preventDefault();
    act();
  });
}

function isFree(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  if (event.key !== "?" && localStorage.getItem(OFF)) return false;
  return !event.target.closest?.("input, select, textarea, dialog");
}

function explain() {
  const box = element("input", {
    type: "checkbox", id: "keys-on", checked: !localStorage.getItem(OFF), onchange: turn,
  });
  const rows = Object.entries(NAMES).map(([key, does]) =>
    element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, does)),
  );
  const choice = element("div", { class: "choice" }, box, element("label", { for: "keys-on" }, "Use these keys"));
  return shown("Keys", element("div", {}, element("dl", { class: "keys" }, rows), choice));

  function turn() {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  }
}
