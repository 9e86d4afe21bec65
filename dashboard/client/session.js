/**
 * @file One socket's life: it watches every channel that is subscribed, and shows that it is alive.
 *
 * @typedef {import("./frames.js").ErrorFrame} ErrorFrame
 * @typedef {{ opened: (session: Session) => void, ended: (session: Session, error: Error) => void,
 *   progressed: (session: Session) => void, refused: (name: string, error: ErrorFrame) => void,
 *   forbidden: (session: Session) => void, malformed: () => void }} Owner
 */
import { address } from "./address.js";
import { Dialogue } from "./dialogue.js";
import { Heartbeat } from "./heartbeat.js";
import { Socket } from "./socket.js";

export class Session {
  /** @type {Map<string, Dialogue>} */
  #dialogues = new Map();
  #messages = 0;
  #isAnonymous = false;
  openedAt = 0;

  /**
   * @param {import("./options.js").Options} options
   * @param {Map<string, import("./channel.js").Channel>} channels
   * @param {Owner} owner
   * @param {{ failures: number, mustSignIn: boolean }} attempt
   */
  constructor(options, channels, owner, attempt) {
    this.options = options;
    this.channels = channels;
    this.owner = owner;
    this.heartbeat = new Heartbeat(
      options,
      () => this.#watched(),
      (name) => this.#dialogue(name).beat(),
    );
    this.socket = new Socket(options, {
      address: () => this.#address(attempt),
      onOpen: () => this.#opened(),
      onEnd: (error) => this.#ended(error),
      onFrame: (frame) => this.#receive(frame),
    });
  }

  get isOpen() {
    return this.socket.isOpen;
  }

  get heardAt() {
    return this.socket.heardAt;
  }

  /** Whether a later connection may be allowed more: the application has tickets, and gave none for this one. */
  get mayGainCredentials() {
    return this.#isAnonymous && this.options.ticket !== undefined;
  }

  /**
   * Whether the server has answered for each channel: what is published from now on comes by this socket. A channel
   * that it refused is one that the other session must not have either.
   *
   * @param {Session | undefined} other
   */
  covers(other) {
    const isCovered = (/** @type {string} */ name) => {
      const dialogue = this.#dialogues.get(name);
      return dialogue?.isSettled || (dialogue?.isForbidden && !other?.watches(name));
    };
    return this.isOpen && [...this.channels.keys()].every(isCovered);
  }

  /** Whether a channel waits for credentials. */
  get isWaiting() {
    return [...this.#dialogues.values()].some((dialogue) => dialogue.isForbidden);
  }

  /** @param {string} name */
  watches(name) {
    return this.#dialogues.get(name)?.isSettled === true;
  }

  /** Says what is to be said about a channel that was added, removed or has a question. @param {string} name */
  advance(name) {
    this.#dialogue(name).advance();
  }

  advanceAll() {
    for (const name of [...this.channels.keys()]) this.advance(name);
  }

  /** Finds out now whether the socket is alive. */
  beat() {
    this.heartbeat.beat();
  }

  /** @param {object} message */
  send(message) {
    this.socket.send(message);
  }

  nextId() {
    this.#messages += 1;
    return String(this.#messages);
  }

  /**
   * @param {string} name
   * @param {ErrorFrame} error
   */
  refused(name, error) {
    this.owner.refused(name, error);
  }

  /** A channel waits for credentials, which this connection has none of. */
  forbidden() {
    this.owner.forbidden(this);
  }

  /** @param {Error} error */
  end(error) {
    this.socket.end(error);
  }

  close() {
    this.#stop();
    this.socket.close();
  }

  /** @param {{ failures: number, mustSignIn: boolean }} attempt */
  async #address(attempt) {
    const { url, channel } = await address(this.options, this.channels, attempt);
    this.#isAnonymous = channel !== undefined;
    if (channel) this.#dialogue(channel).isWatched = true;
    return url;
  }

  #opened() {
    this.openedAt = this.options.clock.now();
    this.heartbeat.start();
    this.owner.opened(this);
    // All dialogues: a channel of the handshake may have been closed in the meantime.
    for (const dialogue of [...this.#dialogues.values()]) dialogue.advance();
    this.advanceAll();
  }

  /** @param {Error} error */
  #ended(error) {
    this.#stop();
    this.owner.ended(this, error);
  }

  #stop() {
    this.heartbeat.stop();
    for (const dialogue of this.#dialogues.values()) dialogue.stop();
  }

  /** @param {ReturnType<typeof import("./frames.js").read>} frame */
  #receive(frame) {
    switch (frame.kind) {
      case "push":
        this.heartbeat.heard(frame.channel);
        this.channels.get(frame.channel)?.push(frame.message);
        break;
      case "subscribed":
        this.heartbeat.heard(frame.channel);
        this.#dialogue(frame.channel).subscribed(frame);
        break;
      case "unsubscribed":
        this.#dialogue(frame.channel).unsubscribed(frame);
        break;
      case "error":
        this.#asking()
          .find((dialogue) => dialogue.question?.id === frame.id)
          ?.failed(frame);
        break;
      case "gateway":
        this.#gatewayFailed();
        break;
      case "malformed":
        this.owner.malformed();
    }
    this.owner.progressed(this);
  }

  /** API Gateway does not say which message it failed at; if there were several, their time limit decides. */
  #gatewayFailed() {
    const asking = this.#asking();
    if (asking.length === 1) asking[0].retry();
  }

  #asking() {
    return [...this.#dialogues.values()].filter((dialogue) => dialogue.question);
  }

  /** @param {string} name */
  #dialogue(name) {
    const dialogue = this.#dialogues.get(name) ?? new Dialogue(name, this);
    this.#dialogues.set(name, dialogue);
    return dialogue;
  }

  /** The channels that the server may be asked about. */
  #watched() {
    return [...this.channels.keys()].filter((name) => !this.#dialogues.get(name)?.isForbidden);
  }
}
