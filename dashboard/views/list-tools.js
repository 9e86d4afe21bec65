// Search, order and pages of the list, and how many links there are.

import { element } from "../dom.js";
import * as format from "../format.js";
import { SORTS } from "../selection.js";

/** `onTurn(say)` is called when the place has changed, with what a screen reader is told. */
export function listTools(place, onTurn) {
  const count = element("p", { class: "faint", role: "status" });
  const field = element("input", {
    type: "search", id: "search", value: place.q, placeholder: "Search", "aria-label": "Search the links",
    autocomplete: "off", spellcheck: "false", oninput: () => turn({ q: field.value.trim(), page: 0 }),
  });
  const order = element(
    "select",
    { id: "sort", "aria-label": "Order", onchange: () => turn({ sort: order.value, page: 0 }) },
    Object.entries(SORTS).map(([value, name]) => element("option", { value, selected: value === place.sort }, name)),
  );
  let at = 0;
  const newer = pageButton("Previous", () => leaf(-1));
  const older = pageButton("Next", () => leaf(1));
  const tools = {
    place,
    element: element("div", { class: "tools" }, field, order, count),
    pager: element("nav", { class: "pager", "aria-label": "Pages", hidden: true }, newer, older),
    focus: () => field.focus(),
    /** The place of a link that has just been made. */
    reset() {
      tools.place = { q: "", sort: "newest", page: 0 };
      field.value = "";
      order.value = "newest";
    },
    show({ found, page, last }, all) {
      at = page; // the place's own may lie on a page that has not been loaded yet
      const links = all === 1 ? "1 link" : `${format.whole(all)} links`;
      const text = found < all ? `${format.whole(found)} of ${links}` : links;
      if (count.textContent !== text) count.textContent = text;
      tools.pager.hidden = last === 0;
      newer.disabled = page === 0;
      older.disabled = page === last;
    },
  };

  function turn(change) {
    tools.place = { ...tools.place, ...change };
    onTurn();
  }

  function leaf(by) {
    tools.place = { ...tools.place, page: at + by };
    onTurn(`Page ${at + 1}`);
  }

  return tools;
}

function pageButton(text, onclick) {
  return element("button", { type: "button", class: "button", onclick }, text);
}
