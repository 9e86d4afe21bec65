// A button that copies, and says that it did.

import { element, icon } from "../dom.js";
import { announce } from "./announcer.js";

const DONE_MS = 1_600;

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
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    announce(copied ? `${name} copied` : `Copying was refused. Select and copy ${name} by hand.`);
    say(copied ? "Copied" : "Refused", copied ? "check" : "copy");
    clearTimeout(timer);
    timer = setTimeout(() => say(label, "copy"), DONE_MS);
  }

  function say(word, symbol) {
    words.textContent = word;
    button.firstChild.replaceWith(icon(symbol));
  }

  return button;
}
