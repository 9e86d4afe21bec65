// One link: its number as it jumps, the pace of the last minute, its days, the last clicks.

import { bars } from "../charts/bars.js";
import { sparkline } from "../charts/sparkline.js";
import { element, icon, motionIsWelcome } from "../dom.js";
import * as format from "../format.js";
import { loading } from "../loading.js";
import { shortAddress } from "../parts/address.js";
import { announceNumber, forgetNumbers } from "../parts/announcer.js";
import { copyButton } from "../parts/copy.js";
import { confirmed } from "../parts/dialog.js";
import { download } from "../parts/download.js";
import { rollingNumber } from "../parts/number.js";
import { showQrCode } from "../parts/qr-code.js";
import { lifetime } from "../parts/when.js";
import { Tally, lastDays } from "../tally.js";
import { failure, missingView, skeleton } from "./states.js";

const DAYS = 30;
const RISE = { duration: 1_100, easing: "ease-out" };

export function linkView(context, code) {
  const page = element("div", { class: "page" }, skeleton(3));
  let live = null;
  const loaded = loading({
    network: context.network,
    ask: () => context.api.read(code),
    show(link) {
      live = liveLink(link, context);
      page.replaceChildren(...live.children);
      // A reader waits at the top of a page that had no heading yet.
      if (document.activeElement?.id === "main") page.querySelector("h1").focus({ preventScroll: true });
    },
    fail(error, again) {
      const missing = error.status === 404;
      page.replaceChildren(missing ? missingView().element.firstChild : failure(error, again));
    },
  });

  return {
    title: code,
    element: page,
    keys: {
      c: () => context.navigate("/", { act: "c" }),
      y: () => page.querySelector(".actions .button")?.click(),
    },
    close() {
      loaded.close();
      live?.close();
    },
  };
}

function liveLink(link, context) {
  const tally = new Tally(link.clicks);
  const number = rollingNumber("hero");
  const gain = element("span", { class: "gain", "aria-hidden": "true" });
  const pace = sparkline();
  const days = link.days ? bars() : null;
  const stats = { now: stat("Last second"), today: stat("Today, UTC"), latency: stat("Click to screen") };
  const events = element("ol", { class: "events" });
  let counted = lastDays(link.days ?? [], DAYS, Date.now());

  function take(clicks, meta) {
    const nowMs = Date.now();
    const added = tally.take(clicks, meta, nowMs);
    number.show(clicks);
    if (added <= 0) return;
    rise(gain, added);
    countDay(meta.at, added, nowMs);
    showDays();
    showEvents();
    showLatency();
    announceNumber(() => `${format.clicks(tally.clicks)} on ${link.code}`);
  }

  function countDay(at, added, nowMs) {
    const date = new Date(at).toISOString().slice(0, 10);
    const known = counted.map((day) => (day.date === date ? { date, clicks: day.clicks + added } : day));
    counted = lastDays(known.some((day) => day.date === date) ? known : [...known, { date, clicks: added }], DAYS, nowMs);
  }

  function showDays() {
    days?.show(counted);
    stats.today.show(format.whole(counted.at(-1).clicks));
  }

  function showEvents() {
    const rows = tally.events.map(eventRow);
    events.replaceChildren(...(rows.length > 0 ? rows : [waiting()]));
  }

  function showPace({ drift }) {
    const seconds = tally.perSecond(Date.now());
    pace.show(seconds, { drift });
    stats.now.show(format.whole(seconds.at(-1)));
  }

  function showLatency() {
    const median = tally.medianLatency;
    if (median !== null) stats.latency.show(format.milliseconds(median), `median of ${tally.measured}`);
  }

  number.show(link.clicks);
  showEvents();
  showPace({ drift: false });
  showDays();
  const ticking = setInterval(() => showPace({ drift: true }), 1_000);
  const end = context.realtime.watch(link.code, (clicks, meta) => onFrame(() => take(clicks, meta)));

  return {
    children: [
      heading(link, context),
      element(
        "section",
        { class: "card stage", "aria-label": "Clicks now" },
        element("div", { class: "number" }, number.element, element("p", { class: "unit" }, gain, "clicks")),
        element("dl", { class: "stats" }, Object.values(stats).map((one) => one.element)),
        element("div", { class: "pace" }, element("p", { class: "label" }, "Per second, last minute"), pace.element),
      ),
      element(
        "div",
        { class: "columns" },
        days && section("Per day, UTC", days.element, days.readout, csvButton(link.code, () => counted)),
        section("Last clicks, UTC", events),
      ),
    ],
    close() {
      clearInterval(ticking);
      forgetNumbers();
      days?.close();
      end();
    },
  };
}

