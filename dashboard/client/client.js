/**
 * @file Keeps one session alive while there is a subscription, and two while one replaces the other.
 *
 * @typedef {import("./index.d.ts").State} State
 * @typedef {import("./session.js").Session} SessionType
 */
import { pauseMs } from "./backoff.js";
import { Channel } from "./channel.js";
import { watchPage } from "./page.js";
import { Rotation } from "./rotation.js";
import { Session } from "./session.js";

/** A connection that lasted so long was a good one: the next pause is short again. */
const STABLE_MS = 5_000;
/** While the page says that it is offline, pauses are as after so many failures. */
const OFFLINE_FAILURES = 10;

export class Client {
  /** @type {Map<string, Channel>} */
  channels = new Map();
  /** @type {State} */
  state = Object.freeze({ status: "paused", attempt: 0 });
  malformedFrames = 0;
  isClosed = false;
  /** @type {Set<(state: State) => void>} */
  stateListeners = new Set();
  /** @type {SessionType | undefined} */
  #session;
  /** @type {unknown} */
  #retry;
  /** @type {unknown} */
  #idle;
  /** Attempts and connections that came to nothing, in a row. */
  #failures = 0;
  /** Of them, handshakes since the last that succeeded. */
  #failedHandshakes = 0;
  #isHidden = false;
  #isOnline;
  /** @type {Error | undefined} */
  #error;

  /** @param {import("./options.js").Options} options */
  constructor(options) {
    this.options = options;
    this.stateListeners.add(options.onState);
    this.#isOnline = options.page.navigator?.onLine !== false;
    this.rotation = new Rotation(options, (attempt) => this.#newSession(attempt));
    this.stopWatching = watchPage(options, {
      hidden: () => this.#hidden(),
      shown: () => this.#shown(),
      offline: () => this.#offline(),
      online: () => this.#online(),
    });
  }

  /** @param {import("./listener.js").Listener} listener */
  add(listener) {
    const name = listener.channel;
    const channel =
      this.channels.get(name) ?? new Channel(name, this.options, () => this.#advance(name));
    this.channels.set(name, channel);
    channel.add(listener);
    this.#advance(name);
    this.#update();
  }

  /** @param {import("./listener.js").Listener} listener */
  remove(listener) {
    const channel = this.channels.get(listener.channel);
    if (listener.isClosed || !channel) return;
    channel.remove(listener);
    if (channel.size === 0) this.#forget(channel);
  }

  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopWatching();
    for (const channel of this.channels.values()) channel.clear();
    this.channels.clear();
    this.#rest();
  }

  /** @param {Channel} channel */
  #forget(channel) {
    this.channels.delete(channel.name);
    this.#advance(channel.name);
    if (this.channels.size > 0) return;
    const { clock, timings } = this.options;
    clock.clearTimeout(this.#idle);
    this.#idle = clock.setTimeout(() => this.#update(), timings.idleCloseMs);
  }

  /** @param {string} name */
  #advance(name) {
    this.#session?.advance(name);
    this.rotation.session?.advance(name);
  }

  #update() {
    if (this.isClosed || this.#isHidden || this.channels.size === 0) this.#rest();
    else if (!this.#session && this.#retry === undefined) this.#open();
  }

  #open() {
    this.#session = this.#newSession({ failures: this.#failedHandshakes, mustSignIn: false });
    this.#tell("connecting");
  }

