/** @file A page and a server on which nothing goes wrong but what a test makes go wrong. */
import { connect } from "../index.js";
import { Channels } from "./channels_model.mjs";
import { fakePage } from "./page_model.mjs";
import { CALM, Server } from "./server_model.mjs";
import { seeded, VirtualClock } from "./virtual_clock.mjs";

export const MINUTE_MS = 60_000;

export class World {
  states = [];
  errors = [];
  reported = [];
  told = [];
  shown = [];

  constructor({ seed = 1, channels = {}, windowMs = Infinity, clock, ...options } = {}) {
    this.random = seeded(seed);
    this.clock = clock ?? new VirtualClock();
    this.channels = new Channels(this.clock, windowMs);
    for (const [name, delivery] of Object.entries(channels)) this.channels.make(name, delivery);
    this.server = new Server(this.clock, this.random, this.channels, CALM);
    this.page = fakePage();
    this.realtime = connect({
      url: "wss://example.test/dev",
      clock: this.clock,
      random: this.random,
      page: this.page,
      WebSocket: this.server.WebSocket,
      onState: (state) => this.states.push(state),
      reportError: (error) => this.reported.push(error),
      ...options,
    });
  }

  subscribe(name, options = {}) {
    const show = (value, meta) => this.shown.push(`${name} ${meta.version}`);
    return this.realtime.subscribe(name, show, {
      onSubscribed: (about) => this.told.push(about),
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  publish(name, times = 1) {
    for (let time = 0; time < times; time += 1) this.server.publish(name);
  }

  /** The only connection there is. */
  get connection() {
    const [connection, ...others] = this.server.connections;
    if (!connection || others.length)
      throw new Error(`there are ${this.server.connections.size} connections`);
    return connection;
  }

  get statuses() {
    return this.states.map((state) => state.status);
  }

  /** What the client sent about a channel, shortened. */
  get sent() {
    return this.server.sent
      .map((text) => JSON.parse(text))
      .map(
        ({ action, channel, since }) => `${action} ${channel}${since ? ` ${since.version}` : ""}`,
      );
  }

  run(milliseconds, until) {
    return this.clock.run(milliseconds, until);
  }
}
