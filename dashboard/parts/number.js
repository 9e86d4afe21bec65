// A number whose digits roll when it changes. Each digit is a slot of its own, counted from the
// right, so that only those that change move; screen readers get the number as one text instead.

import { element, motionIsWelcome } from "../dom.js";
import { whole } from "../format.js";

const ROLL = { duration: 420, easing: "cubic-bezier(.2, .85, .25, 1)" };
const FLASH = { duration: 1_200, easing: "ease-out" };

export function rollingNumber(className = "") {
  const slots = element("span", { class: "slots", "aria-hidden": "true" });
  const spoken = element("span", { class: "visually-hidden", "data-clicks": "" });
  const node = element("span", { class: `rolling ${className}` }, slots, spoken);

  return {
    element: node,
    /** The first number is simply there; a later one rolls in. */
    show(number) {
      const text = whole(number);
      const first = spoken.textContent === "";
      spoken.textContent = text;
      node.style.setProperty("--characters", text.length);
      fill(slots, text, !first && motionIsWelcome());
    },
  };
}

function fill(slots, text, rolling) {
  while (slots.childElementCount > text.length) slots.firstChild.remove();
  while (slots.childElementCount < text.length) slots.prepend(element("span", { class: "slot" }));
  [...text].forEach((character, i) => {
    const slot = slots.children[i];
    if (slot.dataset.shows !== character) change(slot, character, rolling);
  });
}

function change(slot, character, rolling) {
  const old = slot.querySelector(".digit:not(.leaving)");
  const fresh = element("span", { class: "digit" }, character);
  slot.dataset.shows = character;
  slot.append(fresh);
  if (rolling) roll(old, fresh);
  else old?.remove();
}

function roll(old, fresh) {
  const { color } = getComputedStyle(fresh);
  const accent = getComputedStyle(fresh).getPropertyValue("--accent");
  const rest = { transform: "none" };
  fresh.animate([{ transform: "translateY(100%)" }, rest], ROLL);
  fresh.animate([{ color: accent }, { color: accent, offset: 0.4 }, { color }], FLASH);
  if (!old) return;
  old.classList.add("leaving");
  old.animate([rest, { transform: "translateY(-100%)" }], ROLL).finished.then(() => old.remove());
}
