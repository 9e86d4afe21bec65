// The public page of one link: a number for every reader, on a page of its own or in a frame.

import { sparkline } from "./charts/sparkline.js";
import { loadConfig } from "./config.js";
import { element } from "./dom.js";
import * as format from "./format.js";
import { announceNumber } from "./parts/announcer.js";
import { rollingNumber } from "./parts/number.js";
import { connectionStatus } from "./parts/status.js";
import { loading } from "./loading.js";
import { Network } from "./network.js";
import { Realtime } from "./realtime.js";
import { Tally } from "./tally.js";

const NO_SUCH_LINK = "There is no such link.";
const network = new Network();
const main = document.getElementById("main");

function start() {
  const [, code] = location.pathname.match(/^\/watch\/([A-Za-z0-9_-]{3,32})\/?$/) ?? [];
  if (!code) return say(NO_SUCH_LINK);
  document.title = `${code} · Live clicks`;
  loading({ ask: loadConfig, show: (config) => watch(code, config), fail: (error) => say(error.message), network });
}

function watch(code, config) {
  const tally = new Tally();
  const number = rollingNumber("hero");
  const status = connectionStatus();
  const pace = sparkline();
  const unit = element("p", { class: "unit" }, "clicks");

  function take(clicks, meta) {
    const added = tally.take(clicks, meta, Date.now());
    number.show(clicks);
    if (added > 0) announceNumber(() => format.clicks(tally.clicks));
  }

  const tick = (drift) => pace.show(tally.perSecond(Date.now()), { drift });
  number.show(0);
  tick(false);
  const ticking = setInterval(() => tick(true), 1_000);
  main.replaceChildren(
    element("header", {}, element("h1", {}, code), status.element),
    element("div", { class: "number" }, number.element, unit),
    pace.element,
  );
  const realtime = new Realtime(config.endpoint);
  const tell = () => status.show(realtime.state, network.isOnline);
  realtime.observe(tell);
  network.observe(tell);
  tell();
  // A link that has been clicked on has a number; of another it is not known yet whether it exists.
  realtime.watch(code, take, {
    async onSubscribed({ version }) {
      if (version !== undefined || !(await isMissing(config, code))) return;
      realtime.close();
      clearInterval(ticking);
      say(NO_SUCH_LINK);
    },
  });
}

/** The redirect answers HEAD as it does GET, and counts nothing. Anything but its plain no leaves the page as it is. */
async function isMissing({ publicUrl }, code) {
  const answer = await fetch(`${publicUrl}/${code}`, { method: "HEAD", redirect: "manual" }).catch(() => null);
  return answer?.status === 404;
}

function say(text) {
  main.replaceChildren(element("p", { class: "muted", role: "alert" }, text));
}

start();