  /** @param {{ failures: number, mustSignIn: boolean }} attempt */
  #newSession(attempt) {
    return new Session(
      this.options,
      this.channels,
      {
        opened: (session) => this.#opened(session),
        ended: (session, error) => this.#ended(session, error),
        progressed: (session) => this.#progressed(session),
        refused: (name, error) => this.#refused(name, error),
        forbidden: (session) => session === this.#session && this.rotation.hasten(),
        malformed: () => (this.malformedFrames += 1),
      },
      attempt,
    );
  }

  /** @param {SessionType} session */
  #opened(session) {
    if (session !== this.#session) return;
    for (const channel of this.channels.values()) channel.announce();
    this.#error = undefined;
    this.#failedHandshakes = 0;
    this.#isOnline = true;
    this.#armRotation();
    this.#tell("open");
  }

  /** @param {SessionType} session */
  #progressed(session) {
    if (session === this.rotation.session && session.covers(this.#session)) this.#replace();
  }

  /** Goes on with the new session; the old one has closed or is closed now. */
  #replace() {
    const old = this.#session;
    this.#session = this.rotation.release();
    old?.close();
    this.#armRotation();
    this.#session?.advanceAll();
  }

  /** A session that took over may have been refused a channel before it was the only one. */
  #armRotation() {
    this.rotation.arm();
    if (this.#session?.isWaiting) this.rotation.hasten();
  }

  /**
   * @param {SessionType} session
   * @param {Error} error
   */
  #ended(session, error) {
    if (session === this.rotation.session) this.rotation.failed();
    else if (session === this.#session) this.#lost(error);
  }

  /** @param {Error} error */
  #lost(error) {
    const { clock } = this.options;
    const openedAt = this.#session?.openedAt;
    this.#session = this.rotation.release();
    this.#error = error;
    if (this.#session) return this.#takeOver(this.#session);
    if (!openedAt) this.#failedHandshakes += 1;
    this.#failures = openedAt && clock.now() - openedAt >= STABLE_MS ? 1 : this.#failures + 1;
    this.#wait();
  }

  /** The old session ended while the new one was on its way. @param {SessionType} session */
  #takeOver(session) {
    if (session.isOpen) this.#opened(session);
    else this.#tell("connecting");
  }

  #wait() {
    const { clock } = this.options;
    const failures = this.#isOnline ? this.#failures : OFFLINE_FAILURES;
    const retryInMs = pauseMs(failures, this.options);
    clock.clearTimeout(this.#retry);
    this.#retry = clock.setTimeout(() => {
      this.#retry = undefined;
      this.#update();
    }, retryInMs);
    this.#tell("waiting", retryInMs);
  }

  /** No connection is wanted. */
  #rest() {
    const { clock } = this.options;
    clock.clearTimeout(this.#retry);
    clock.clearTimeout(this.#idle);
    this.#retry = undefined;
    this.rotation.stop();
    this.#session?.close();
    this.#session = undefined;
    this.#failures = 0;
    this.#error = undefined;
    this.#tell(this.isClosed ? "closed" : "paused");
  }

  /**
   * @param {string} name
   * @param {import("./frames.js").ErrorFrame} error
   */
  #refused(name, error) {
    const channel = this.channels.get(name);
    if (!channel) return;
    this.#forget(channel);
    channel.fail(error, true);
  }

  #hidden() {
    this.#isHidden = true;
    this.#update();
  }

  #shown() {
    this.#isHidden = false;
    if (this.#session?.isOpen) this.#session.beat();
    else if (this.#retry !== undefined) this.#retrySoon();
    else this.#update();
  }

  #offline() {
    this.#isOnline = false;
    const session = this.#session;
    if (session) {
      this.rotation.stop();
      session.close();
      this.#lost(new Error("the network is gone"));
    } else if (this.#retry !== undefined) this.#wait();
  }

  #online() {
    this.#isOnline = true;
    if (this.#retry !== undefined) this.#retrySoon();
    else if (this.#session && !this.#session.isOpen) this.#tell("connecting");
  }

  /** Not at once: a network that comes back does so for many. */
  #retrySoon() {
    this.#failures = 1;
    this.#wait();
  }

  /**
   * @param {State["status"]} status
   * @param {number} [retryInMs]
   */
  #tell(status, retryInMs) {
    const isOffline = !this.#isOnline && (status === "connecting" || status === "waiting");
    /** @type {any} */
    const state = {
      status: isOffline ? "offline" : status,
      attempt: status === "open" ? 0 : this.#failures,
    };
    if (retryInMs !== undefined && !isOffline) state.retryInMs = retryInMs;
    if (this.#error) state.error = this.#error;
    const { state: last } = this;
    if (status === last.status && (status === "paused" || status === "closed")) return;
    this.state = Object.freeze(state);
    for (const listener of [...this.stateListeners]) this.options.call(listener, this.state);
  }
}