/** With the next picture, so that what is measured is what is seen; a hidden page draws none. */
const onFrame = (draw) => (document.hidden ? draw() : requestAnimationFrame(draw));

function csvButton(code, days) {
  const save = () =>
    download(`${code}.csv`, "text/csv", ["date,clicks", ...days().map((day) => `${day.date},${day.clicks}`), ""].join("\r\n"));
  return element("button", { type: "button", class: "button quiet small", onclick: save }, "CSV");
}

function heading(link, { api, navigate, place = "" }) {
  const short = format.bare(link.short_url);
  const embed = `<iframe src="${location.origin}/watch/${link.code}" title="Live clicks" width="360" height="240"></iframe>`;
  const error = element("p", { class: "error", role: "alert" });

  async function remove() {
    const text = `${short} stops working at once, and its name is never given out again.`;
    if (!(await confirmed({ title: `Delete ${link.code}?`, text, action: "Delete link" }))) return;
    await api.remove(link.code).then(
      () => navigate(`/${place}`, { say: `${link.code} is deleted` }),
      (refusal) => (error.textContent = refusal.message),
    );
  }

  return element(
    "div",
    { class: "heading" },
    element("a", { class: "back", href: `/${place}` }, icon("back"), "Links"),
    element(
      "div",
      { class: "title" },
      element("h1", { tabindex: -1 }, shortAddress(link)),
      element("a", { class: "target", href: link.target, rel: "noreferrer", target: "_blank" }, format.bare(link.target)),
      element("p", { class: "faint" }, lifetime(link, "made")),
    ),
    element(
      "div",
      { class: "actions" },
      copyButton(link.short_url, { name: short }),
      element("a", { class: "button", href: `/watch/${link.code}`, target: "_blank" }, icon("open"), "Public page"),
      copyButton(embed, { name: "embed code", label: "Embed" }),
      element("button", { type: "button", class: "button", onclick: () => showQrCode(link) }, "QR code"),
      element("button", { type: "button", class: "button danger quiet", onclick: remove }, icon("bin"), "Delete"),
    ),
    error,
  );
}

function section(title, content, ...aside) {
  const head = element("div", { class: "head" }, element("h2", { class: "label" }, title), element("div", {}, aside));
  return element("section", { class: "card" }, head, content);
}

function stat(label) {
  const value = element("span", { class: "value" }, "–");
  const note = element("span", { class: "note" });
  return {
    element: element("div", {}, element("dt", { class: "label" }, label), element("dd", {}, value, note)),
    show(text, about = "") {
      value.textContent = text;
      note.textContent = about;
    },
  };
}

function eventRow({ at, added, clicks, latency }) {
  return element(
    "li",
    { "data-latency": latency },
    element("span", { class: "faint" }, format.clock(at)),
    element("strong", {}, `+${format.whole(added)}`),
    element("span", {}, format.whole(clicks)),
    element("span", { class: "faint" }, latency === null ? "caught up" : format.milliseconds(latency)),
  );
}

function waiting() {
  return element("li", { class: "muted none" }, "Waiting for the next click.");
}

function rise(gain, added) {
  gain.textContent = `+${format.whole(added)}`;
  if (!motionIsWelcome()) return;
  const path = [
    { transform: "translateY(30%)", opacity: 0 },
    { transform: "none", opacity: 1, offset: 0.2 },
    { transform: "translateY(-60%)", opacity: 0 },
  ];
  gain.animate(path, RISE);
}
