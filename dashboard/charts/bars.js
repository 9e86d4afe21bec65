// Clicks per day as bars, the running day in the accent. What is drawn is decoration for screen
// readers: they get the same days as a table.

import { element, svg } from "../dom.js";
import * as format from "../format.js";
import { ceiling } from "../tally.js";

const HEIGHT = 180;
const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;
const LOWEST_CEILING = 5;
const NARROW_WEEK = 64;

export function bars() {
  const readout = element("p", { class: "readout", "aria-hidden": "true" });
  const drawing = svg("svg", {
    class: "bars",
    height: HEIGHT,
    "aria-hidden": "true",
    onpointerleave: () => read(days.length - 1),
  });
  const body = element("tbody");
  const table = element(
    "table",
    {},
    element("caption", {}, "Clicks per day"),
    element("thead", {}, element("tr", {}, heading("Day"), heading("Clicks"))),
    body,
  );
  let days = [];

  function read(i) {
    const { date, clicks } = days[i];
    const name = i === days.length - 1 ? "Today" : format.weekday(date);
    readout.textContent = `${name}: ${format.clicks(clicks)}`;
  }

  // In real pixels: a scaled drawing would scale its words too, down to nothing on a phone.
  function draw() {
    const width = drawing.clientWidth;
    if (width === 0 || days.length === 0) return;
    const top = ceiling(Math.max(LOWEST_CEILING, ...days.map((day) => day.clicks)));
    const plot = { width, top, slot: (width - LEFT) / days.length };
    drawing.replaceChildren(...lines(plot), ...labels(days, plot), ...columns(days, plot, read));
  }
  const resized = new ResizeObserver(draw);
  resized.observe(drawing);

  return {
    element: element("div", {}, drawing, element("div", { class: "visually-hidden" }, table)),
    /** Which day is pointed at, for the head of the chart. */
    readout,
    show(newest) {
      days = newest;
      draw();
      body.replaceChildren(...days.map(row));
      read(days.length - 1);
    },
    close: () => resized.disconnect(),
  };
}

const heading = (text) => element("th", { scope: "col" }, text);

function row({ date, clicks }) {
  const day = element("th", { scope: "row" }, format.weekday(date));
  return element("tr", {}, day, element("td", {}, format.whole(clicks)));
}

const floor = HEIGHT - BOTTOM;
const height = (clicks, top) => (clicks / top) * (floor - TOP);

function lines({ width, top }) {
  return [0, top / 2, top].flatMap((clicks) => {
    const y = floor - height(clicks, top);
    const label = Number.isInteger(clicks) ? format.compact(clicks) : "";
    return [
      svg("line", { class: "grid", x1: LEFT, x2: width, y1: y, y2: y }),
      svg("text", { class: "tick", x: LEFT - 10, y: y + 4, "text-anchor": "end" }, label),
    ];
  });
}

function labels(days, { width, slot }) {
  const every = slot * 7 < NARROW_WEEK ? 14 : 7;
  const named = days.flatMap((day, i) => ((days.length - 1 - i) % every === 0 ? [[day, i]] : []));
  return named.map(([day, i]) => {
    const last = i === days.length - 1;
    const x = last ? width : LEFT + (i + 0.5) * slot;
    const anchor = last ? "end" : "middle";
    const text = last ? "Today" : format.day(day.date);
    return svg("text", { class: "tick", x, y: HEIGHT - 4, "text-anchor": anchor }, text);
  });
}

function columns(days, { top, slot }, read) {
  return days.map(({ clicks }, i) => {
    const tall = clicks === 0 ? 0 : Math.max(2, height(clicks, top));
    const x = LEFT + i * slot;
    const bar = svg("rect", {
      class: i === days.length - 1 ? "column today" : "column",
      x: x + slot * 0.16, y: floor - tall, width: slot * 0.68, height: tall, rx: Math.min(3, tall / 2),
    });
    const whole = svg("rect", { class: "hover", x, y: 0, width: slot, height: floor });
    return svg("g", { onpointerenter: () => read(i) }, whole, bar);
  });
}
