/**
 * @file One subscriber's place on a `latest` channel: only what is newer than what it has counts.
 *
 * @typedef {import("./index.d.ts").Position} Position
 * @typedef {import("./frames.js").Message} Message
 * @typedef {import("./frames.js").Reply} Reply
 * @typedef {{ begin: (verdict: { recovered: boolean, missed: boolean }) => void, show: (message: Message) => void }} Sink
 */
import { compare } from "./position.js";

export class Latest {
  /**
   * @param {Position | undefined} position
   * @param {Sink} sink
   */
  constructor(position, sink) {
    this.position = position;
    this.sink = sink;
    this.gap = false;
  }

  /** @param {Message} message */
  push(message) {
    if (this.position && compare(message, this.position) <= 0) return;
    this.position = { epoch: message.epoch, version: message.version };
    this.sink.show(message);
  }

  /**
   * Whether the subscriber has what the server had; not, if the reply left out a value it lacks.
   *
   * @param {Reply} reply
   */
  reply(reply) {
    const { epoch, version = 0 } = reply;
    const brings = reply.messages.length > 0;
    const has =
      this.position !== undefined &&
      epoch !== undefined &&
      compare(this.position, { epoch, version }) >= 0;
    if (epoch !== undefined && !brings && !has) return false;
    this.sink.begin({ recovered: reply.recovered, missed: false });
    reply.messages.forEach((message) => this.push(message));
    return true;
  }

  /** What an answer to an older question holds is as good as a push. @param {Reply} reply */
  late(reply) {
    reply.messages.forEach((message) => this.push(message));
  }
}
