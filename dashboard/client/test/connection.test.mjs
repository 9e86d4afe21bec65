import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../index.js";
import { pauseMs } from "../backoff.js";
import { TIMINGS } from "../options.js";
import { MINUTE_MS, World } from "./world.mjs";

test("a pause is anything from nothing to a limit that doubles up to a cap", () => {
  const timings = { retryBaseMs: 1_000, retryCapMs: 30_000 };
  const limits = [1, 2, 3, 4, 5, 6, 100].map((failures) =>
    pauseMs(failures, { random: () => 1, timings }),
  );
  assert.deepEqual(limits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(pauseMs(5, { random: () => 0, timings }), 0);
});

test("there is no socket without a subscription, and none for long after the last", async () => {
  const world = new World({ channels: { a: "latest" } });
  await world.run(MINUTE_MS);
  assert.equal(world.server.counts.handshakes, 0);
  const subscription = world.subscribe("a");
  await world.run(1_000);
  subscription.close();
  await world.run(4_000);
  assert.equal(world.server.connections.size, 1);
  await world.run(2_000);
  assert.equal(world.server.connections.size, 0);
  assert.deepEqual(world.statuses, ["connecting", "open", "paused"]);
});

test("an anonymous handshake names the first channel, and what the client has of it", async () => {
  const world = new World({ channels: { "link:a": "latest", b: "latest" } });
  world.publish("link:a", 3);
  world.subscribe("link:a");
  world.subscribe("b");
  await world.run(1_000);
  assert.equal(world.connection.query.toString(), "channel=link%3Aa");
  world.connection.cut(1006);
  await world.run(10_000);
  const { epoch } = world.channels.get("link:a");
  assert.deepEqual(
    [...world.connection.query],
    [
      ["channel", "link:a"],
      ["since", `${epoch}.3`],
    ],
  );
});

test("a channel that the handshake refuses does not keep the others from being watched", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.server.forbidden.add("a");
  world.publish("b");
  world.subscribe("a");
  world.subscribe("b");
  await world.run(10_000);
  assert.deepEqual(world.shown, ["b 1"]);
  assert.deepEqual(
    world.errors.map(({ channel, code }) => `${channel} ${code}`),
    ["a forbidden"],
  );
});

test("each handshake has a fresh ticket and names no channel", async () => {
  let count = 0;
  const world = new World({ channels: { a: "latest" }, ticket: async () => `t${(count += 1)}` });
  ["t1", "t2"].forEach((ticket) => world.server.tickets.add(ticket));
  world.subscribe("a");
  await world.run(1_000);
  assert.equal(world.connection.query.toString(), "ticket=t1");
  world.connection.isKnown = false; // the server answers connection_expired
  await world.run(10 * MINUTE_MS);
  assert.equal(world.connection.query.toString(), "ticket=t2");
  assert.equal(world.server.counts.expired, 1);
});

test("a ticket that cannot be had is tried again, and the state says why", async () => {
  let isRefused = true;
  const ticket = () => {
    if (isRefused) throw new Error("the session is over");
    return null; // no user is signed in: the handshake is anonymous
  };
  const world = new World({ channels: { a: "latest" }, ticket });
  world.subscribe("a");
  await world.run(5_000);
  const waiting = world.states.find((state) => state.status === "waiting");
  assert.equal(waiting.error.message, "the session is over");
  assert.equal(waiting.attempt, 1);
  assert.ok(waiting.retryInMs >= 0 && waiting.retryInMs <= TIMINGS.retryBaseMs);
  isRefused = false;
  await world.run(MINUTE_MS);
  assert.equal(world.realtime.state.status, "open");
  assert.equal(world.realtime.state.error, undefined);
});

test("a ticket or an address that never comes is given up after a time", async () => {
  let attempts = 0;
  const url = () => ((attempts += 1) === 1 ? new Promise(() => {}) : "wss://example.test/dev");
  const world = new World({ channels: { a: "latest" }, url });
  world.subscribe("a");
  await world.run(TIMINGS.connectTimeoutMs + 5_000);
  assert.deepEqual(world.statuses, ["connecting", "waiting", "connecting", "open"]);
});

