// Asks before what cannot be undone. The browser's own dialog keeps the focus in and gives it back.

import { element } from "../dom.js";

/** Resolves to whether it was confirmed; Escape and the first button are no. */
export function confirmed({ title, text, action }) {
  const dialog = element(
    "dialog",
    { class: "dialog", "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" },
    element("h2", { id: "dialog-title" }, title),
    element("p", { id: "dialog-text" }, text),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Keep it"),
      element(
        "button",
        { type: "button", class: "button danger", onclick: () => dialog.close("yes") },
        action,
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
