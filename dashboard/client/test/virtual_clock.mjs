/** @file Hours in milliseconds: time stands still until the next timer is due. */

export class VirtualClock {
  #timers = [];
  #count = 0;
  #now = Date.UTC(2026, 0, 1);

  now() {
    return this.#now;
  }

  setTimeout(callback, milliseconds) {
    const timer = {
      at: this.#now + Math.max(0, Math.round(milliseconds)),
      order: this.#count++,
      callback,
    };
    // From the end: most timers are due late.
    let index = this.#timers.length;
    while (index > 0 && isAfter(timer, this.#timers[index - 1])) index -= 1;
    this.#timers.splice(index, 0, timer);
    return timer;
  }

  clearTimeout(timer) {
    if (timer) timer.callback = undefined;
  }

  /**
   * Runs what is due within so many milliseconds, or until something is true; the promises of each timer
   * come before the next.
   */
  async run(milliseconds, until = () => false) {
    const end = this.#now + Math.round(milliseconds);
    await settled();
    while (this.#timers.length && this.#timers.at(-1).at <= end) {
      const { at, callback } = this.#timers.pop();
      if (!callback) continue;
      this.#now = at;
      callback();
      await settled();
      if (until()) return;
    }
    this.#now = end;
  }
}

/** The list is sorted with the next one last. */
function isAfter(one, other) {
  return one.at > other.at || (one.at === other.at && one.order > other.order);
}

/** What promises lead to. Awaiting a few turns of them instead costs more under the test runner's hooks. */
function settled() {
  return new Promise(setImmediate);
}

/** From 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
