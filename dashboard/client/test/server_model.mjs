/**
 * @file A server and a network in one process: they drop, delay, reorder and repeat frames, close, forget
 * connections and go silent, all as a seed says. Time is virtual.
 */
import { record } from "./sent_frames.mjs";

const HANDSHAKE_MS = 200;
export const LONGEST_CONNECTION_MS = 7_200_000;
const REPLY_LIMIT_MS = 15_000;

/** How likely each fault is: none. */
export const CALM = Object.freeze({
  drop: 0,
  repeat: 0,
  slow: 0,
  gateway: 0,
  internal: 0,
  refuse: 0,
  halfOpen: 0,
  longestDelayMs: 50,
});

export class Server {
  connections = new Set();
  sent = [];
  violations = [];
  counts = { handshakes: 0, cuts: 0, frames: 0, expired: 0 };
  tickets = new Set();
  forbidden = new Set();
  /** Only for a connection with a ticket. */
  owned = new Set();
  largest = 100;
  isDown = false;

  constructor(clock, random, channels, faults = CALM) {
    Object.assign(this, { clock, random, channels, faults });
    const server = this;
    this.WebSocket = class extends Connection {
      constructor(url) {
        super(server, url);
      }
    };
  }

  chance(probability) {
    return probability > 0 && this.random() < probability;
  }

  delay() {
    const longest = this.chance(this.faults.slow) ? 8_000 : this.faults.longestDelayMs;
    return this.random() * longest;
  }

  publish(name) {
    const frame = this.channels.publish(name);
    for (const connection of this.connections) if (connection.watches(name)) connection.push(frame);
  }

  violation(text) {
    this.violations.push(text);
  }

  /** Closes some connections as a deployment or a network would. */
  closeAll(code = 1006) {
    for (const connection of [...this.connections]) connection.cut(code);
  }
}

class Connection {
  isKnown = true;
  isHalfOpen = false;
  #channels = new Set();
  #asked = new Map();
  #timers = [];
  #isOpen = false;
  #isOver = false;

  constructor(server, url) {
    this.server = server;
    this.query = new URL(url).searchParams;
    server.counts.handshakes += 1;
    // The row of the handshake's channel is there before the socket opens.
    const first = this.query.get("channel");
    if (first) this.#channels.add(first);
    this.#after(HANDSHAKE_MS + server.delay(), () => this.#handshake(first));
  }

  watches(name) {
    return this.isKnown && this.#channels.has(name);
  }

  get isOpen() {
    return this.#isOpen;
  }

  /** The frame arrives late, twice or never; before the socket is open it is repeated later. */
  push(frame) {
    const { server } = this;
    const times = server.chance(server.faults.drop)
      ? 0
      : server.chance(server.faults.repeat)
        ? 2
        : 1;
    for (let time = 0; time < times; time += 1)
      this.#deliver(frame, this.#isOpen ? server.delay() : 1_000 + server.delay());
  }

  send(text) {
    const { server } = this;
    if (!this.#isOpen) throw new Error("the socket is not open");
    server.sent.push(text);
    record(text);
    const message = JSON.parse(text);
    const asked = this.#asked.get(message.channel);
    if (asked && server.clock.now() - asked.at < REPLY_LIMIT_MS)
      server.violation(`a second question about ${message.channel} before the answer`);
    this.#asked.set(message.channel, { id: message.id, at: server.clock.now() });
    if (!this.isHalfOpen) this.#after(server.delay(), () => this.#answer(message));
  }

  close() {
    this.#end();
  }

  cut(code) {
    const wasOver = this.#isOver;
    this.#end();
    if (!wasOver) this.onclose?.({ code, reason: "" });
  }

  #handshake(first) {
    const { server } = this;
    const isRefused =
      server.isDown || server.chance(server.faults.refuse) || !this.#mayEnter(first);
    if (isRefused) return this.cut(1006);
    this.#isOpen = true;
    server.connections.add(this);
    this.isHalfOpen = server.chance(server.faults.halfOpen);
    this.#after(LONGEST_CONNECTION_MS, () => {
      server.counts.cuts += 1;
      this.cut(1001);
    });
    this.onopen?.({});
    if (first && this.query.get("since")) this.#catchUp(first);
  }

  #mayEnter(first) {
    const { server } = this;
    const ticket = this.query.get("ticket");
    if (ticket) return server.tickets.delete(ticket);
    return (
      first !== null && server.channels.get(first) !== undefined && !this.#isForbidden(first)
    );
  }

  #catchUp(first) {
    const [epoch, version] = this.query.get("since").split(".").map(Number);
    for (const frame of this.server.channels.newer(first, { epoch, version })) this.push(frame);
  }

  #answer(message) {
    const { server } = this;
    if (server.chance(server.faults.drop)) return;
    if (server.chance(server.faults.gateway))
      return this.#reply(message, {
        message: "Internal server error",
        connectionId: "a=",
        requestId: "b=",
      });
    const frame = server.chance(server.faults.internal)
      ? failure(message, "internal")
      : this.#follow(message);
    this.#reply(message, frame);
    if (server.chance(server.faults.repeat)) this.#reply(message, frame);
  }

  #follow({ action, channel, since, id }) {
    const { server } = this;
    if (action === "unsubscribe") {
      this.#channels.delete(channel);
      return { realtime: { event: "unsubscribed", channel, id } };
    }
    if (!this.isKnown) {
      server.counts.expired += 1;
      return failure({ id }, "connection_expired");
    }
    if (!server.channels.get(channel)) return failure({ id }, "unknown_channel");
    if (this.#isForbidden(channel)) return failure({ id }, "forbidden");
    if (!this.#channels.has(channel) && this.#channels.size >= server.largest)
      return failure({ id }, "too_many_subscriptions");
    this.#channels.add(channel);
    return server.channels.reply(channel, since, id);
  }

  #isForbidden(channel) {
    const { forbidden, owned } = this.server;
    return forbidden.has(channel) || (owned.has(channel) && !this.query.has("ticket"));
  }

  #reply({ channel, id }, frame) {
    this.#deliver(frame, this.server.delay(), () => {
      if (this.#asked.get(channel)?.id === id) this.#asked.delete(channel);
    });
  }

  #deliver(frame, delay, arrived) {
    const data = JSON.stringify(frame);
    this.#after(delay, () => {
      if (!this.#isOpen || this.isHalfOpen) return;
      this.server.counts.frames += 1;
      arrived?.();
      this.onmessage?.({ data });
    });
  }

  #after(delay, action) {
    const { clock } = this.server;
    this.#timers.push(clock.setTimeout(() => this.#isOver || action(), delay));
  }

  #end() {
    this.#isOver = true;
    this.#isOpen = false;
    this.server.connections.delete(this);
    this.#timers.forEach((timer) => this.server.clock.clearTimeout(timer));
  }
}

function failure({ id }, code) {
  return { realtime: { event: "error", code, message: "for people", id } };
}
