import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "../index.js";
import { Channels } from "./channels_model.mjs";
import { SocketServer } from "./socket_server.mjs";

const TIMINGS = { retryBaseMs: 20, retryCapMs: 50 };

async function serve(t) {
  const channels = new Channels({ now: () => Date.now() }, Infinity);
  channels.make("a", "latest");
  channels.make("b", "every");
  const server = new SocketServer((text, send) => {
    const { action, channel, since, id } = JSON.parse(text);
    send(
      JSON.stringify(
        action === "subscribe"
          ? channels.reply(channel, since, id)
          : { realtime: { event: "unsubscribed", channel, id } },
      ),
    );
  });
  const url = await server.listen();
  const changes = new EventTarget();
  const realtime = connect({
    url,
    timings: TIMINGS,
    onState: () => changes.dispatchEvent(new Event("change")),
  });
  const shown = [];
  const told = [];
  for (const name of ["a", "b"]) {
    realtime.subscribe(
      name,
      (value, meta) => {
        shown.push(`${name} ${meta.version}`);
        changes.dispatchEvent(new Event("change"));
      },
      { onSubscribed: () => told.push(name) && changes.dispatchEvent(new Event("change")) },
    );
  }
  t.after(async () => {
    realtime.close();
    await server.close();
  });
  const publish = (name) => server.send(JSON.stringify(channels.publish(name)));
  const until = async (condition) => {
    while (!condition()) await once(changes, "change", { signal: AbortSignal.timeout(10_000) });
  };
  return { server, url, realtime, shown, told, publish, until };
}

test("values arrive by a real socket, and again after it was cut", async (t) => {
  const { server, realtime, shown, told, publish, until } = await serve(t);
  await until(() => told.length === 2);
  publish("a");
  publish("a");
  await until(() => shown.length === 2);
  server.cut();
  publish("a");
  await until(() => shown.length === 3);
  assert.deepEqual(shown, ["a 1", "a 2", "a 3"]);
  assert.equal(realtime.state.status, "open");
  assert.match(server.queries[1], /^channel=a&since=\d+\.2$/);
});

test("a server that closes and comes back is found again without a loss", async (t) => {
  const { server, url, realtime, shown, told, publish, until } = await serve(t);
  await until(() => told.length === 2);
  server.closeAll(1001);
  await server.close();
  ["b", "b", "b"].forEach(publish);
  await until(() => realtime.state.attempt >= 2);
  await server.listen(Number(new URL(url).port));
  await until(() => shown.length === 3);
  assert.deepEqual(shown, ["b 1", "b 2", "b 3"]);
});

test("what the server sends beside the protocol harms nothing", async (t) => {
  const { server, realtime, shown, publish, until } = await serve(t);
  await until(() => realtime.state.status === "open");
  server.send("no JSON");
  server.send('{"message":"Internal server error","connectionId":"a=","requestId":"b="}');
  publish("a");
  await until(() => shown.length === 1);
  assert.equal(realtime.malformedFrames, 1);
});
