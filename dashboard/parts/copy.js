// Copies, and says that it did.

import { element, icon } from "../dom.js";
import { announce } from "./announcer.js";

const DONE_MS = 1_600;

/** Whether it was copied; an address without TLS has no clipboard, and a browser may refuse. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function copyButton(text, { name, label = "Copy", className = "" }) {
  const words = element("span", { class: "words" }, label);
  const button = element(
    "button",
    { type: "button", class: `button ${className}`, "aria-label": `Copy ${name}`, onclick: copy },
    icon("copy"),
    words,
  );
  let timer;

  async function copy() {
    const isCopied = await copied(text);
    announce(isCopied ? `${name} copied` : `Copying was refused. Select and copy ${name} by hand.`);
    say(isCopied ? "Copied" : "Refused", isCopied ? "check" : "copy");
    clearTimeout(timer);
    timer = setTimeout(() => say(label, "copy"), DONE_MS);
  }

  function say(word, symbol) {
    words.textContent = word;
    button.firstChild.replaceWith(icon(symbol));
  }

  return button;
}
