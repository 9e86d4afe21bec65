// The hooks in React's own renderer, under StrictMode, on a client whose server answers at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement, StrictMode } from "react";
import { act, create } from "react-test-renderer";
import { connect } from "realtime-platform-client";
import { useChannel, useRealtimeState } from "realtime-platform-client/react";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** A server that knows each channel's number, and one channel that is somebody else's. */
class Socket {
  static open = new Set();
  static numbers = {};

  constructor() {
    this.watched = new Set();
    Socket.open.add(this);
    queueMicrotask(() => this.onopen?.({}));
  }

  static publish(channel) {
    Socket.numbers[channel] = (Socket.numbers[channel] ?? 0) + 1;
    for (const socket of Socket.open)
      if (socket.watched.has(channel)) socket.push({ ...about(channel), channel }, value(channel));
  }

  send(text) {
    const { action, channel, id } = JSON.parse(text);
    if (channel === "user:42") return this.push({ event: "error", code: "forbidden", message: "no", id });
    if (action === "subscribe") this.watched.add(channel);
    else this.watched.delete(channel);
    const found = channel in Socket.numbers ? { ...about(channel), value: value(channel) } : {};
    this.push({ event: `${action}d`, channel, id, recovered: false, ...found });
  }

  push(about, value = {}) {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ ...value, realtime: about }) }));
  }

  close() {
    Socket.open.delete(this);
  }
}

const about = (channel) => ({ epoch: 1, version: Socket.numbers[channel], at: 1 });
const value = (channel) => ({ clicks: Socket.numbers[channel] });
const settled = () => act(async () => new Promise(setImmediate));

/** Renders `Clicks` of a channel in StrictMode; `texts` are what it has shown. */
async function shown(t, channel) {
  Socket.numbers = { "link:a": 3, "link:b": 7 };
  const texts = [];
  const realtime = connect({ url: "wss://example.test/dev", WebSocket: Socket, timings: { idleCloseMs: 50 } });
  function Clicks({ channel }) {
    const { value, error } = useChannel(realtime, channel);
    const { status } = useRealtimeState(realtime);
    const text = `${status} ${channel} ${error?.code ?? value?.clicks ?? "-"}`;
    if (texts.at(-1) !== text) texts.push(text);
    return text;
  }
  const tree = (channel) => createElement(StrictMode, null, createElement(Clicks, { channel }));
  let root;
  await act(async () => (root = create(tree(channel))));
  await settled();
  t.after(() => act(() => realtime.close()));
  const turn = async (next) => {
    await act(async () => root.update(tree(next)));
    await settled();
  };
  return { root, realtime, texts, turn };
}

test("a component shows the newest value and each that follows, by one subscription", async (t) => {
  const { texts, root } = await shown(t, "link:a");
  Socket.publish("link:a");
  await settled();
  assert.deepEqual([texts[0], texts.at(-2), texts.at(-1)], ["paused link:a -", "open link:a 3", "open link:a 4"]);
  assert.equal(root.toJSON(), "open link:a 4");
  assert.equal(Socket.open.size, 1);
});

test("another channel never shows the value of the one before it", async (t) => {
  const { texts, turn } = await shown(t, "link:a");
  await turn("link:b");
  assert.deepEqual(texts.filter((text) => text.includes("link:b")), ["open link:b -", "open link:b 7"]);
  const [socket] = Socket.open;
  assert.deepEqual([...socket.watched], ["link:b"]);
  await turn(null);
  assert.match(texts.at(-1), / null -$/);
});

test("a refusal is shown", async (t) => {
  const { texts } = await shown(t, "user:42");
  assert.match(texts.at(-1), / user:42 forbidden$/);
});

test("a component that goes leaves no subscription and no socket", async (t) => {
  const { root, realtime } = await shown(t, "link:a");
  const paused = new Promise((resolve) => {
    realtime.onState(({ status }) => status === "paused" && resolve());
  });
  await act(async () => root.unmount());
  await paused;
  assert.equal(Socket.open.size, 0);
});
