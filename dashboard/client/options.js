/**
 * @file What `connect` may be given, with the defaults; wrong options throw at once and all together.
 *
 * @typedef {import("./index.d.ts").ConnectOptions} ConnectOptions
 * @typedef {import("./index.d.ts").Clock} Clock
 * @typedef {import("./index.d.ts").Timings} Timings
 * @typedef {Required<Omit<ConnectOptions, "ticket" | "timings" | "clock">> & {
 *   ticket: ConnectOptions["ticket"], timings: Timings, clock: Clock,
 *   call: <T extends any[]>(callback: ((...args: T) => void) | undefined, ...args: T) => void,
 * }} Options
 */

import { lasting } from "./timers.js";

const MINUTE_MS = 60_000;

/** @type {Readonly<Timings>} */
export const TIMINGS = Object.freeze({
  retryBaseMs: 1_000,
  retryCapMs: 30_000,
  heartbeatMs: 8 * MINUTE_MS, // an eighth more or less; API Gateway ends a connection after ten silent minutes
  replyTimeoutMs: 15_000,
  connectTimeoutMs: 20_000,
  rotateAfterMs: 100 * MINUTE_MS, // API Gateway ends every connection after two hours
  rotateSpreadMs: 15 * MINUTE_MS,
  hiddenGraceMs: MINUTE_MS,
  idleCloseMs: 5_000,
  gapMs: 2_000,
});

/** Shorter intervals of these are a loop of messages or of handshakes. @type {Partial<Timings>} */
const SHORTEST_MS = { heartbeatMs: 1_000, rotateAfterMs: 1_000 };
/** These are multiplied by chance: there is no share of never. */
const FINITE = ["retryBaseMs", "retryCapMs", "rotateSpreadMs"];

/** @type {Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (callback, milliseconds) => globalThis.setTimeout(callback, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};

/**
 * @param {ConnectOptions} given
 * @returns {Options}
 */
export function complete(given) {
  const options = {
    url: given.url,
    ticket: given.ticket,
    onState: () => {},
    clock: CLOCK,
    WebSocket: globalThis.WebSocket,
    page: /** @type {any} */ (globalThis),
    random: Math.random,
    reportError: globalThis.reportError ?? console.error,
    ...withoutUndefined(given),
    timings: { ...TIMINGS, ...withoutUndefined(given.timings ?? {}) },
  };
  check(options);
  return { ...options, clock: lasting(options.clock), call: caller(options.reportError) };
}

/** @param {any} options */
function check(options) {
  const problems = [];
  if (!["string", "function"].includes(typeof options.url))
    problems.push("url must be an address or a function that gives one");
  else if (options.url === "") problems.push("url must be an address, got an empty text");
  for (const name of ["ticket", "onState", "random", "reportError", "WebSocket"]) {
    if (options[name] !== undefined && typeof options[name] !== "function")
      problems.push(`${name} must be a function`);
  }
  if (options.WebSocket === undefined)
    problems.push(
      'WebSocket must be given where there is no global one: import WebSocket from "ws"',
    );
  for (const [name, value] of Object.entries(options.timings)) {
    if (!(name in TIMINGS)) problems.push(`timings.${name} is unknown`);
    else problems.push(...wrongTiming(/** @type {keyof Timings} */ (name), value));
  }
  if (problems.length) throw new TypeError(problems.join("; "));
}

/**
 * @param {keyof Timings} name
 * @param {unknown} value
 */
function wrongTiming(name, value) {
  const shortest = SHORTEST_MS[name] ?? 0;
  if (typeof value !== "number" || !(value >= shortest))
    return [`timings.${name} must be ${shortest} or more, got ${value}`];
  if (value === Infinity && FINITE.includes(name)) return [`timings.${name} must be finite`];
  return [];
}

/**
 * Calls the application's callbacks; what they throw is reported and goes no further.
 *
 * @param {(error: unknown) => void} reportError
 */
function caller(reportError) {
  return (/** @type {any} */ callback, /** @type {any[]} */ ...args) => {
    try {
      callback?.(...args);
    } catch (error) {
      reportError(error);
    }
  };
}

/** @param {object} given */
function withoutUndefined(given) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
