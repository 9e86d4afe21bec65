/**
 * @file When the next heartbeat is due. It is a `subscribe`: besides keeping the connection from idling
 * it finds out whether the server still knows the connection, and whether a push was missed.
 */

const JITTER = 0.2;

export class Heartbeat {
  /** @type {unknown} */
  #timer;
  beats = 0;

  /**
   * @param {import("./options.js").Options} options
   * @param {() => void} onBeat
   */
  constructor(options, onBeat) {
    this.options = options;
    this.onBeat = onBeat;
  }

  start() {
    const { clock, random, timings } = this.options;
    const share = 1 - JITTER + 2 * JITTER * random();
    this.#timer = clock.setTimeout(() => this.beat(), timings.heartbeatMs * share);
  }

  beat() {
    this.stop();
    this.start();
    this.onBeat();
    this.beats += 1;
  }

  stop() {
    this.options.clock.clearTimeout(this.#timer);
  }
}
