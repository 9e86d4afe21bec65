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
  #dueAt = 0;
  /** The new session, while both are there. @type {Session | undefined} */
  session;

  /**
   * @param {import("./options.js").Options} options
   * @param {(attempt: { failures: number, mustSignIn: boolean }) => Session} open
   */
  constructor(options, open) {
    this.options = options;
    this.open = open;
  }

  /** Plans the change for a session that has just opened. */
  arm() {
    this.stop();
    const { clock, random, timings } = this.options;
    this.#failures = 0;
    const age = timings.rotateAfterMs + random() * timings.rotateSpreadMs;
    this.#dueAt = clock.now() + age;
    this.#after(age, () => this.#begin());
  }

  /** Before it is due, because a channel waits for credentials: a new socket is opened once there is a ticket. */
  hasten() {
    if (this.#failures === 0 && !this.session) this.failed();
  }

  stop() {
    this.options.clock.clearTimeout(this.#timer);
    this.session?.close();
    this.session = undefined;
  }

  /** The new session, which belongs to the caller from now on. */
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
    const { clock, timings } = this.options;
    const { connectTimeoutMs, replyTimeoutMs } = timings;
    this.session = this.open({
      failures: this.#failures,
      mustSignIn: clock.now() < this.#dueAt,
    });
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
