// A time as readers think of it, with the exact one behind it.

import { element } from "../dom.js";
import * as format from "../format.js";

export function when(iso, before = "") {
  const text = format.ago(iso, Date.now());
  return element("time", { datetime: iso, title: format.exact(iso) }, before ? `${before} ${text}` : text);
}

/** When a link was made, or that it ends or has ended. */
export function lifetime({ created_at: made, expires_at: ends }, before = "") {
  if (ends === null) return when(made, before);
  return when(ends, Date.parse(ends) < Date.now() ? "expired" : "expires");
}
