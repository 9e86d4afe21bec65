/**
 * @file Timers of any length. A platform's own keep 31 bits of milliseconds: `setTimeout(f, Infinity)` and a month both
 * run at once, and again and again where the callback plans the next.
 *
 * @typedef {import("./index.d.ts").Clock} Clock
 */

const LONGEST_MS = 2 ** 31 - 1;

/**
 * The same clock, whose timers never run if they are `Infinity` away, and in time if they are months away.
 *
 * @param {Clock} clock
 * @returns {Clock}
 */
export function lasting(clock) {
  return {
    now: () => clock.now(),
    setTimeout(callback, milliseconds) {
      /** @type {{ running?: unknown }} */
      const timer = {};
      const wait = (/** @type {number} */ left) => {
        const step = Math.min(left, LONGEST_MS);
        timer.running = clock.setTimeout(left > step ? () => wait(left - step) : callback, step);
      };
      if (milliseconds !== Infinity) wait(milliseconds);
      return timer;
    },
    clearTimeout: (timer) => clock.clearTimeout(timer?.running),
  };
}
