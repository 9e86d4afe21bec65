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
  /** True if the subscription has ended; otherwise the client is already trying again. */
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
  /** How long a page may be hidden before its socket is closed; `Infinity` to keep it. */
  hiddenGraceMs: number;
  /** How long a socket without a subscription is kept. */
  idleCloseMs: number;
  /** How long a number may be missing on an `every` channel before the client asks for it. */
  gapMs: number;
}

export interface ConnectOptions {
  /** `wss://.../<stage>`, or a function that gives it, called before each handshake. */
  url: string | (() => string | Promise<string>);
  /** A fresh single-use ticket, called before each handshake. Nothing, if nobody is signed in. */
  ticket?: () => string | null | undefined | Promise<string | null | undefined>;
  onState?: (state: State) => void;
  timings?: Partial<Timings>;
  clock?: Clock;
  WebSocket?: new (url: string) => WebSocket;
  /** Where `visibilitychange` and `online` are heard; the page's own, if there is one. */
  page?: {
    document?: EventTarget & { readonly visibilityState: string };
    window?: EventTarget;
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
  readonly state: State;
  /** Frames that were no frames of the protocol. */
  readonly malformedFrames: number;
}

/** Opens no socket before the first `subscribe`. Throws a TypeError for options that cannot work. */
export function connect(options: ConnectOptions): Realtime;
