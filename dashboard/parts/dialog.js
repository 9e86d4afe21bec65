// Dialogs. The browser's own keeps the focus in, closes by Escape, and gives the focus back.

import { element } from "../dom.js";

/** Asks before what cannot be undone; resolves to whether it was confirmed. */
export async function confirmed({ title, text, action }) {
  const answer = await opened(title, (dialog) => [
    element("p", {}, text),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Keep it"),
      element("button", { type: "button", class: "button danger", onclick: () => dialog.close("yes") }, action),
    ),
  ]);
  return answer === "yes";
}

/** Shows something with a button that closes it. */
export function shown(title, content) {
  return opened(title, (dialog) => [
    content,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close"),
    ),
  ]);
}

/** Resolves to the dialog's value once it is closed. */
function opened(title, fill) {
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "dialog-title" });
  dialog.append(element("h2", { id: "dialog-title" }, title), ...fill(dialog));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
