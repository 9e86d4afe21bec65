import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE_MS, World } from "./world.mjs";

/** A page with a public channel beside a user's own; the ticket address answers as a test says. */
function page({ answer = "ticket", ...options } = {}) {
  const user = { answer, asked: 0 };
  const ticket = async () => {
    user.asked += 1;
    if (user.answer !== "ticket") return user.answer;
    const fresh = `t${user.asked}`;
    world.server.tickets.add(fresh);
    return fresh;
  };
  const world = new World({ channels: { a: "latest", "user:42": "every" }, ticket, ...options });
  world.server.owned.add("user:42");
  world.subscribe("a");
  world.subscribe("user:42");
  return { world, user };
}

const isFinal = ({ channel, code, final }) => [channel, code, final];

for (const answer of [undefined, "", { message: "Too Many Requests" }, 401, false]) {
  test(`an answer without a ticket, ${JSON.stringify(answer)}, is a failure and never an anonymous connection`, async () => {
    const { world, user } = page();
    await world.run(1_000);
    user.answer = answer;
    world.connection.cut(1006);
    await world.run(5 * MINUTE_MS);
    assert.equal(world.server.counts.handshakes, 1);
    assert.equal(world.realtime.state.status, "waiting");
    assert.match(world.realtime.state.error.message, /^ticket\(\) must give a ticket, or null/);
    assert.ok(user.asked > 5 && user.asked < 60, `${user.asked} tickets asked for in 5 minutes`);
    user.answer = "ticket";
    world.publish("user:42");
    await world.run(MINUTE_MS);
    assert.deepEqual(world.shown, ["user:42 1"]);
    assert.deepEqual(world.errors, []);
  });
}

test("forbidden without credentials is not final: the channel is watched once there is a ticket, and no other loses a value", async () => {
  const { world, user } = page({ answer: null });
  await world.run(MINUTE_MS);
  assert.deepEqual(world.errors.map(isFinal), [["user:42", "forbidden", false]]);
  assert.equal(world.server.counts.handshakes, 1);
  assert.equal(world.sent.filter((text) => text === "subscribe user:42").length, 1);
  user.answer = "ticket";
  for (let second = 0; second < 60; second += 1) {
    world.publish("a");
    await world.run(1_000);
  }
  world.publish("user:42");
  await world.run(1_000);
  const own = world.shown.filter((text) => text.startsWith("user"));
  assert.deepEqual(own, ["user:42 1"]);
  assert.equal(world.shown.length, 61);
  assert.deepEqual(world.statuses, ["connecting", "open"]);
  assert.equal(world.connection.query.get("channel"), null);
});

test("an anonymous page with a channel that it may not watch still rotates, and beats for the others", async () => {
  const { world } = page({ answer: null });
  await world.run(1_000);
  const before = world.sent.length;
  await world.run(90 * MINUTE_MS);
  assert.ok(world.sent.slice(before).length >= 10);
  assert.equal(world.server.counts.handshakes, 1);
  await world.run(150 * MINUTE_MS);
  // Two changes of the socket, each of which may name the channel first that it is refused.
  const { handshakes, cuts } = world.server.counts;
  assert.ok(handshakes >= 3 && handshakes <= 5, `${handshakes} handshakes`);
  assert.equal(cuts, 0);
  assert.deepEqual(world.statuses, ["connecting", "open"]);
});

test("a later subscriber of a channel that waits for credentials is told so", async () => {
  const { world } = page({ answer: null });
  await world.run(1_000);
  world.subscribe("user:42");
  await world.run(0);
  assert.deepEqual(world.errors.map(isFinal), [
    ["user:42", "forbidden", false],
    ["user:42", "forbidden", false],
  ]);
});

test("forbidden with credentials is final, and so it is where the application has none to give", async () => {
  const { world } = page();
  world.server.forbidden.add("user:42");
  await world.run(1_000);
  assert.deepEqual(world.errors.map(isFinal), [["user:42", "forbidden", true]]);
  const { world: open } = page({ ticket: undefined });
  await open.run(1_000);
  assert.deepEqual(open.errors.map(isFinal), [["user:42", "forbidden", true]]);
});

for (const answer of [undefined, null]) {
  test(`a rotation that gets ${answer} for a ticket keeps the old socket, which is good`, async () => {
    const { world, user } = page();
    await world.run(90 * MINUTE_MS);
    user.answer = answer;
    await world.run(28 * MINUTE_MS);
    assert.deepEqual(world.statuses, ["connecting", "open"]);
    world.publish("user:42", 2);
    await world.run(1_000);
    assert.deepEqual(world.shown, ["user:42 1", "user:42 2"]);
    user.answer = "ticket";
    await world.run(MINUTE_MS * 1.5);
    assert.equal(world.server.counts.cuts, 0);
    assert.deepEqual(world.statuses, ["connecting", "open"]);
    world.publish("user:42");
    await world.run(1_000);
    assert.equal(world.shown.at(-1), "user:42 3");
    assert.ok(world.errors.every(({ final }) => !final));
  });
}
