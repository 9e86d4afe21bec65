/**
 * @file The planned change to a new socket before API Gateway ends the old one after two hours: the new
 * one is open and has an answer for every channel before the old one closes.
 *
 * @typedef {import("./session.js").Session} Session
 */
import { pauseMs } from "./backoff.js";

export class Rotation {
  /** @type {unknown} */
  #timer;
  #failures = 0;
  /** The new session, while both are there. @type {Session | undefined} */
  session;

  /**
   * @param {import("./options.js").Options} options
   * @param {(failures: number) => Session} open
   */
  constructor(options, open) {
    this.options = options;
    this.open = open;
  }

  /** Plans the change for a session that has just opened. */
  arm() {
    this.stop();
    const { random, timings } = this.options;
    this.#failures = 0;
    this.#after(timings.rotateAfterMs + random() * timings.rotateSpreadMs, () => this.#begin());
  }

  stop() {
    this.options.clock.clearTimeout(this.#timer);
    this.session?.close();
    this.session = undefined;
  }

  /** The new session, which is somebody else's from now on. */
  release() {
    const { session } = this;
    this.session = undefined;
    this.stop();
    return session;
  }

  /** The new session did not come to anything: the old one stays, and another is tried. */
  failed() {
    this.stop();
    this.#failures += 1;
    this.#after(pauseMs(this.#failures, this.options), () => this.#begin());
  }

  #begin() {
    this.session = this.open(this.#failures);
    const { connectTimeoutMs, replyTimeoutMs } = this.options.timings;
    this.#after(connectTimeoutMs + 2 * replyTimeoutMs, () => this.failed());
  }

  /**
   * @param {number} milliseconds
   * @param {() => void} action
   */
  #after(milliseconds, action) {
    const { clock } = this.options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(action, milliseconds);
  }
}