test("attempts grow apart while the server is down, and a good connection makes the next pause short", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.server.isDown = true;
  world.subscribe("a");
  await world.run(60 * MINUTE_MS);
  assert.ok(
    world.server.counts.handshakes < 300,
    `${world.server.counts.handshakes} handshakes in an hour`,
  );
  assert.ok(
    world.server.counts.handshakes > 100,
    `${world.server.counts.handshakes} handshakes in an hour`,
  );
  world.server.isDown = false;
  await world.run(MINUTE_MS);
  world.connection.cut(1006);
  assert.equal(world.realtime.state.attempt, 1);
});

test("a heartbeat goes out every seven to nine minutes for the channel that is silent longest, with its position", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.publish("a", 2);
  world.subscribe("a");
  world.subscribe("b");
  await world.run(1_000);
  const before = world.sent.length;
  await world.run(60 * MINUTE_MS);
  const beats = world.sent.slice(before);
  assert.ok(beats.length >= 6 && beats.length <= 8, `${beats.length} heartbeats in an hour`);
  assert.deepEqual(beats.slice(0, 3), ["subscribe a 2", "subscribe b", "subscribe a 2"]);
});

test("a channel whose frames come has no heartbeat, and the silent one beside it has them all", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.subscribe("a");
  world.subscribe("b");
  await world.run(1_000);
  const before = world.sent.length;
  for (let minute = 1; minute <= 60; minute += 1) {
    await world.run(MINUTE_MS);
    world.publish("a", minute);
  }
  const beats = world.sent.slice(before);
  assert.ok(beats.length >= 6 && beats.length <= 8, `${beats.length} heartbeats in an hour`);
  assert.deepEqual([...new Set(beats)], ["subscribe b"]);
});

test("a connection all of whose channels speak sends no heartbeat", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.subscribe("a");
  world.subscribe("b");
  await world.run(1_000);
  const before = world.sent.length;
  for (let round = 1; round <= 15; round += 1) {
    await world.run(5 * MINUTE_MS);
    world.publish("a", round);
    world.publish("b", round);
  }
  assert.deepEqual(world.sent.slice(before), []);
});

test("a connection is never silent for ten minutes, whenever its last frame came", async () => {
  for (let second = 30; second < 16 * 60; second += 30) {
    const world = new World({ channels: { a: "latest" } });
    world.subscribe("a");
    await world.run(1_000);
    await world.run(second * 1_000);
    world.publish("a", 1);
    await world.run(1_000);
    const before = world.sent.length;
    await world.run(9 * MINUTE_MS);
    assert.ok(world.sent.length > before, `no heartbeat after a frame at second ${second}`);
  }
});

test("a socket that says nothing any more is replaced", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.subscribe("a");
  await world.run(1_000);
  world.connection.isHalfOpen = true;
  world.publish("a", 5);
  await world.run(10 * MINUTE_MS);
  assert.deepEqual(world.shown, ["a 5"]);
  assert.equal(world.server.counts.handshakes, 2);
});

test("a hidden page gives up its socket after a while, and catches up when it is shown", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.subscribe("a");
  await world.run(1_000);
  world.page.hide();
  await world.run(MINUTE_MS / 2);
  world.page.show();
  await world.run(2 * MINUTE_MS);
  assert.deepEqual(world.statuses, ["connecting", "open"]);
  world.page.hide();
  await world.run(2 * MINUTE_MS);
  assert.equal(world.server.connections.size, 0);
  world.publish("a", 7);
  world.page.show();
  await world.run(1_000);
  assert.deepEqual(world.shown, ["a 7"]);
  assert.deepEqual(world.statuses.slice(2), ["paused", "connecting", "open"]);
});

test("a page may keep its socket while it is hidden", async () => {
  const world = new World({ channels: { a: "latest" }, timings: { hiddenGraceMs: Infinity } });
  world.subscribe("a");
  world.page.hide();
  await world.run(30 * MINUTE_MS);
  assert.equal(world.realtime.state.status, "open");
});

test("a page that is shown again checks its socket at once", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.subscribe("a");
  await world.run(1_000);
  world.page.hide();
  world.page.show();
  await world.run(1_000);
  assert.deepEqual(world.sent, ["subscribe a", "subscribe a"]);
});

