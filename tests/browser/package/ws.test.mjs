// npm's `ws`, whose sockets emit their errors: an error that nobody listens to ends the process.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { connect } from "realtime-platform-client";
import WebSocket, { WebSocketServer } from "ws";

const TIMINGS = { retryBaseMs: 10, retryCapMs: 20 };

/** Resolves to the first state that fits. */
function state(realtime, fits) {
  return new Promise((resolve) => realtime.onState((state) => fits(state) && resolve(state)));
}

async function listening(t, answer) {
  const server = createServer();
  server.on("upgrade", answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  return `ws://127.0.0.1:${server.address().port}/dev`;
}

function client(t, url) {
  const realtime = connect({ url, WebSocket, timings: TIMINGS });
  t.after(() => realtime.close());
  realtime.subscribe("link:a", () => {});
  return realtime;
}

test("a connection that is refused, and a handshake that is forbidden, are tried again", async (t) => {
  const gone = await listening(t, () => {});
  const forbidden = await listening(t, (_, socket) =>
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
  );
  for (const [url, reason] of [[gone.replace(/:\d+/, ":1"), /ECONNREFUSED/], [forbidden, /403/]]) {
    const { error } = await state(client(t, url), ({ attempt }) => attempt > 2);
    assert.match(error.message, reason);
  }
});

test("closing while the handshake hangs ends nothing but the client", async (t) => {
  const url = await listening(t, () => {});
  const realtime = client(t, url);
  await new Promise(setImmediate);
  realtime.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(realtime.state.status, "closed");
});

test("values arrive", async (t) => {
  const server = new WebSocketServer({ noServer: true });
  const url = await listening(t, (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (opened) =>
      opened.on("message", (text) => {
        const { id, channel } = JSON.parse(text);
        const about = { event: "subscribed", id, channel, recovered: false, epoch: 1, version: 2, at: 1 };
        opened.send(JSON.stringify({ realtime: { ...about, value: { clicks: 2 } } }));
      }),
    ),
  );
  const realtime = connect({ url, WebSocket, timings: TIMINGS });
  t.after(() => (realtime.close(), server.clients.forEach((one) => one.terminate())));
  const value = await new Promise((resolve) => realtime.subscribe("link:a", resolve));
  assert.deepEqual(value, { clicks: 2 });
});
