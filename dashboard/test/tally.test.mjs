import assert from "node:assert/strict";
import { test } from "node:test";

import { Tally, WINDOW_SECONDS, ceiling, lastDays } from "../tally.js";

const NOW = Date.UTC(2031, 0, 15, 12);
const push = (at) => ({ at, snapshot: false });

test("the first number of a link that was not known adds nothing", () => {
  const tally = new Tally();
  assert.equal(tally.take(7, { at: NOW, snapshot: true }, NOW), 0);
  assert.equal(tally.clicks, 7);
  assert.deepEqual(tally.events, []);
});

test("the first click of a link without any is one", () => {
  const tally = new Tally(0);
  assert.equal(tally.take(1, push(NOW - 40), NOW), 1);
  assert.equal(tally.events[0].latency, 40);
});

test("a push counts in the second in which it came, once that second is over", () => {
  const tally = new Tally(0);
  tally.take(3, push(NOW), NOW);
  assert.equal(tally.perSecond(NOW).reduce((a, b) => a + b), 0);
  assert.equal(tally.perSecond(NOW + 1_000).at(-1), 3);
  assert.equal(tally.perSecond(NOW + 60_000).at(0), 3);
  assert.equal(tally.perSecond(NOW + 61_000).at(0), 0);
  assert.equal(tally.perSecond(NOW).length, WINDOW_SECONDS);
});

test("what is caught up on moves the number and not the pace", () => {
  const tally = new Tally(5);
  assert.equal(tally.take(9, { at: NOW, snapshot: true }, NOW), 4);
  assert.equal(tally.take(10, push(NOW - 3_600_000), NOW), 1);
  assert.equal(Math.max(...tally.perSecond(NOW + 1_000)), 0);
  assert.equal(tally.medianLatency, null);
  assert.deepEqual(tally.events.map((event) => event.latency), [null, null]);
});

test("a state that was made anew may be smaller and adds nothing", () => {
  const tally = new Tally(5);
  assert.equal(tally.take(1, push(NOW), NOW), 0);
  assert.equal(tally.clicks, 1);
});

test("the median is of the last fifty", () => {
  const tally = new Tally(0);
  for (let i = 1; i <= 60; i += 1) tally.take(i, push(NOW - i), NOW);
  assert.equal(tally.measured, 50);
  assert.equal(tally.medianLatency, 35.5);
});

test("a clock that is behind measures nothing below zero", () => {
  const tally = new Tally(0);
  tally.take(1, push(NOW + 500), NOW);
  assert.equal(tally.medianLatency, 0);
});

test("days without clicks are there, and today is the last", () => {
  const days = lastDays([{ date: "2031-01-13", clicks: 4 }, { date: "2030-01-01", clicks: 9 }], 3, NOW);
  assert.deepEqual(days, [
    { date: "2031-01-13", clicks: 4 },
    { date: "2031-01-14", clicks: 0 },
    { date: "2031-01-15", clicks: 0 },
  ]);
});

test("an axis ends at the first of 1, 2, 5, 10 that is not below", () => {
  assert.deepEqual([0, 1, 3, 5, 6, 11, 200, 201, 999].map(ceiling), [1, 1, 5, 5, 10, 20, 200, 500, 1_000]);
});
