/**
 * @file One channel and its subscribers, which share one subscription at the server.
 *
 * @typedef {import("./frames.js").Message} Message
 * @typedef {import("./frames.js").Reply} Reply
 * @typedef {import("./index.d.ts").Position} Position
 * @typedef {{ code: string, message: string }} Failure
 */
import { compare, lowest } from "./position.js";
import { Every } from "./every.js";

/** Pushes kept before the first reply tells what kind of channel this is. */
const KEPT_PUSHES = 1_000;

export class Channel {
  /** @type {Set<import("./listener.js").Listener>} */
  #listeners = new Set();
  /** Unknown before the first reply. @type {"latest" | "every" | undefined} */
  delivery;
  /** @type {Message[]} */
  #unsorted = [];
  /** The newest value of a `latest` channel, for later subscribers. @type {Message | undefined} */
  #newest;
  /** Why no subscriber is served until there is a connection with credentials. @type {Failure | undefined} */
  #refusal;
  /** @type {unknown} */
  #gapTimer;

  /**
   * @param {string} name
   * @param {import("./options.js").Options} options
   * @param {() => void} onAsking a subscriber has a question for the server
   */
  constructor(name, options, onAsking) {
    this.name = name;
    this.options = options;
    this.onAsking = onAsking;
    this.isConfirmed = false;
  }

  get size() {
    return this.#listeners.size;
  }

  get isAsking() {
    return [...this.#listeners].some((listener) => listener.isAsking);
  }

  /** @param {import("./listener.js").Listener} listener */
  add(listener) {
    const other = [...this.#listeners].find((one) => !one.isAsking);
    this.#listeners.add(listener);
    if (this.delivery) listener.settle(this.delivery);
    const refusal = this.#refusal;
    if (refusal) queueMicrotask(() => listener.fail(refusal, false));
    if (!other || !this.#canJoin(listener)) return;
    listener.isAsking = false;
    if (listener.place instanceof Every && other.place instanceof Every)
      listener.place.join(other.place);
    // Not before `subscribe` has returned: the callback may want what that returns.
    queueMicrotask(() => this.#welcome(listener));
  }

  /** @param {import("./listener.js").Listener} listener */
  remove(listener) {
    listener.isClosed = true;
    this.#listeners.delete(listener);
    if (this.size === 0) this.options.clock.clearTimeout(this.#gapTimer);
  }

  clear() {
    for (const listener of [...this.#listeners]) this.remove(listener);
  }

  /** After a reconnect the application is told how it went. */
  announce() {
    this.#refusal = undefined;
    for (const listener of this.#listeners) listener.isAnnouncing = true;
  }

  /**
   * The position that the client names when it asks the server: that of the subscriber furthest back.
   *
   * @param {boolean} forAll or only for subscribers with a question
   */
  since(forAll) {
    const listeners = [...this.#listeners];
    const asking = listeners.filter((listener) => forAll || listener.isAsking);
    const positions = (asking.length ? asking : listeners).map((listener) => listener.position);
    const known = positions.filter((position) => position !== undefined);
    if (this.delivery === "latest" && known.length < positions.length) return undefined;
    return lowest(known);
  }

  /** @param {Message} message */
  push(message) {
    if (!this.delivery) {
      this.#unsorted = [...this.#unsorted.slice(1 - KEPT_PUSHES), message];
      return;
    }
    this.#remember(message);
    for (const listener of [...this.#listeners]) listener.place?.push(message);
    this.#watchGap();
  }

  /**
   * @param {Reply} reply
   * @param {{ since?: Position } | undefined} question that it answers; undefined if none waits for it
   */
  reply(reply, question) {
    this.#learn(reply.delivery);
    reply.messages.forEach((message) => this.#remember(message));
    const unsorted = this.#unsorted.splice(0);
    unsorted.forEach((message) => this.#remember(message));
    for (const listener of [...this.#listeners]) {
      if (question) this.#answer(listener, reply, question.since);
      else listener.place?.late(reply);
      unsorted.forEach((message) => listener.place?.push(message));
    }
    if (question) {
      this.isConfirmed = true;
      this.#refusal = undefined;
    }
    this.#watchGap();
  }

  /** Every subscriber is told, and stays. @param {Failure} error */
  wait(error) {
    this.isConfirmed = false;
    this.#refusal = error;
    this.fail(error, false);
  }

  /**
   * @param {Failure} error
   * @param {boolean} final
   */
  fail(error, final) {
    for (const listener of [...this.#listeners]) {
      listener.fail(error, final);
      if (final) this.remove(listener);
    }
  }

  /**
   * @param {import("./listener.js").Listener} listener
   * @param {Reply} reply
   * @param {Position | undefined} since
   */
  #answer(listener, reply, since) {
    const isAnswered = listener.place?.reply(reply, since);
    listener.isAsking = !isAnswered || (reply.more && reply.messages.length > 0);
  }

  /** @param {"latest" | "every"} delivery */
  #learn(delivery) {
    if (this.delivery === delivery) return;
    this.delivery = delivery;
    this.#newest = undefined;
    for (const listener of this.#listeners) {
      listener.settle(delivery);
      listener.isAsking = true;
    }
  }

  /** @param {Message} message */
  #remember(message) {
    if (this.delivery === "latest" && (!this.#newest || compare(message, this.#newest) > 0))
      this.#newest = message;
  }

  /** Whether a new subscriber needs no answer of its own. @param {import("./listener.js").Listener} listener */
  #canJoin(listener) {
    return this.delivery === "latest"
      ? this.#newest !== undefined
      : this.delivery === "every" && !listener.since;
  }

  /** @param {import("./listener.js").Listener} listener */
  #welcome(listener) {
    listener.begin({ recovered: false, missed: false });
    if (this.#newest) listener.place?.push({ ...this.#newest, snapshot: true });
  }

  /** Asks for a message that has been missing for too long. */
  #watchGap() {
    const before = new Map(
      [...this.#listeners].filter((one) => one.place?.gap).map((one) => [one, one.position]),
    );
    if (this.#gapTimer !== undefined || before.size === 0) return;
    this.#gapTimer = this.options.clock.setTimeout(() => {
      this.#gapTimer = undefined;
      for (const listener of this.#listeners) {
        if (listener.place?.gap && before.get(listener) === listener.position)
          listener.isAsking = true;
      }
      if (this.isAsking) this.onAsking();
      else this.#watchGap();
    }, this.options.timings.gapMs);
  }
}
