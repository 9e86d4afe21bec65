import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { connect } from "../index.js";
import { TIMINGS } from "../options.js";
import { lasting } from "../timers.js";
import { VirtualClock } from "./virtual_clock.mjs";
import { MINUTE_MS, World } from "./world.mjs";

const DAY_MS = 24 * 60 * MINUTE_MS;
const LONGEST_MS = 2 ** 31 - 1;

/** As a platform's: what is too long for 31 bits is due at once. */
class PlatformClock extends VirtualClock {
  setTimeout(callback, milliseconds) {
    return super.setTimeout(callback, milliseconds > LONGEST_MS ? 1 : milliseconds);
  }
}

test("a timer runs once and in time, however far away, and never if that is Infinity", async () => {
  const platform = new PlatformClock();
  const clock = lasting(platform);
  const start = clock.now();
  const ran = [];
  for (const days of [1, 30, 100, Infinity])
    clock.setTimeout(() => ran.push([days, (clock.now() - start) / DAY_MS]), days * DAY_MS);
  clock.clearTimeout(clock.setTimeout(() => ran.push("cleared"), 60 * DAY_MS));
  clock.clearTimeout(undefined);
  await platform.run(30 * DAY_MS);
  const late = clock.setTimeout(() => ran.push("cleared late"), 40 * DAY_MS);
  await platform.run(30 * DAY_MS);
  clock.clearTimeout(late);
  await platform.run(200 * DAY_MS);
  assert.deepEqual(ran, [
    [1, 1],
    [30, 30],
    [100, 100],
  ]);
});

for (const milliseconds of [Infinity, 30 * DAY_MS]) {
  test(`a socket that is to be replaced after ${milliseconds} ms is not replaced at once`, async () => {
    const world = new World({
      channels: { a: "latest" },
      timings: { rotateAfterMs: milliseconds, heartbeatMs: milliseconds },
      clock: new PlatformClock(),
    });
    world.subscribe("a");
    const isFlood = () => world.server.counts.handshakes + world.sent.length > 10;
    await world.run(60 * MINUTE_MS, isFlood);
    assert.equal(world.server.counts.handshakes, 1);
    assert.deepEqual(world.sent, ["subscribe a"]);
  });
}

test("a client that waits for a connection and an answer without an end gets both", async () => {
  const world = new World({
    channels: { a: "every" },
    timings: { connectTimeoutMs: Infinity, replyTimeoutMs: Infinity, gapMs: Infinity },
    clock: new PlatformClock(),
  });
  world.publish("a");
  world.subscribe("a", { since: { epoch: 0, version: 0 } });
  await world.run(10_000);
  assert.deepEqual(world.shown, ["a 1"]);
  assert.equal(world.server.counts.handshakes, 1);
});

test("a timing that cannot work is refused, each in its own spelling", () => {
  const wrong = {
    retryBaseMs: Infinity,
    retryCapMs: Infinity,
    heartbeatMs: 0,
    rotateAfterMs: 999,
    rotateSpreadMs: Infinity,
    idleCloseMs: "5",
    gapMs: NaN,
  };
  assert.throws(
    () => connect({ url: "", timings: wrong }),
    (error) => {
      assert.deepEqual(error.message.split("; "), [
        "url must be an address, got an empty text",
        "timings.retryBaseMs must be finite",
        "timings.retryCapMs must be finite",
        "timings.heartbeatMs must be 1000 or more, got 0",
        "timings.rotateAfterMs must be 1000 or more, got 999",
        "timings.rotateSpreadMs must be finite",
        "timings.idleCloseMs must be 0 or more, got 5",
        "timings.gapMs must be 0 or more, got NaN",
      ]);
      return error instanceof TypeError;
    },
  );
  assert.doesNotThrow(() => connect({ url: "wss://example.test", timings: TIMINGS }));
});

/** npm's `ws`: a handler is a listener, and an error without a listener is thrown. */
class Ws extends EventEmitter {
  #handlers = {};

