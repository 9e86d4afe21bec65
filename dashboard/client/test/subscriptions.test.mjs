import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "./world.mjs";

test("a snapshot comes with the subscription, and pushes follow", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.publish("a", 3);
  world.subscribe("a");
  await world.run(1_000);
  world.publish("a");
  await world.run(1_000);
  assert.deepEqual(world.shown, ["a 3", "a 4"]);
  const [{ delivery, recovered, missed }] = world.told;
  assert.deepEqual(
    { delivery, recovered, missed },
    { delivery: "latest", recovered: false, missed: false },
  );
});

test("meta says whether a value was pushed as it happened", async () => {
  const world = new World({ channels: { a: "latest" } });
  const metas = [];
  world.publish("a");
  world.realtime.subscribe("a", (value, meta) => metas.push(meta));
  await world.run(1_000);
  const at = world.clock.now();
  world.publish("a");
  await world.run(1_000);
  assert.deepEqual(
    metas.map((meta) => [meta.version, meta.snapshot]),
    [
      [1, true],
      [2, false],
    ],
  );
  assert.deepEqual(metas[1], {
    channel: "a",
    epoch: metas[0].epoch,
    version: 2,
    at,
    snapshot: false,
  });
});

test("many subscribers of a channel share one subscription, and a late one gets the last value at once", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.publish("a", 2);
  world.subscribe("a");
  await world.run(1_000);
  const late = [];
  const subscription = world.realtime.subscribe("a", (value, meta) =>
    late.push([subscription.channel, meta.version]),
  );
  await world.run(0);
  assert.deepEqual(late, [["a", 2]]);
  assert.deepEqual(world.sent, ["subscribe a"]);
});

test("only the last subscriber to leave unsubscribes", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  const [first, second] = [world.subscribe("a"), world.subscribe("a")];
  world.subscribe("b");
  await world.run(1_000);
  first.close();
  await world.run(1_000);
  assert.deepEqual(world.sent, ["subscribe a", "subscribe b"]);
  second.close();
  second.close();
  await world.run(1_000);
  assert.deepEqual(world.sent.slice(2), ["unsubscribe a"]);
  world.publish("a");
  await world.run(1_000);
  assert.deepEqual(world.shown, []);
});

test("a subscriber with since is shown only newer values, and a later one without it gets the snapshot", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.publish("a", 3);
  const { epoch } = world.channels.get("a");
  world.subscribe("a", { since: { epoch, version: 3 } });
  await world.run(1_000);
  assert.deepEqual(world.shown, []);
  world.subscribe("a");
  await world.run(1_000);
  assert.deepEqual(world.shown, ["a 3"]);
});

test("what was pushed before the first reply is shown once the reply is there", async () => {
  const world = new World({ channels: { a: "every" } });
  world.publish("a", 2);
  world.subscribe("a");
  await world.run(300);
  const { send } = world.connection;
  world.connection.send = (text) =>
    world.clock.setTimeout(() => send.call(world.connection, text), 5_000);
  world.realtime.subscribe("a", () => {}); // nothing new to say
  world.publish("a");
  await world.run(10_000);
  assert.deepEqual(world.shown, ["a 3"]);
});

test("a client that comes back in time gets every message in pages", async () => {
  const world = new World({ channels: { a: "every" } });
  world.subscribe("a");
  await world.run(1_000);
  world.publish("a", 2);
  await world.run(1_000);
  world.server.closeAll();
  world.publish("a", 20);
  await world.run(10_000);
  assert.deepEqual(
    world.shown,
    Array.from({ length: 22 }, (_, index) => `a ${index + 1}`),
  );
  assert.deepEqual(world.sent, ["subscribe a", "subscribe a 2", "subscribe a 9", "subscribe a 16"]);
  assert.deepEqual(
    world.told.map((about) => about.recovered),
    [true, true].with(0, false),
  );
});

