/**
 * @file One subscriber's place on an `every` channel: each message once, in the order of the numbers.
 *
 * A push may come before the reply that says where to begin, twice, and out of turn; what cannot be
 * shown yet is kept.
 *
 * @typedef {import("./index.d.ts").Position} Position
 * @typedef {import("./frames.js").Message} Message
 * @typedef {import("./frames.js").Reply} Reply
 */
import { compare, isSame } from "./position.js";

/** What is dropped above it, the highest numbers first, is asked for again once the gap is closed. */
const KEPT_MESSAGES = 1_000;

export class Every {
  /** @type {Map<string, Message>} */
  #early = new Map();
  #hasBegun = false;
  #isIncomplete = false;

  /**
   * @param {Position | undefined} position
   * @param {import("./latest.js").Sink} sink
   */
  constructor(position, sink) {
    this.position = position;
    this.sink = sink;
  }

  /** Begins where another subscriber of the same channel is, without asking. @param {Every} other */
  join(other) {
    this.position = other.position;
    this.#hasBegun = other.#hasBegun;
    this.#early = new Map(other.#early);
    this.#isIncomplete = other.#isIncomplete;
  }

  /** Whether a message is missing before one that is here. */
  get gap() {
    return this.#hasBegun && (this.#early.size > 0 || this.#isIncomplete);
  }

  /** @param {Message} message */
  push(message) {
    this.#keep(message);
    this.#advance();
  }

  /** @param {Reply} reply */
  late(reply) {
    reply.messages.forEach((message) => this.#keep(message));
    this.#advance();
  }

  /**
   * Whether the reply to a question with `since` says where this subscriber goes on. It does not if
   * the subscriber stands elsewhere by now and the reply has no messages for it.
   *
   * @param {Reply} reply
   * @param {Position | undefined} since
   */
  reply(reply, since) {
    const position = this.position;
    const isOwn = position === undefined || isSame(position, since);
    if (!isOwn && !this.#isCoveredBy(reply, since)) {
      this.late(reply);
      return false;
    }
    this.#isIncomplete = false;
    const missed = isOwn && position !== undefined && this.#misses(reply, position);
    if (isOwn) this.position = start(reply, position);
    this.#hasBegun = true;
    this.sink.begin({ recovered: reply.recovered, missed });
    this.late(reply);
    return true;
  }

  /**
   * @param {Reply} reply
   * @param {Position | undefined} since
   */
  #isCoveredBy(reply, since) {
    const { position } = this;
    if (!reply.recovered || !position || !since || reply.epoch !== position.epoch) return false;
    return (
      since.version <= position.version && (since.version === 0 || since.epoch === position.epoch)
    );
  }

  /**
   * @param {Reply} reply
   * @param {Position} position
   */
  #misses(reply, position) {
    if (!reply.recovered) return !(reply.epoch === undefined && this.#hasBegun);
    return this.#hasBegun && position.version === 0 && firstOf(reply) > 1;
  }

  /** @param {Message} message */
  #keep(message) {
    if (this.position && compare(message, this.position) <= 0) return;
    this.#early.set(key(message.epoch, message.version), message);
    if (this.#early.size <= KEPT_MESSAGES) return;
    const highest = [...this.#early.values()].reduce((high, next) =>
      compare(next, high) > 0 ? next : high,
    );
    this.#early.delete(key(highest.epoch, highest.version));
    this.#isIncomplete = true;
  }

  #advance() {
    while (this.#hasBegun && this.position) {
      const { epoch, version } = this.position;
      const next = this.#early.get(key(epoch, version + 1));
      if (next) this.#show(next);
      else if (!this.#turnToNewEpoch()) break;
    }
    this.#forgetShown();
  }

  /** @param {Message} message */
  #show(message) {
    this.#early.delete(key(message.epoch, message.version));
    this.position = { epoch: message.epoch, version: message.version };
    this.sink.show(message);
  }

  /** A greater epoch is a numbering that has begun anew with 1; the old one's end cannot be known. */
  #turnToNewEpoch() {
    const position = /** @type {Position} */ (this.position);
    const epochs = [...this.#early.values()]
      .map((message) => message.epoch)
      .filter((epoch) => epoch > position.epoch);
    if (epochs.length === 0) return false;
    this.position = { epoch: Math.min(...epochs), version: 0 };
    if (position.version > 0) this.sink.begin({ recovered: false, missed: true });
    return true;
  }

  #forgetShown() {
    const { position } = this;
    if (!position || !this.#hasBegun) return;
    for (const [name, message] of this.#early)
      if (compare(message, position) <= 0) this.#early.delete(name);
  }
}

/**
 * @param {number} epoch
 * @param {number} version
 */
function key(epoch, version) {
  return `${epoch}.${version}`;
}

/** The number that a subscriber without one begins with. @param {Reply} reply */
function firstOf(reply) {
  return reply.messages[0]?.version ?? (reply.version ?? 0) + 1;
}

/**
 * After which message a subscriber goes on that has asked from `position`.
 *
 * @param {Reply} reply
 * @param {Position | undefined} position
 * @returns {Position}
 */
function start(reply, position) {
  const { epoch, version = 0 } = reply;
  if (epoch === undefined) return position ?? { epoch: 0, version: 0 };
  if (position === undefined || !reply.recovered) return { epoch, version };
  return position.version === 0 ? { epoch, version: firstOf(reply) - 1 } : position;
}
