// A file that the page makes itself: nothing is asked of a server for it.

import { element } from "../dom.js";

export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
