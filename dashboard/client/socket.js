/**
 * @file One WebSocket from the search for its address to its end, which is told once and never thrown.
 */
import { read } from "./frames.js";

export class Socket {
  /** @type {import("./index.d.ts").SocketLike | undefined} */
  #socket;
  /** @type {unknown} */
  #deadline;
  #hasEnded = false;
  /** What an `error` event said; browsers' say nothing. */
  #reason = "";
  isOpen = false;
  /** When the server was last heard. */
  heardAt = 0;

  /**
   * @param {import("./options.js").Options} options
   * @param {{ address: () => Promise<string>, onOpen: () => void, onEnd: (error: Error) => void,
   *   onFrame: (frame: ReturnType<typeof read>) => void }} owner
   */
  constructor(options, owner) {
    this.options = options;
    this.owner = owner;
    const { clock, timings } = options;
    const late = () => this.end(new Error(`no connection after ${timings.connectTimeoutMs} ms`));
    this.#deadline = clock.setTimeout(late, timings.connectTimeoutMs);
    this.#open();
  }

  /** @param {object} message */
  send(message) {
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch (error) {
      this.end(asError(error));
    }
  }

  /** Tells the owner why, and does not wait for the other side. @param {Error} error */
  end(error) {
    if (this.#hasEnded) return;
    this.close();
    this.owner.onEnd(error);
  }

  /** Without a word to the owner. */
  close() {
    this.#hasEnded = true;
    this.isOpen = false;
    this.options.clock.clearTimeout(this.#deadline);
    const socket = this.#socket;
    if (!socket) return;
    // Not `onerror`: a class that emits errors ends the process where no handler listens, and closing may be one.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  async #open() {
    try {
      const url = await this.owner.address();
      if (this.#hasEnded) return;
      this.#listen(new this.options.WebSocket(url));
    } catch (error) {
      this.end(asError(error));
    }
  }

  /** @param {import("./index.d.ts").SocketLike} socket */
  #listen(socket) {
    this.#socket = socket;
    socket.onopen = () => {
      this.options.clock.clearTimeout(this.#deadline);
      this.isOpen = true;
      this.heardAt = this.options.clock.now();
      this.owner.onOpen();
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = this.options.clock.now();
      this.owner.onFrame(read(data));
    };
    // `close` follows an error, and ends the connection.
    socket.onerror = ({ message = "" }) => (this.#reason = message);
    socket.onclose = ({ code, reason }) => {
      const what = this.isOpen ? "the connection was closed" : "the handshake failed";
      const why = reason || this.#reason;
      this.end(new Error(`${what}, code ${code}${why ? `: ${why}` : ""}`));
    };
  }
}

/** @param {unknown} thrown */
function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
