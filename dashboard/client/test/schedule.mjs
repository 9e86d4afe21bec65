/** @file One random life of a page and its server, from a seed: what happens, and what was wrong at the end. */
import { connect } from "../index.js";
import { Channels } from "./channels_model.mjs";
import { Screen } from "./screen.mjs";
import { CALM, Server } from "./server_model.mjs";
import { fakePage } from "./page_model.mjs";
import { seeded, VirtualClock } from "./virtual_clock.mjs";

const MINUTE_MS = 60_000;
/** A connection has a heartbeat every 9 minutes at the latest, for the most silent of four channels. */
const CALM_AFTER_MS = 50 * MINUTE_MS;

export async function life(seed) {
  const random = seeded(seed);
  const clock = new VirtualClock();
  const mayMiss = random() < 0.3;
  const channels = new Channels(clock, mayMiss ? 5 * MINUTE_MS : Infinity);
  const server = new Server(clock, random, channels, faults(random));
  const page = fakePage();
  const thrown = [];
  const user = random() < 0.3 ? { isSignedIn: random() < 0.7 } : undefined;
  const realtime = connect({
    url: "wss://example.test/dev",
    clock,
    random,
    page,
    WebSocket: server.WebSocket,
    reportError: (error) => thrown.push(error),
    ...(user ? { ticket: ticketMachine(server, random, user) } : {}),
  });
  const app = new Application(realtime, channels, random, mayMiss);
  const events = plan({ random, server, channels, page, app, mayMiss, user });
  const lengthMs = random() < 0.2 ? 300 * MINUTE_MS : 30 * MINUTE_MS;
  await play(events, { random, clock, lengthMs });
  server.faults = CALM;
  server.isDown = false;
  for (const connection of server.connections) connection.isHalfOpen = false;
  page.show();
  page.goOnline();
  if (user) user.isSignedIn = true;
  app.subscribeAtLeastOne();
  await clock.run(CALM_AFTER_MS);
  const problems = [...app.end(), ...server.violations, ...thrown.map(String)];
  realtime.close();
  return { problems, server, shown: app.shown };
}

function faults(random) {
  const some = (most) => (random() < 0.5 ? random() * most : 0);
  return {
    drop: some(0.2),
    repeat: some(0.5),
    slow: some(0.5),
    gateway: some(0.1),
    internal: some(0.1),
    refuse: some(0.5),
    halfOpen: some(0.1),
    longestDelayMs: random() * 1_000,
  };
}

/** Fails, is throttled and answers without a ticket now and then; null only while no user is signed in. */
function ticketMachine(server, random, user) {
  let count = 0;
  return async () => {
    if (server.isDown || random() < 0.1) throw new Error("no ticket");
    if (random() < 0.1) return undefined;
    if (!user.isSignedIn) return null;
    const ticket = `ticket-${(count += 1)}`;
    server.tickets.add(ticket);
    return ticket;
  };
}

/** What may happen, with how often it does in relation to the rest. */
function plan({ random, server, channels, page, app, mayMiss, user }) {
  const any = (list) => list[Math.floor(random() * list.length)];
  const names = Array.from(
    { length: 1 + Math.floor(random() * 4) },
    (_, index) => `channel:${index}`,
  );
  names.forEach((name) => channels.make(name, random() < 0.5 ? "latest" : "every"));
  if (user) server.owned.add(any(names));
  app.subscribe(names[0]);
  const one = (action) => () => server.connections.size && action(any([...server.connections]));
  const burst = () =>
    Array.from({ length: 1 + Math.floor(random() * 12) }, () => server.publish(any(names)));
  return [
    [40, () => server.publish(any(names))],
    [10, burst],
    [6, () => app.subscribe(any(names))],
    [3, () => app.unsubscribe()],
    [2, one((connection) => connection.cut(1006))],
    [1, one((connection) => (connection.isKnown = false))],
    [1, one((connection) => (connection.isHalfOpen = true))],
    [1, () => (server.isDown = true)],
    [8, () => (server.isDown = false)],
    [1, () => page.hide()],
    [2, () => page.show()],
    [1, () => page.goOffline()],
    [2, () => page.goOnline()],
    ...(user ? [[1, () => (user.isSignedIn = !user.isSignedIn)]] : []),
    ...(mayMiss ? [[1, () => channels.remake(any(names))]] : []),
  ];
}

async function play(events, { random, clock, lengthMs }) {
  const total = events.reduce((sum, [weight]) => sum + weight, 0);
  const end = clock.now() + lengthMs;
  while (clock.now() < end) {
    let left = random() * total;
    const [, action] = events.find(([weight]) => (left -= weight) < 0);
    action();
    await clock.run(random() < 0.5 ? random() * 2_000 : (random() * lengthMs) / 25);
  }
}

class Application {
  #screens = [];
  #problems = [];
  shown = 0;

  constructor(realtime, channels, random, mayMiss) {
    Object.assign(this, { realtime, channels, random, mayMiss });
  }

  subscribe(name) {
    if (this.#screens.length >= 6) return;
    const screen = new Screen(this.channels, name, this.mayMiss);
    const since = this.random() < 0.2 ? { epoch: 0, version: 0 } : undefined;
    const onSubscribed = (about) => screen.subscribed(about);
    screen.subscription = this.realtime.subscribe(
      name,
      (value, meta) => screen.value(value, meta),
      { since, onSubscribed },
    );
    this.#screens.push(screen);
  }

  unsubscribe() {
    const screen = this.#screens.splice(Math.floor(this.random() * this.#screens.length), 1)[0];
    if (!screen) return;
    screen.subscription.close();
    this.#close(screen);
  }

  subscribeAtLeastOne() {
    if (this.#screens.length === 0) this.subscribe(this.channels.names()[0]);
  }

  end() {
    for (const screen of this.#screens) {
      screen.end();
      this.#close(screen);
    }
    return this.#problems;
  }

  #close(screen) {
    this.shown += screen.shown;
    this.#problems.push(...screen.problems);
  }
}
