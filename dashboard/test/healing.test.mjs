// The network goes and returns while a reader looks on, moves on and acts: once it is back, so is the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pauseMs } from "../client/backoff.js";
import { MINUTE_MS, World } from "../client/test/world.mjs";
import { seeded } from "../client/test/virtual_clock.mjs";
import { loading } from "../loading.js";
import { Network } from "../network.js";
import { staleness } from "../parts/status.js";

const NAMES = ["link:a", "link:b"];
const EVENTS = ["go", "cut", "list", "link", "missing", "act", "wait", "return", "restore"];
const LENGTH = 3;
const LONG = { orders: 500, length: 9 };

/** The page without its drawing: what it loads, what it subscribes to, what its bar and banner say. */
class Page {
  shown = null;
  failure = null;
  acted = [];

  constructor(world) {
    this.world = world;
    this.network = new Network(world.page);
    this.banner = "";
    const tell = () => (this.banner = staleness(world.realtime.state, this.network.isOnline));
    world.realtime.onState(tell);
    this.network.observe(tell);
    tell();
  }

  /** Of the API: it fails while the server is away, and in a moment otherwise. */
  async ask(answer) {
    await new Promise((resolve) => this.world.clock.setTimeout(resolve, 100));
    if (this.world.server.isDown) throw Object.assign(new Error("unreachable"), { status: 0 });
    if (answer === undefined) throw Object.assign(new Error("no such link"), { status: 404 });
    return answer;
  }

  open(path) {
    this.close();
    const found = { "/": NAMES, "/links/a": NAMES.slice(0, 1) }[path];
    this.shown = this.failure = null;
    this.path = path;
    this.view = loading({
      ask: () => this.ask(found),
      show: (names) => this.show(names),
      fail: (error) => (this.failure = error.message),
      network: this.network,
      clock: this.world.clock,
      random: this.world.random,
    });
  }

  show(names) {
    this.failure = null;
    this.shown = new Map(names.map((name) => [name, 0]));
    this.subscriptions = names.map((name) =>
      this.world.realtime.subscribe(name, (value, { version }) => this.shown.set(name, version)),
    );
  }

  close() {
    this.view?.close();
    this.subscriptions?.forEach((subscription) => subscription.close());
    this.subscriptions = [];
  }

  async act() {
    await this.ask({}).then(() => this.acted.push("done"), (error) => this.acted.push(error.message));
  }
}

const DO = {
  go: ({ world }) => ((world.server.isDown = true), world.server.closeAll(), world.page.goOffline()),
  cut: ({ world }) => ((world.server.isDown = true), world.server.closeAll()),
  list: (page) => page.open("/"),
  link: (page) => page.open("/links/a"),
  missing: (page) => page.open("/links/none"),
  act: (page) => void page.act(),
  wait: ({ world }) => world.run(3_000),
  return: ({ world }) => ((world.server.isDown = false), world.page.goOnline()),
  restore: ({ world }) => (world.server.isDown = false),
};

/** All of one length, then some longer ones by chance. */
function* everyOrder() {
  yield* orders(LENGTH);
  const random = seeded(1);
  const any = () => EVENTS[Math.floor(random() * EVENTS.length)];
  for (let count = 0; count < LONG.orders; count += 1) yield Array.from({ length: LONG.length }, any);
}

function* orders(length) {
  if (length === 0) yield [];
  else for (const order of orders(length - 1)) for (const event of EVENTS) yield [...order, event];
}

async function live(order, seed) {
  const world = new World({ seed, channels: { "link:a": "latest", "link:b": "latest" } });
  const page = new Page(world);
  page.open("/");
  await world.run(seed % 2 ? 0 : 1_000);
  for (const event of order) {
    await DO[event](page);
    world.publish("link:a");
    await world.run(50);
  }
  return page;
}

/** The page as it is a minute after the network is back. */
function seen({ shown, failure, banner, path, world }) {
  const { status } = world.realtime.state;
  return { path, failure, banner, status, shown: shown && Object.fromEntries(shown) };
}

