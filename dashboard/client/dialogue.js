/**
 * @file What is said about one channel on one socket: a message at a time, because the server may
 * handle two of them in any order.
 *
 * @typedef {import("./index.d.ts").Position} Position
 * @typedef {import("./frames.js").Reply} Reply
 * @typedef {import("./frames.js").ErrorFrame} ErrorFrame
 * @typedef {{ id: string, action: "subscribe" | "unsubscribe", since?: Position, sentAt: number, timer: unknown }} Question
 */
import { pauseMs } from "./backoff.js";

/** Asking again would be refused again. */
const FINAL = new Set([
  "forbidden",
  "unknown_channel",
  "too_many_subscriptions",
  "bad_request",
  "unknown_action",
  "payload_too_large",
]);
/** Questions without an answer in a row, on a socket that is alive otherwise, before it is replaced. */
const PATIENCE = 3;

export class Dialogue {
  /** @type {Question | undefined} */
  question;
  /** @type {unknown} */
  #pause;
  #failures = 0;
  /** Whether the server may be pushing this channel. */
  isWatched = false;
  /** Whether the server has answered on this socket: what is published from then on comes by it. */
  isSettled = false;
  isHeartbeatDue = false;
  /** Refused to a connection without credentials: there is no use in asking again on this socket. */
  isForbidden = false;

  /**
   * @param {string} name
   * @param {import("./session.js").Session} session
   */
  constructor(name, session) {
    this.name = name;
    this.session = session;
  }

  get channel() {
    return this.session.channels.get(this.name);
  }

  /** Says what is to be said next, if it is this side's turn. */
  advance() {
    if (this.question || this.#pause !== undefined || !this.session.isOpen) return;
    const { channel } = this;
    if (!channel) this.isForbidden = false;
    if (this.isForbidden) return;
    if (channel && (!this.isSettled || this.isHeartbeatDue || channel.isAsking)) {
      this.#ask("subscribe", channel.since(!this.isSettled || this.isHeartbeatDue));
    } else if (!channel && this.isWatched) this.#ask("unsubscribe");
  }

  /** Asks once more whether the server knows the subscription. */
  beat() {
    this.isHeartbeatDue = true;
    this.advance();
  }

  /** @param {Reply} reply */
  subscribed(reply) {
    const question = this.#answered(reply.id);
    const { channel } = this;
    channel?.reply(reply, question);
    if (question) this.isSettled = channel !== undefined;
    // An answer that did not help must not be asked for again at once, and again.
    if (question && channel?.isAsking && !reply.more) return this.#pauseThenAdvance();
    if (question) this.#failures = 0;
    this.advance();
  }

  /** @param {import("./frames.js").Unsubscribed} reply */
  unsubscribed(reply) {
    if (!this.#answered(reply.id)) return;
    this.isWatched = this.isSettled = false;
    this.#failures = 0;
    this.advance();
  }

  /** @param {ErrorFrame} error */
  failed(error) {
    const action = this.question?.action;
    if (error.code === "connection_expired")
      this.session.end(new Error(`${error.code}: ${error.message}`));
    else if (error.code === "forbidden" && action === "subscribe" && this.session.mayGainCredentials)
      this.#wait(error);
    else if (FINAL.has(error.code)) this.#giveUp(error, action);
    else {
      if (action === "subscribe") this.channel?.fail(error, false);
      this.retry();
    }
  }

  /** The server could not answer: asks again after a pause. */
  retry() {
    this.#answered(this.question?.id);
    this.#pauseThenAdvance();
  }

  stop() {
    const { clock } = this.session.options;
    clock.clearTimeout(this.question?.timer);
    clock.clearTimeout(this.#pause);
  }

  #pauseThenAdvance() {
    const { options } = this.session;
    this.#failures += 1;
    this.#pause = options.clock.setTimeout(
      () => {
        this.#pause = undefined;
        this.advance();
      },
      pauseMs(this.#failures, options),
    );
  }

  /**
   * @param {ErrorFrame} error
   * @param {Question["action"] | undefined} action
   */
  #giveUp(error, action) {
    this.#answered(error.id);
    this.isWatched &&= this.isSettled && action === "subscribe";
    this.isSettled = false;
    if (action === "subscribe") this.session.refused(this.name, error);
    this.advance();
  }

  /** For a connection with credentials. @param {ErrorFrame} error */
  #wait(error) {
    this.#answered(error.id);
    this.isForbidden = true;
    this.isWatched = this.isSettled = false;
    this.channel?.wait(error);
    this.session.forbidden();
    this.advance();
  }

  /**
   * @param {Question["action"]} action
   * @param {Position} [since]
   */
  #ask(action, since) {
    const { clock, timings } = this.session.options;
    const timer = clock.setTimeout(() => this.#unanswered(), timings.replyTimeoutMs);
    this.question = { id: this.session.nextId(), action, since, sentAt: clock.now(), timer };
    this.isHeartbeatDue = false;
    if (action === "subscribe") this.isWatched = true;
    this.session.send({ action, channel: this.name, since, id: this.question.id });
  }

  /** The question that a reply answers, which is over then. @param {string | undefined} id */
  #answered(id) {
    const { question } = this;
    if (!question || question.id !== id) return undefined;
    this.session.options.clock.clearTimeout(question.timer);
    this.question = undefined;
    return question;
  }

  #unanswered() {
    const { sentAt } = /** @type {Question} */ (this.question);
    if (this.session.heardAt <= sentAt || this.#failures + 1 >= PATIENCE) {
      this.session.end(
        new Error(`no answer after ${this.session.options.timings.replyTimeoutMs} ms`),
      );
    } else this.retry();
  }
}
