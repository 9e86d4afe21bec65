// A link's short address, as its owner shares it: the host is only the way to the name.

import { element } from "../dom.js";
import * as format from "../format.js";

export function shortAddress({ short_url: address, code }) {
  const host = format.bare(address).slice(0, -code.length);
  return [element("span", { class: "host" }, host), element("span", { class: "name" }, code)];
}
