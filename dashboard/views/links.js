// The reader's links with totals that move: searched, sorted, a page at a time, and the way to a new one.

import { element } from "../dom.js";
import * as format from "../format.js";
import { loading } from "../loading.js";
import { shortAddress } from "../parts/address.js";
import { announce } from "../parts/announcer.js";
import { copied, copyButton } from "../parts/copy.js";
import { rollingNumber } from "../parts/number.js";
import { lifetime } from "../parts/when.js";
import { place, search, select } from "../selection.js";
import { listTools } from "./list-tools.js";
import { newLinkForm } from "./new-link.js";
import { failure, skeleton } from "./states.js";

/** Of the API's pages; the list turns its own. */
const PART = 100;
/** Searching and sorting more than this in a page would be a server's work. */
const MOST = 1_000;

export function linksView(context) {
  const { api, realtime, network } = context;
  const links = new Map();
  const rows = new Map();
  const list = element("ul", { class: "links" });
  const body = element("div", {}, skeleton(4));
  const form = newLinkForm(api, added);
  const tools = listTools(place(location.search), turned);
  context.place = search(tools.place);
  let part = ask(null);

  function ask(cursor) {
    return loading({
      network,
      ask: () => api.list({ limit: PART, cursor }),
      show(found) {
        for (const link of found.links) links.set(link.code, link);
        draw();
        if (found.cursor !== null && links.size < MOST) next(found.cursor);
      },
      fail: (error, again) => links.size === 0 && body.replaceChildren(failure(error, again)),
    });
  }

  function next(cursor) {
    part.close();
    part = ask(cursor);
  }

  function draw() {
    const chosen = select([...links.values()], tools.place);
    tools.show(chosen, links.size);
    const shown = new Set(chosen.rows.map(({ code }) => code));
    for (const [code, { end }] of rows) if (!shown.has(code)) (end(), rows.delete(code));
    for (const link of chosen.rows) if (!rows.has(link.code)) rows.set(link.code, row(link));
    list.replaceChildren(...chosen.rows.map(({ code }) => rows.get(code).element));
    body.replaceChildren(...(links.size === 0 ? [empty()] : [tools.element, chosen.found ? list : nothing(), tools.pager]));
  }

  function turned(say) {
    context.place = search(tools.place);
    history.replaceState(null, "", `/${context.place}`);
    draw();
    if (say) announce(say);
  }

  async function added(link) {
    links.set(link.code, link);
    tools.reset();
    turned();
    rows.get(link.code).element.classList.add("fresh");
    const ready = `${format.bare(link.short_url)} is ready`;
    const text = (await copied(link.short_url)) ? `${ready}, and copied` : ready;
    form.say(text);
    announce(text);
  }

  function row(link) {
    const number = rollingNumber("total");
    number.show(link.clicks);
    const end = realtime.watch(link.code, (clicks) => {
      link.clicks = clicks;
      number.show(clicks);
    });
    return { element: item(link, number.element), end };
  }

  function step(by) {
    const covers = [...list.querySelectorAll(".cover")];
    const at = covers.indexOf(document.activeElement);
    covers[at < 0 ? 0 : Math.min(Math.max(at + by, 0), covers.length - 1)]?.focus();
  }

  return {
    title: "Links",
    element: element("div", { class: "page" }, element("h1", { tabindex: -1 }, "Links"), form.element, body),
    keys: {
      c: form.focus,
      "/": tools.focus,
      j: () => step(1),
      k: () => step(-1),
      y: () => document.activeElement.closest(".link")?.querySelector("button").click(),
    },
    close() {
      part.close();
      for (const { end } of rows.values()) end();
    },
  };
}

function item(link, number) {
  return element(
    "li",
    { class: "link", "data-code": link.code },
    element(
      "a",
      { class: "cover", href: `/links/${link.code}` },
      element("span", { class: "code" }, shortAddress(link)),
      element("span", { class: "target" }, format.bare(link.target)),
    ),
    element("span", { class: "made" }, lifetime(link)),
    element("span", { class: "count" }, number, element("span", { class: "visually-hidden" }, " clicks")),
    copyButton(link.short_url, { name: format.bare(link.short_url), className: "quiet" }),
  );
}

function empty() {
  return element(
    "div",
    { class: "empty" },
    element("h2", {}, "No links yet"),
    element("p", { class: "muted" }, "Shorten an address above. Its clicks show here as they happen."),
  );
}

function nothing() {
  return element("div", { class: "empty" }, element("h2", {}, "No link fits the search"));
}
