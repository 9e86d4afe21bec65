// Builds elements without markup in strings: the page's policy forbids those, and text from
// a link's owner can never become an element.

const SVG = "http://www.w3.org/2000/svg";

/** Attributes that are functions listen: `onclick`. Null, undefined and false ones are left out. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const ICONS = {
  copy: ["M9 9h10v10H9z", "M5 15V5h10"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  back: ["M14 6l-6 6 6 6"],
  open: ["M9 7h8v8", "M17 7L7 17"],
  bin: ["M5 7h14", "M10 7V5h4v2", "M7 7l1 12h8l1-12"],
  pulse: ["M3 13h4l3-8 4 14 3-6h4"],
};

/** Decoration: what it stands for is said in words beside it. */
export function icon(name) {
  const paths = ICONS[name].map((d) => svg("path", { d }));
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, paths);
}

export const motionIsWelcome = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;
