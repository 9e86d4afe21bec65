// Clicks per second over the last minute, as a curve that drifts to the left.

import { motionIsWelcome, svg } from "../dom.js";
import { WINDOW_SECONDS, ceiling } from "../tally.js";

const WIDTH = 600;
const HEIGHT = 96;
/** The oldest second lies outside, on the left, and the newest drifts in from the right. */
const STEP = WIDTH / (WINDOW_SECONDS - 2);
const LOWEST_CEILING = 4;

let made = 0;

export function sparkline() {
  const fade = `fade-${++made}`;
  const line = svg("path", { class: "line" });
  const area = svg("path", { class: "area", fill: `url(#${fade})` });
  const moving = svg("g", {}, area, line);
  const stops = [["0", "0.28"], ["1", "0"]].map(([offset, opacity]) =>
    svg("stop", { offset, "stop-color": "currentColor", "stop-opacity": opacity }),
  );
  const gradient = svg("linearGradient", { id: fade, x1: 0, y1: 0, x2: 0, y2: 1 }, stops);
  const node = svg(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
    svg("defs", {}, gradient),
    moving,
  );

  return {
    element: node,
    /** `drift`: a second has gone, and the curve moves on by one. */
    show(seconds, { drift }) {
      const peak = Math.max(...seconds);
      const top = ceiling(Math.max(LOWEST_CEILING, peak));
      const points = seconds.map((clicks, i) => [(i - 1) * STEP, y(clicks, top)]);
      const curve = smooth(points);
      line.setAttribute("d", curve);
      area.setAttribute("d", `${curve}L${WIDTH},${HEIGHT}L${round(-STEP)},${HEIGHT}Z`);
      node.classList.toggle("still", peak === 0);
      const now = seconds.at(-1);
      node.setAttribute("aria-label", `Clicks per second in the last minute: now ${now}, at most ${peak}`);
      if (drift && motionIsWelcome()) {
        const by = [{ transform: `translateX(${STEP}px)` }, { transform: "none" }];
        moving.animate(by, { duration: 1_000, easing: "linear" });
      }
    },
  };
}

const y = (clicks, top) => HEIGHT - 3 - (clicks / top) * (HEIGHT - 8);

/** Level tangents at each point: the curve never shows more clicks than there were, nor fewer than none. */
function smooth(points) {
  return points.reduce((path, [x, height], i) => {
    if (i === 0) return `M${round(x)},${round(height)}`;
    const [before, former] = points[i - 1];
    const middle = round((before + x) / 2);
    return `${path}C${middle},${round(former)} ${middle},${round(height)} ${round(x)},${round(height)}`;
  }, "");
}

const round = (number) => Math.round(number * 10) / 10;
