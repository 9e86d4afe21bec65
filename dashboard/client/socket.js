/**
 * @file One WebSocket from the search for its address to its end, which is told once and never thrown.
 */
import { read } from "./frames.js";

export class Socket {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {unknown} */
  #deadline;
  #hasEnded = false;
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
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
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

  /** @param {WebSocket} socket */
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
    socket.onclose = ({ code, reason }) => {
      const what = this.isOpen ? "the connection was closed" : "the handshake failed";
      this.end(new Error(`${what}, code ${code}${reason ? `: ${reason}` : ""}`));
    };
  }
}

/** @param {unknown} thrown */
function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