test("offline is a state, and the network's return ends the pause", async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const world = new World({ seed, channels: { a: "latest" } });
    world.subscribe("a");
    await world.run(10_000);
    world.server.isDown = true;
    world.page.goOffline();
    assert.equal(world.realtime.state.status, "offline");
    await world.run(5 * MINUTE_MS);
    assert.deepEqual(new Set(world.statuses.slice(2)), new Set(["offline"]));
    world.server.isDown = false;
    world.publish("a");
    world.page.goOnline();
    await world.run(2_000);
    assert.deepEqual(world.shown, ["a 1"], `seed ${seed}`);
  }
});

test("the network's return is told while an attempt is under way", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.page.goOffline();
  world.subscribe("a");
  world.page.goOnline();
  await world.run(1_000);
  assert.deepEqual(world.statuses, ["offline", "connecting", "open"]);
});

test("a browser that wrongly says offline does not keep the client from connecting", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.page.goOffline();
  world.subscribe("a");
  await world.run(1_000);
  assert.equal(world.realtime.state.status, "open");
});

test("what the application throws is reported, and the client goes on", async () => {
  const world = new World({
    channels: { a: "latest" },
    onState: () => {
      throw new Error("state");
    },
  });
  const failing = (what) => () => {
    throw new Error(what);
  };
  world.publish("a");
  world.realtime.subscribe("a", failing("value"), { onSubscribed: failing("subscribed") });
  world.subscribe("nowhere", { onError: failing("error") });
  world.subscribe("a");
  await world.run(1_000);
  assert.deepEqual(world.shown, ["a 1"]);
  assert.deepEqual(
    new Set(world.reported.map((error) => error.message)),
    new Set(["state", "value", "subscribed", "error"]),
  );
});

test("frames that are none are counted and ignored, and unknown events are ignored", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.subscribe("a");
  await world.run(1_000);
  const about = { channel: "a", epoch: 1, version: 1, at: 1 };
  const bad = [
    "",
    "{",
    "null",
    "[]",
    "1",
    "{}",
    '{"clicks":1}',
    '{"realtime":1}',
    '{"realtime":{}}',
    '{"realtime":{"event":{"toString":null}}}',
    '{"realtime":{"event":"subscribed","channel":"a","recovered":true,"more":false,"messages":[null]}}',
    '{"realtime":{"event":"error","code":1}}',
    ...["epoch", "version", "at", "channel"].map((name) =>
      JSON.stringify({ realtime: { ...about, [name]: -1 } }),
    ),
  ];
  for (const data of [...bad, new Uint8Array(3)]) world.connection.onmessage({ data });
  assert.equal(world.realtime.malformedFrames, bad.length + 1);
  for (const event of ["pong", "news", "constructor"])
    world.connection.onmessage({ data: JSON.stringify({ realtime: { event } }) });
  assert.equal(world.realtime.malformedFrames, bad.length + 1);
  world.publish("a");
  await world.run(1_000);
  assert.deepEqual(world.shown, ["a 1"]);
});

test("close ends everything, also from within a callback", async () => {
  const world = new World({ channels: { a: "every" } });
  const seen = [];
  world.realtime.subscribe(
    "a",
    (value, meta) => {
      seen.push(meta.version);
      world.realtime.close();
    },
    { since: { epoch: 0, version: 0 } },
  );
  world.publish("a", 3);
  await world.run(1_000);
  assert.deepEqual(seen, [1]);
  assert.equal(world.server.connections.size, 0);
  assert.equal(world.realtime.state.status, "closed");
  assert.throws(() => world.subscribe("a"), /closed/);
  await world.run(10 * MINUTE_MS);
  assert.equal(world.server.counts.handshakes, 1);
});

test("options that cannot work are refused all together", () => {
  assert.throws(
    () => connect({ ticket: "abc", timings: { heartbeatMs: -1, never: 1 } }),
    (error) => {
      return (
        error instanceof TypeError &&
        ["url", "ticket", "heartbeatMs", "never"].every((part) => error.message.includes(part))
      );
    },
  );
});
