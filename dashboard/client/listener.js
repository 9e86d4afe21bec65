/**
 * @file One `subscribe` call: its callbacks and its place on the channel.
 *
 * @typedef {import("./index.d.ts").Position} Position
 * @typedef {import("./index.d.ts").SubscribeOptions} SubscribeOptions
 * @typedef {import("./frames.js").Message} Message
 */
import { Every } from "./every.js";
import { Latest } from "./latest.js";

export class Listener {
  /** @type {Latest | Every | undefined} */
  place;
  /** Whether the server has to be asked before this subscriber is up to date. */
  isAsking = true;
  /** Whether the application is told of the next answer, which follows a new connection. */
  isAnnouncing = true;
  isClosed = false;

  /**
   * @param {string} channel
   * @param {(value: any, meta: import("./index.d.ts").Meta) => void} onValue
   * @param {SubscribeOptions} options
   * @param {import("./options.js").Options["call"]} call
   */
  constructor(channel, onValue, options, call) {
    this.channel = channel;
    this.onValue = onValue;
    this.options = options;
    this.call = call;
    this.since = options.since && { epoch: options.since.epoch, version: options.since.version };
  }

  get position() {
    return this.place ? this.place.position : this.since;
  }

  /** The channel's kind is known by its first reply, or has changed. @param {"latest" | "every"} delivery */
  settle(delivery) {
    this.place = delivery === "every" ? new Every(this.since, this) : new Latest(this.since, this);
  }

  /** @param {{ recovered: boolean, missed: boolean }} verdict */
  begin({ recovered, missed }) {
    if (this.isClosed || !(missed || this.isAnnouncing)) return;
    this.isAnnouncing = false;
    const delivery = this.place instanceof Every ? "every" : "latest";
    this.call(this.options.onSubscribed, {
      channel: this.channel,
      delivery,
      recovered,
      missed,
      ...this.position,
    });
  }

  /** @param {Message} message */
  show({ value, epoch, version, at, snapshot }) {
    if (this.isClosed) return;
    this.call(this.onValue, value, { channel: this.channel, epoch, version, at, snapshot });
  }

  /**
   * @param {{ code: string, message: string }} error
   * @param {boolean} final
   */
  fail({ code, message }, final) {
    if (!this.isClosed)
      this.call(this.options.onError, { channel: this.channel, code, message, final });
  }
}
