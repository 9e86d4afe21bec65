// A link's QR code to look at and to take along.

import { element, svg } from "../dom.js";
import { qr } from "../qr.js";
import { shown } from "./dialog.js";
import { download } from "./download.js";

const QUIET = 4;

export function showQrCode({ short_url: address, code }) {
  const drawing = drawn(qr(address), `QR code of ${address}`);
  const save = () => download(`${code}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(drawing));
  const button = element("button", { type: "button", class: "button primary", onclick: save }, "Download SVG");
  return shown(`QR code of ${code}`, element("div", { class: "qr" }, drawing, button));
}

/** Black on white in both schemes: readers look for dark on light. */
function drawn(grid, name) {
  const size = grid.length + 2 * QUIET;
  const dark = grid.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])));
  return svg(
    "svg",
    { viewBox: `0 0 ${size} ${size}`, width: 240, height: 240, role: "img", "aria-label": name },
    svg("rect", { width: size, height: size, fill: "#fff" }),
    svg("path", { d: dark.join(""), fill: "#000", "shape-rendering": "crispEdges" }),
  );
}
