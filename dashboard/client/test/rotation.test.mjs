import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE_MS, World } from "./world.mjs";

const SEEDS = 15;
const CHANNELS = { a: "every", b: "latest", c: "every" };
const LONGEST_MS = 120 * MINUTE_MS;

async function subscribed(seed) {
  const world = new World({ seed, channels: CHANNELS });
  world.server.faults = { ...world.server.faults, longestDelayMs: 900 };
  Object.keys(CHANNELS).forEach((name) => world.subscribe(name));
  await world.run(5_000);
  return world;
}

/** Until a second socket is on its way. */
function change(world) {
  return world.run(LONGEST_MS, () => world.server.counts.handshakes === 2);
}

test("a rotation loses no message and shows none twice", async () => {
  const world = await subscribed(1);
  for (let count = 1; count <= 6 * 60; count += 1) {
    world.publish("a");
    await world.run(MINUTE_MS);
  }
  assert.deepEqual(
    world.shown,
    Array.from({ length: 360 }, (_, index) => `a ${index + 1}`),
  );
  assert.deepEqual([world.server.counts.handshakes, world.server.counts.cuts], [4, 0]);
  assert.equal(world.told.length, 3);
  assert.deepEqual(world.statuses, ["connecting", "open"]);
});

test("the old socket closes only after the new one has an answer for every channel", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = await subscribed(seed);
    await change(world);
    for (let tick = 0; tick < 200; tick += 1) {
      const open = [...world.server.connections].filter((connection) => connection.isOpen);
      const unheard = Object.keys(CHANNELS).filter(
        (name) => !open.some((connection) => connection.watches(name)),
      );
      assert.deepEqual(unheard, [], `seed ${seed}, tick ${tick}`);
      await world.run(25);
    }
    assert.equal(world.server.connections.size, 1, `seed ${seed}`);
    assert.equal(world.server.counts.handshakes, 2, `seed ${seed}`);
  }
});

test("clients that came at once do not rotate at once", async () => {
  const ages = [];
  for (let seed = 1; seed <= 30; seed += 1) {
    const world = new World({ seed, channels: { a: "latest" } });
    world.subscribe("a");
    const start = world.clock.now();
    await change(world);
    ages.push(Math.floor((world.clock.now() - start) / MINUTE_MS));
  }
  assert.ok(Math.min(...ages) >= 100 && Math.max(...ages) <= 115, String(ages));
  assert.ok(new Set(ages).size >= 8, String(ages));
});

test("while no new socket can be had the old one stays, and its end is an ordinary reconnect", async () => {
  const world = new World({ channels: { a: "every" } });
  world.subscribe("a");
  await world.run(90 * MINUTE_MS);
  world.server.isDown = true;
  await world.run(28 * MINUTE_MS);
  assert.deepEqual(world.statuses, ["connecting", "open"]);
  world.publish("a", 3);
  await world.run(5 * MINUTE_MS);
  world.publish("a", 3);
  world.server.isDown = false;
  await world.run(MINUTE_MS);
  assert.deepEqual(world.shown, ["a 1", "a 2", "a 3", "a 4", "a 5", "a 6"]);
  assert.equal(world.server.counts.cuts, 1);
});

test("the new socket takes over when the old one dies in the middle of the change", async () => {
  const world = new World({ channels: { a: "every" } });
  world.subscribe("a");
  await change(world);
  const [old] = world.server.connections;
  old.cut(1001);
  world.publish("a", 2);
  await world.run(5_000);
  assert.deepEqual(world.shown, ["a 1", "a 2"]);
  assert.equal(world.server.counts.handshakes, 2);
  assert.deepEqual(world.statuses, ["connecting", "open", "connecting", "open"]);
});
