/** Where a value stands. Positions compare as pairs, the epoch first. */
export interface Position {
  /** When the channel's state, or its numbering, was created, in milliseconds. */
  epoch: number;
  /** Only grows within an epoch; on an `every` channel the message's number. */
  version: number;
}

export interface Meta extends Position {
  channel: string;
  /** When the thing behind the value happened, in milliseconds. For measuring, not for ordering. */
  at: number;
  /** True if it was fetched, by a subscription or a recovery, and not pushed as it happened. */
  snapshot: boolean;
}

export interface Subscribed {
  channel: string;
  delivery: "latest" | "every";
  /** Whether the server had everything since the position that the client came with. */
  recovered: boolean;
  /** `every` channels: there are messages that this subscription will never see. */
  missed: boolean;
  /** The position after which values follow; absent if the subscription has none yet. */
  epoch?: number;
  version?: number;
}

export interface SubscriptionError {
  channel: string;
  /** Stable, see docs/protocol.md: `forbidden`, `too_many_subscriptions`, `internal` ... */
  code: string;
  /** For people; may change. */
  message: string;
  /**
   * True if the subscription has ended. Otherwise the client is already trying again; after `forbidden` it waits for
   * `ticket` to give one, and asks for it with back-off.
   */
  final: boolean;
}

export interface SubscribeOptions {
  /** The newest value that the application has, kept from earlier `meta`. Version 0: all that is kept. */
  since?: Position;
  /** After the first answer, after each reconnect, and when messages were missed; before the values. */
  onSubscribed?: (subscribed: Subscribed) => void;
  onError?: (error: SubscriptionError) => void;
}

export interface Subscription {
  readonly channel: string;
  close(): void;
}

export type Status = "connecting" | "open" | "waiting" | "paused" | "offline" | "closed";

/** `paused`: the page is hidden, or nothing is subscribed. `waiting`: for the next attempt. */
export interface State {
  readonly status: Status;
  /** Failed attempts in a row. */
  readonly attempt: number;
  /** Only with `waiting`. */
  readonly retryInMs?: number;
  /** Why the last attempt or connection ended. */
  readonly error?: Error;
}

/** Replaceable for tests. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: any): void;
}

/**
 * `Infinity` is never, for each but `retryBaseMs`, `retryCapMs` and `rotateSpreadMs`, which chance is a share of.
 * `heartbeatMs` and `rotateAfterMs` are a second or more.
 */
export interface Timings {
  /** The longest first pause before a reconnect; it doubles up to `retryCapMs`. */
  retryBaseMs: number;
  retryCapMs: number;
  /** The mean; each interval is 20 % shorter to 20 % longer. */
  heartbeatMs: number;
  /** After this long without an answer or any other frame a socket is replaced. */
  replyTimeoutMs: number;
  /** For address, ticket and handshake together. */
  connectTimeoutMs: number;
  /** The earliest age at which a socket is replaced by a new one. */
  rotateAfterMs: number;
  /** Rotations are spread over this long after it. */
  rotateSpreadMs: number;
  /** How long a page may be hidden before its socket is closed. */
  hiddenGraceMs: number;
  /** How long a socket without a subscription is kept. */
  idleCloseMs: number;
  /** How long a number may be missing on an `every` channel before the client asks for it. */
  gapMs: number;
}

/** What the client needs of a WebSocket. */
export interface SocketLike {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** What can be listened to; where it cannot, nothing is ever hidden or offline. */
export interface Listenable {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

export interface ConnectOptions {
  /** `wss://.../<stage>`, or a function that gives it, called before each handshake. */
  url: string | (() => string | Promise<string>);
  /**
   * A fresh single-use ticket, called before each handshake. Null, and nothing else, makes the connection anonymous;
   * a failure, or an answer without a ticket, is tried again with back-off.
   */
  ticket?: () => string | null | Promise<string | null>;
  /** As `Realtime.onState`, from the beginning on. */
  onState?: (state: State) => void;
  timings?: Partial<Timings>;
  clock?: Clock;
  /** The global one, or that of a package: the browsers', Node's, Deno's, Bun's, React Native's and `ws` are tested. */
  WebSocket?: new (url: string) => SocketLike;
  /** Where `visibilitychange` and `online` are heard; the page's own, if there is one. */
  page?: {
    document?: Listenable & { readonly visibilityState: string };
    window?: Listenable;
    navigator?: { readonly onLine?: boolean };
  };
  /** From 0 to 1, as `Math.random`. */
  random?: () => number;
  /** Told of what the application's callbacks throw. The global `reportError`, if there is one. */
  reportError?: (error: unknown) => void;
}

export interface Realtime {
  /** Throws a TypeError for a channel that cannot exist, and an Error after `close`. */
  subscribe<Value extends object = Record<string, unknown>>(
    channel: string,
    onValue: (value: Value, meta: Meta) => void,
    options?: SubscribeOptions,
  ): Subscription;
  close(): void;
  /** Calls the listener at each change of `state`; the function that it returns ends that. */
  onState(listener: (state: State) => void): () => void;
  readonly state: State;
  /** Frames that were no frames of the protocol. */
  readonly malformedFrames: number;
}

/** Opens no socket before the first `subscribe`. Throws a TypeError for options that cannot work. */
export function connect(options: ConnectOptions): Realtime;
