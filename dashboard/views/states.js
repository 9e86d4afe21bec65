// What a view shows while it has nothing to show, and when it could not get it.

import { element } from "../dom.js";

export function skeleton(rows) {
  const lines = Array.from({ length: rows }, () => element("div", { class: "bone" }));
  return element(
    "div",
    { class: "skeleton" },
    element("p", { class: "visually-hidden", role: "status" }, "Loading"),
    lines,
  );
}

/** The page tries again by itself; the button is for readers in a hurry. */
export function failure(error, retry) {
  return element(
    "div",
    { class: "empty", role: "alert" },
    element("h2", {}, "This could not be loaded yet"),
    element("p", { class: "muted" }, error.message),
    element("button", { type: "button", class: "button", onclick: retry }, "Try now"),
  );
}

export function missingView() {
  const page = element(
    "div",
    { class: "page" },
    element(
      "div",
      { class: "empty" },
      element("h1", { tabindex: -1 }, "There is nothing here"),
      element("p", { class: "muted" }, "The page, or your link, does not exist or was deleted."),
      element("a", { class: "button", href: "/" }, "All links"),
    ),
  );
  return { title: "Not found", element: page, close() {} };
}
