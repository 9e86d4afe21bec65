import assert from "node:assert/strict";
import { test } from "node:test";
import { Every } from "../every.js";
import { Latest } from "../latest.js";

function place(Kind, position) {
  const log = [];
  const sink = {
    begin: ({ missed }) => log.push(missed ? "missed" : "begin"),
    show: ({ epoch, version }) => log.push(`${epoch}.${version}`),
  };
  return { place: new Kind(position, sink), log };
}

function message(epoch, version) {
  return { epoch, version, at: 1, value: {}, snapshot: false };
}

function reply(epoch, version, { recovered = false, numbers = [] } = {}) {
  const messages = numbers.map((number) => message(epoch, number));
  return { kind: "subscribed", channel: "a", recovered, more: false, epoch, version, messages };
}

const at = (epoch, version) => ({ epoch, version });

test("a latest channel shows a greater epoch with any version, and nothing older", () => {
  const { place: latest, log } = place(Latest);
  for (const [epoch, version] of [
    [1, 5],
    [1, 4],
    [1, 5],
    [2, 1],
    [1, 9],
    [2, 0],
    [2, 2],
  ])
    latest.push(message(epoch, version));
  assert.deepEqual(log, ["1.5", "2.1", "2.2"]);
});

test("a reply without the value does not satisfy a subscriber without one", () => {
  const { place: latest, log } = place(Latest);
  assert.equal(latest.reply(reply(1, 3)), false);
  assert.equal(latest.reply({ ...reply(1, 3), messages: [message(1, 3)] }), true);
  assert.deepEqual(log, ["begin", "1.3"]);
});

test("an answer to where a subscriber was does not move it from where it is", () => {
  const { place: every, log } = place(Every);
  every.reply(reply(1, 4), undefined);
  every.push(message(1, 5));
  every.push(message(1, 6));
  assert.equal(every.reply(reply(1, 5), at(1, 4)), false, "it has to ask from where it is");
  every.push(message(1, 6));
  assert.deepEqual([log, every.position], [["begin", "1.5", "1.6"], at(1, 6)]);
});

test("an answer to where another subscriber is serves subscribers ahead of it", () => {
  const { place: every, log } = place(Every, at(1, 4));
  assert.equal(
    every.reply(reply(1, 6, { recovered: true, numbers: [3, 4, 5, 6] }), at(1, 2)),
    true,
  );
  assert.deepEqual(log, ["begin", "1.5", "1.6"]);
});

test("an answer to where another subscriber is reports no miss to this one", () => {
  const { place: every, log } = place(Every, at(1, 4));
  assert.equal(every.reply(reply(1, 6), at(1, 2)), false);
  assert.equal(every.reply(reply(1, 6, { recovered: true, numbers: [5, 6] }), at(1, 4)), true);
  assert.deepEqual(log, ["begin", "1.5", "1.6"]);
});

test("a new numbering is told, begins with 1, and ends the old one", () => {
  const { place: every, log } = place(Every);
  every.reply(reply(1, 4), undefined);
  every.push(message(2, 2));
  every.push(message(1, 5));
  every.push(message(2, 1));
  assert.deepEqual(log, ["begin", "missed", "2.1", "2.2"]);
});

test("the first messages of a channel that had none are no new numbering", () => {
  const { place: every, log } = place(Every);
  every.reply({ ...reply(), epoch: undefined, version: undefined }, undefined);
  every.push(message(7, 2));
  assert.deepEqual([log, every.gap], [["begin"], true]);
  every.push(message(7, 1));
  assert.deepEqual([log, every.gap], [["begin", "7.1", "7.2"], false]);
});

test("a history that begins after 1 is a miss for a subscriber that was there before, and none for one that asks for all that is kept", () => {
  const { place: there, log } = place(Every);
  there.reply({ ...reply(), epoch: undefined, version: undefined }, undefined);
  there.reply(reply(7, 4, { recovered: true, numbers: [3, 4] }), at(0, 0));
  assert.deepEqual(log, ["begin", "missed", "7.3", "7.4"]);
  const { place: asks, log: asked } = place(Every, at(0, 0));
  asks.reply(reply(7, 4, { recovered: true, numbers: [3, 4] }), at(0, 0));
  assert.deepEqual(asked, ["begin", "7.3", "7.4"]);
});

test("what comes out of turn is kept in bounds, and what was dropped is known to be missing", () => {
  const { place: every, log } = place(Every);
  every.reply(reply(1, 0), undefined);
  for (let number = 3_000; number > 1; number -= 1) every.push(message(1, number));
  every.push(message(1, 1));
  assert.deepEqual([log.length, every.position, every.gap], [1_001, at(1, 1_000), true]);
});