test("a page heals by itself in every order of going, moving on, acting and returning", async () => {
  let count = 0;
  for (const order of everyOrder()) {
    const page = await live(order, (count += 1));
    const { world } = page;
    // A network that was said to be gone is said to be back; one that was only cut is simply there.
    if (world.page.navigator.onLine) DO.restore(page);
    else DO.return(page);
    await world.run(MINUTE_MS);
    const versions = NAMES.map((name) => [name, world.channels.get(name).version]);
    const expected = {
      "/": { failure: null, status: "open", shown: Object.fromEntries(versions) },
      "/links/a": { failure: null, status: "open", shown: Object.fromEntries(versions.slice(0, 1)) },
      "/links/none": { failure: "no such link", status: "paused", shown: null },
    }[page.path];
    assert.deepEqual(seen(page), { path: page.path, banner: "", ...expected }, order.join(" "));
  }
  console.log(`${count} orders`);
});

test("while the browser has no network the banner says so, also where nothing is subscribed", async () => {
  const page = await live(["missing", "wait", "wait", "go"], 2);
  assert.equal(page.world.realtime.state.status, "paused");
  assert.match(page.banner, /^You are offline/);
  DO.act(page);
  await page.world.run(1_000);
  assert.deepEqual(page.acted, ["unreachable"]);
  DO.return(page);
  assert.equal(page.banner, "");
});

test("a page that is opened without a network fills itself when that is back", async () => {
  const world = new World({ channels: { "link:a": "latest", "link:b": "latest" } });
  const page = new Page(world);
  DO.go(page);
  page.open("/");
  await world.run(5 * MINUTE_MS);
  assert.equal(page.failure, "unreachable");
  DO.return(page);
  await world.run(1_200);
  assert.deepEqual(page.shown, new Map([["link:a", 0], ["link:b", 0]]));
});

test("a browser that wrongly says offline has no banner over numbers that are live", async () => {
  const page = await live(["wait"], 2);
  page.world.page.navigator.onLine = false;
  assert.equal(staleness(page.world.realtime.state, page.network.isOnline), "");
});

/** `loading` on its own: what it asked, and when. */
function asking(answers) {
  const world = new World();
  const log = [];
  const loaded = loading({
    ask: async () => {
      log.push(world.clock.now());
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    show: (value) => log.push(value),
    fail: (error) => log.push(error.message),
    network: new Network(world.page),
    clock: world.clock,
    random: () => 1,
  });
  return { world, log, loaded };
}

const failed = (status, message = String(status)) => Object.assign(new Error(message), { status });

test("a load is tried again after growing pauses, and an error is said once", async () => {
  const { world, log } = asking([failed(503), failed(503), failed(0), failed(429), "there"]);
  const start = world.clock.now();
  await world.run(MINUTE_MS);
  const shown = log.map((entry) => (typeof entry === "number" ? entry - start : entry));
  assert.deepEqual(shown, [0, "503", 1_000, 3_000, "0", 7_000, "429", 15_000, "there"]);
  assert.equal(pauseMs(4, { random: () => 1, timings: { retryBaseMs: 1_000, retryCapMs: 30_000 } }), 8_000);
});

test("an answer that would come again is not asked for again", async () => {
  for (const error of [failed(404), failed(403), Object.assign(new Error("over"), { code: "NotAuthorizedException" })]) {
    const { world, log } = asking([error]);
    await world.run(MINUTE_MS);
    world.page.goOnline();
    await world.run(MINUTE_MS);
    assert.equal(log.length, 2);
  }
});

test("a view that was left shows nothing and asks for nothing more", async () => {
  const { world, log, loaded } = asking([failed(500)]);
  await world.run(0);
  loaded.close();
  world.page.goOnline();
  await world.run(10 * MINUTE_MS);
  assert.equal(log.length, 2);
});