test("a client that comes back too late is told that it missed messages, before what follows", async () => {
  const world = new World({ channels: { a: "every" }, windowMs: 60_000 });
  const order = [];
  world.realtime.subscribe("a", (value, meta) => order.push(meta.version), {
    onSubscribed: ({ missed, recovered, version }) => order.push({ missed, recovered, version }),
  });
  await world.run(1_000);
  world.publish("a", 2);
  await world.run(1_000);
  world.server.isDown = true;
  world.server.closeAll();
  world.publish("a", 3);
  await world.run(120_000);
  world.server.isDown = false;
  await world.run(40_000);
  world.publish("a");
  await world.run(1_000);
  const [first, ...others] = order;
  assert.deepEqual(first, { missed: false, recovered: false, version: 0 });
  assert.deepEqual(others, [1, 2, { missed: true, recovered: false, version: 5 }, 6]);
});

test("a late subscriber of an every channel may ask for what was before it", async () => {
  const world = new World({ channels: { a: "every" } });
  world.subscribe("a");
  await world.run(1_000);
  world.publish("a", 10);
  await world.run(1_000);
  const [now, all] = [[], []];
  world.realtime.subscribe("a", (value, meta) => now.push(meta.version));
  world.realtime.subscribe("a", (value, meta) => all.push(meta.version), {
    since: { epoch: 0, version: 0 },
  });
  await world.run(1_000);
  world.publish("a");
  await world.run(1_000);
  assert.deepEqual([now, all], [[11], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]);
  assert.equal(world.shown.length, 11);
});

test("a message that is missing for two seconds is asked for", async () => {
  const world = new World({ channels: { a: "every" } });
  world.subscribe("a");
  await world.run(1_000);
  world.server.faults = { ...world.server.faults, drop: 1 };
  world.publish("a", 2);
  world.server.faults = { ...world.server.faults, drop: 0 };
  world.publish("a");
  await world.run(1_900);
  assert.deepEqual(world.shown, []);
  await world.run(300);
  assert.deepEqual(world.shown, ["a 1", "a 2", "a 3"]);
});

test("a refusal reaches the subscription it is about, and is not repeated", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.server.forbidden.add("b");
  world.subscribe("a");
  world.subscribe("b");
  world.subscribe("nowhere");
  await world.run(60_000);
  assert.deepEqual(world.errors.map(({ channel, code, final }) => [channel, code, final]).sort(), [
    ["b", "forbidden", true],
    ["nowhere", "unknown_channel", true],
  ]);
  assert.deepEqual(
    world.sent.filter((text) => !text.endsWith(" a")),
    ["subscribe b", "subscribe nowhere"],
  );
  assert.equal(world.realtime.state.status, "open");
});

test("one channel too many is an error of that channel", async () => {
  const world = new World({ channels: { a: "latest", b: "latest" } });
  world.server.largest = 1;
  world.subscribe("a");
  world.subscribe("b");
  await world.run(60_000);
  assert.deepEqual(
    world.errors.map(({ channel, code }) => [channel, code]),
    [["b", "too_many_subscriptions"]],
  );
});

test("a failed request is told and tried again", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.publish("a");
  world.server.faults = { ...world.server.faults, internal: 1 };
  world.subscribe("a");
  await world.run(1_000);
  world.server.faults = { ...world.server.faults, internal: 0 };
  await world.run(30_000);
  assert.deepEqual(
    new Set(world.errors.map(({ code, final }) => `${code} ${final}`)),
    new Set(["internal false"]),
  );
  assert.deepEqual(world.shown, ["a 1"]);
});

test("API Gateway's own frame is a reason to try again, before the time for the answer is over", async () => {
  const world = new World({ channels: { a: "latest" } });
  world.publish("a");
  world.server.faults = { ...world.server.faults, gateway: 1 };
  world.subscribe("a");
  await world.run(350);
  world.server.faults = { ...world.server.faults, gateway: 0 };
  await world.run(5_000);
  assert.deepEqual(world.shown, ["a 1"]);
  assert.equal(world.realtime.malformedFrames, 0);
});

test("a channel that cannot exist, a missing callback and a wrong position are refused at once", () => {
  const world = new World();
  assert.throws(
    () => world.realtime.subscribe("a b", undefined, { since: { epoch: 1, version: -1 } }),
    (error) => {
      return (
        error instanceof TypeError &&
        ["a channel is", "onValue", "since"].every((part) => error.message.includes(part))
      );
    },
  );
});
