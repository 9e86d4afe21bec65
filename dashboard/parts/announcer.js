// Says things to screen readers: the reader's own acts at once, numbers at most every few seconds,
// because a number that is read out on each click can be neither followed nor interrupted.

const NUMBERS_EVERY_MS = 8_000;

let spokenAt = 0;
let timer = null;
let latest = null;

const region = () => document.getElementById("announcer");

export function announce(text) {
  region().textContent = text;
}

/** `describe` is called when it is time: what is said is true then. */
export function announceNumber(describe) {
  latest = describe;
  timer ??= setTimeout(speak, Math.max(0, spokenAt + NUMBERS_EVERY_MS - Date.now()));
}

/** A view that goes takes with it what it had to say. */
export function forgetNumbers() {
  clearTimeout(timer);
  timer = latest = null;
}

function speak() {
  spokenAt = Date.now();
  announce(latest());
  forgetNumbers();
}
