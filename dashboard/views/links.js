// The links of whoever is signed in, newest first, with totals that move, and the way to a new one.

import { element } from "../dom.js";
import * as format from "../format.js";
import { loading } from "../loading.js";
import { announce } from "../parts/announcer.js";
import { copyButton } from "../parts/copy.js";
import { rollingNumber } from "../parts/number.js";
import { newLinkForm } from "./new-link.js";
import { failure, skeleton } from "./states.js";

const PAGE = 20;

export function linksView({ api, realtime, network }) {
  const list = element("ul", { class: "links" });
  const older = pageButton("Older", () => turn(1));
  const newer = pageButton("Newer", () => turn(-1));
  const pager = element("nav", { class: "pager", "aria-label": "Pages", hidden: true }, newer, older);
  const body = element("div", {}, skeleton(4), pager);
  const view = element(
    "div",
    { class: "page" },
    element("h1", { tabindex: -1 }, "Links"),
    newLinkForm(api, added),
    body,
  );
  const watching = new Set();
  // Cursors lead on only: the way back is remembered.
  const cursors = [null];
  let page = 0;
  const loaded = loading({
    network,
    ask: () => api.list({ limit: PAGE, cursor: cursors[page] }),
    show,
    fail: (error, again) => body.replaceChildren(failure(error, again)),
  });

  function show({ links, cursor }) {
    stop();
    cursors[page + 1] = cursor;
    list.replaceChildren(...links.map(row));
    pager.hidden = page === 0 && cursor === null;
    newer.disabled = page === 0;
    older.disabled = cursor === null;
    body.replaceChildren(links.length + page > 0 ? list : empty(), pager);
  }

  async function turn(by) {
    page += by;
    await loaded.again();
    announce(`Page ${page + 1}`);
  }

  async function added(link) {
    announce(`${format.bare(link.short_url)} is ready`);
    if (page > 0) {
      page = 0;
      return loaded.again();
    }
    const made = row(link);
    made.classList.add("fresh");
    list.prepend(made);
    if (!list.isConnected) body.replaceChildren(list, pager);
  }

  function row(link) {
    const number = rollingNumber("total");
    number.show(link.clicks);
    watching.add(realtime.watch(link.code, (clicks) => number.show(clicks)));
    const short = format.bare(link.short_url);
    return element(
      "li",
      { class: "link", "data-code": link.code },
      element(
        "a",
        { class: "cover", href: `/links/${link.code}` },
        element("span", { class: "code" }, link.code),
        element("span", { class: "target" }, format.bare(link.target)),
      ),
      element("span", { class: "made" }, format.date(link.created_at)),
      element("span", { class: "count" }, number.element, element("span", { class: "visually-hidden" }, " clicks")),
      copyButton(link.short_url, { name: short, className: "quiet" }),
    );
  }

  function stop() {
    for (const end of watching) end();
    watching.clear();
  }

  return {
    title: "Links",
    element: view,
    close() {
      loaded.close();
      stop();
    },
  };
}

function pageButton(text, onclick) {
  return element("button", { type: "button", class: "button", onclick }, text);
}

function empty() {
  return element(
    "div",
    { class: "empty" },
    element("h2", {}, "No links yet"),
    element("p", { class: "muted" }, "Shorten an address above. Its clicks show here as they happen."),
  );
}