  constructor() {
    super();
    for (const name of ["open", "message", "close", "error"])
      Object.defineProperty(this, `on${name}`, {
        get: () => this.#handlers[name] ?? null,
        set: (handler) => {
          this.removeAllListeners(name);
          if (handler) this.on(name, handler);
          this.#handlers[name] = handler;
        },
      });
  }

  close() {
    this.emit("error", { message: "closed before the connection was established" });
  }
}

test("a socket class that emits its errors ends no process, neither when refused nor when closed", async () => {
  const sockets = [];
  const world = new World({
    WebSocket: class extends Ws {
      constructor() {
        super();
        sockets.push(this);
      }
    },
  });
  world.subscribe("a");
  await world.run(0);
  sockets[0].emit("error", { message: "connect ECONNREFUSED 127.0.0.1:1" });
  sockets[0].emit("close", { code: 1006, reason: "" });
  const { status, error } = world.realtime.state;
  assert.equal(status, "waiting");
  assert.equal(
    error.message,
    "the handshake failed, code 1006: connect ECONNREFUSED 127.0.0.1:1",
  );
  await world.run(MINUTE_MS);
  assert.ok(sockets.length > 1);
  world.realtime.close();
  sockets.at(-1).emit("error", { message: "too late" });
});

const RUNTIMES = {
  "a browser": ({ page }) => page,
  Node: () => ({ navigator: { hardwareConcurrency: 2 } }),
  Bun: () => ({ navigator: { userAgent: "Bun/1.3" } }),
  Deno: () => ({ window: undefined, navigator: { userAgent: "Deno/2" } }),
  "a worker": () => ({ navigator: { onLine: true } }),
  "React Native": () => ({ window: { navigator: { product: "ReactNative" } }, navigator: {} }),
  "a renderer on a server": () => ({ window: {}, document: { visibilityState: "visible" } }),
};

for (const [name, page] of Object.entries(RUNTIMES)) {
  test(`values arrive in ${name}, and nothing is left when it is closed`, async () => {
    const model = new World();
    const world = new World({ channels: { a: "latest" }, page: page(model) });
    world.publish("a");
    world.subscribe("a");
    await world.run(1_000);
    assert.deepEqual(world.shown, ["a 1"]);
    assert.equal(world.realtime.state.status, "open");
    world.realtime.close();
    assert.equal(world.server.connections.size, 0);
  });
}

test("the address is joined without the parts of URL that React Native lacks", async () => {
  const { URL: whole } = globalThis;
  const seen = [];
  const recorded = (world) =>
    class extends world.server.WebSocket {
      constructor(url) {
        globalThis.URL = whole; // the server's model parses it
        super(url);
        seen.push(url);
      }
    };
  for (const url of ["wss://x.test/dev", "wss://x.test/dev?a=1", "wss://x.test/dev#top"]) {
    const world = new World({ channels: { "user:a b&c": "latest" } });
    world.realtime.close();
    globalThis.URL = class {
      constructor() {
        throw new Error("URL is not implemented");
      }
    };
    const { clock } = world;
    const realtime = connect({ url, clock, WebSocket: recorded(world), page: {} });
    realtime.subscribe("link:a%b", () => {});
    await clock.run(0);
    realtime.close();
  }
  assert.deepEqual(seen, [
    "wss://x.test/dev?channel=link%3Aa%25b",
    "wss://x.test/dev?a=1&channel=link%3Aa%25b",
    "wss://x.test/dev?channel=link%3Aa%25b",
  ]);
});

test("any number of listeners hear of the state, each until it ends that", async () => {
  const world = new World({ channels: { a: "latest" } });
  const heard = [];
  const listener = ({ status }) => heard.push(status);
  const end = world.realtime.onState(listener);
  const endOther = world.realtime.onState(listener);
  world.subscribe("a");
  end();
  end();
  await world.run(1_000);
  endOther();
  world.realtime.close();
  assert.deepEqual(heard, ["connecting", "connecting", "open"]);
  assert.deepEqual(world.statuses, ["connecting", "open", "closed"]);
  assert.throws(() => world.realtime.onState(), TypeError);
});
