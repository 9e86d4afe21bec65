/**
 * @file A WebSocket server on a real socket, with as much of RFC 6455 as the tests need: text frames up to
 * 64 KB, close frames, and a connection that is cut.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { record } from "./sent_frames.mjs";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const CLOSE = 8;

export class SocketServer {
  sockets = new Set();
  queries = [];
  #server = createServer();

  /** @param {(text: string, reply: (text: string) => void) => void} onText */
  constructor(onText) {
    this.onText = onText;
    this.#server.on("upgrade", (request, socket) => this.#open(request, socket));
  }

  /** Returns the address; `port` 0 takes a free one. */
  listen(port = 0) {
    return new Promise((resolve) => {
      this.#server.listen(port, "127.0.0.1", () =>
        resolve(`ws://127.0.0.1:${this.#server.address().port}/dev`),
      );
    });
  }

  close() {
    this.cut();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /** Without a close frame, as when a network ends. */
  cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  closeAll(code) {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    for (const socket of this.sockets) socket.end(frame(CLOSE, payload));
  }

  send(text) {
    for (const socket of this.sockets) socket.write(frame(TEXT, Buffer.from(text)));
  }

  #open(request, socket) {
    const { searchParams } = new URL(request.url, "http://127.0.0.1");
    this.queries.push(searchParams.toString());
    const accept = createHash("sha1")
      .update(request.headers["sec-websocket-key"] + MAGIC)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on("data", (data) => {
      received = this.#read(Buffer.concat([received, data]), socket);
    });
  }

  /** Returns what is left of a frame that has not arrived yet. */
  #read(data, socket) {
    let rest = data;
    for (let next = unframed(rest); next; next = unframed(rest)) {
      rest = rest.subarray(next.length);
      if (next.opcode === CLOSE) socket.end(frame(CLOSE, next.payload));
      else if (next.opcode === TEXT) this.#receive(next.payload.toString(), socket);
    }
    return rest;
  }

  #receive(text, socket) {
    record(text);
    this.onText(text, (reply) => socket.write(frame(TEXT, Buffer.from(reply))));
  }
}

function frame(opcode, payload) {
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = isShort ? payload.length : 126;
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** A client's frames are masked. */
function unframed(data) {
  if (data.length < 2) return undefined;
  const isShort = (data[1] & 0x7f) < 126;
  const start = isShort ? 6 : 8;
  if (data.length < start) return undefined;
  const size = isShort ? data[1] & 0x7f : data.readUInt16BE(2);
  if (data.length < start + size) return undefined;
  const mask = data.subarray(start - 4, start);
  const payload = Buffer.from(
    data.subarray(start, start + size).map((byte, index) => byte ^ mask[index % 4]),
  );
  return { opcode: data[0] & 0x0f, payload, length: start + size };
}
