/**
 * @file When the next heartbeat is due, and for which channel. A heartbeat is a `subscribe`: it keeps the
 * connection from idling and finds out whether the server still knows the channel's subscription. Any frame
 * of a channel proves the same, so a channel that speaks needs none.
 */

/** An eighth of eight minutes: every seven to nine, below the ten after which API Gateway ends a silent connection. */
const JITTER = 0.125;

export class Heartbeat {
  /** @type {unknown} */
  #timer;
  /** When each channel was last heard of on this socket. @type {Map<string, number>} */
  #heardAt = new Map();
  #startedAt = 0;
  #beatAt = 0;
  #interval = 0;

  /**
   * @param {import("./options.js").Options} options
   * @param {() => string[]} channels
   * @param {(channel: string) => void} onBeat
   */
  constructor(options, channels, onBeat) {
    this.options = options;
    this.channels = channels;
    this.onBeat = onBeat;
  }

  start() {
    this.#startedAt = this.options.clock.now();
    this.#rest();
  }

  /** A frame of the channel has come. @param {string} channel */
  heard(channel) {
    this.#heardAt.set(channel, this.options.clock.now());
  }

  /** Beats at once, for the channel that has been silent longest. */
  beat() {
    const { channel } = this.#quietest();
    this.#rest();
    if (channel !== undefined) this.onBeat(channel);
  }

  stop() {
    this.options.clock.clearTimeout(this.#timer);
  }

  /** Until the next beat is due again, at the earliest. */
  #rest() {
    const { clock, random, timings } = this.options;
    this.#beatAt = clock.now();
    // Whole: the sum of a time and a remainder is then exact, and a timer that ends is not set again for nothing.
    this.#interval = Math.ceil(timings.heartbeatMs * (1 - JITTER + 2 * JITTER * random()));
    this.#wait();
  }

  /**
   * One timer serves all channels. Frames do not move it: when it ends too early, it is set again for the
   * time that remains. What ends the silence of one channel leaves the others silent, so that the connection
   * has had a frame within one interval whenever no beat was due.
   */
  #wait() {
    const { clock } = this.options;
    const since = Math.max(this.#beatAt, this.#quietest().heardAt);
    const remains = since + this.#interval - clock.now();
    this.stop();
    this.#timer = clock.setTimeout(
      () => (this.#isDue() ? this.beat() : this.#wait()),
      Math.max(0, remains),
    );
  }

  #isDue() {
    const since = Math.max(this.#beatAt, this.#quietest().heardAt);
    return this.options.clock.now() >= since + this.#interval;
  }

  /** @returns {{ channel?: string, heardAt: number }} */
  #quietest() {
    const silent = this.channels().map((channel) => ({
      channel,
      heardAt: this.#heardAt.get(channel) ?? this.#startedAt,
    }));
    return silent.reduce((one, other) => (other.heardAt < one.heardAt ? other : one), {
      channel: silent[0]?.channel,
      heardAt: silent[0]?.heardAt ?? this.#startedAt,
    });
  }
}
