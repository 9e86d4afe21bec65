/**
 * @file What the server sends, told apart and checked: nothing that was not checked here is trusted.
 *
 * @typedef {{ epoch: number, version: number, at: number, value: object, snapshot: boolean }} Message
 * @typedef {{ kind: "push", channel: string, message: Message }} Push
 * @typedef {{ kind: "subscribed", delivery: "latest" | "every", channel: string, id?: string,
 *   recovered: boolean, more: boolean, messages: Message[], epoch?: number, version?: number }} Reply
 * @typedef {{ kind: "unsubscribed", channel: string, id?: string }} Unsubscribed
 * @typedef {{ kind: "error", code: string, message: string, id?: string }} ErrorFrame
 * @typedef {{ kind: "gateway" | "pong" | "unknown" | "malformed" }} Other
 */
import { isCount } from "./position.js";

/** @type {Other} */
const MALFORMED = { kind: "malformed" };

/** @type {Record<string, (about: any) => any>} */
const EVENTS = {
  subscribed: readReply,
  unsubscribed: readUnsubscribed,
  error: readError,
  pong: () => ({ kind: "pong" }),
};

/**
 * @param {unknown} data of a `message` event
 * @returns {Push | Reply | Unsubscribed | ErrorFrame | Other}
 */
export function read(data) {
  const frame = parse(data);
  if (!isObject(frame)) return MALFORMED;
  const { realtime: about, ...value } = frame;
  if (about === undefined) return isGateway(frame) ? { kind: "gateway" } : MALFORMED;
  if (!isObject(about)) return MALFORMED;
  if (about.event === undefined) return readPush(about, value);
  if (typeof about.event !== "string") return MALFORMED;
  return Object.hasOwn(EVENTS, about.event) ? EVENTS[about.event](about) : { kind: "unknown" };
}

/** @param {unknown} data */
function parse(data) {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/**
 * @param {any} about
 * @param {object} value
 * @returns {Push | Other}
 */
function readPush({ channel, epoch, version, at }, value) {
  const message = { epoch, version, at, value, snapshot: false };
  return typeof channel === "string" && isMessage(message)
    ? { kind: "push", channel, message }
    : MALFORMED;
}

/**
 * @param {any} about
 * @returns {Reply | Other}
 */
function readReply(about) {
  const { channel, id, recovered, epoch, version } = about;
  const delivery = about.messages === undefined ? "latest" : "every";
  const messages = delivery === "latest" ? snapshot(about) : missed(about);
  const isPlaced = epoch === undefined ? version === undefined : isCount(epoch) && isCount(version);
  const isWhole =
    typeof channel === "string" &&
    typeof recovered === "boolean" &&
    isPlaced &&
    messages?.every(isMessage);
  if (!messages || !isWhole) return MALFORMED;
  return {
    kind: "subscribed",
    delivery,
    channel,
    id,
    recovered,
    epoch,
    version,
    messages,
    more: about.more === true,
  };
}

/** @param {any} about */
function snapshot({ epoch, version, at, value }) {
  return value === undefined ? [] : [{ epoch, version, at, value, snapshot: true }];
}

/** @param {any} about */
function missed({ epoch, messages }) {
  if (!Array.isArray(messages)) return undefined;
  return messages.map((entry) => ({
    epoch,
    version: entry?.version,
    at: entry?.at,
    value: entry?.value,
    snapshot: true,
  }));
}

/** @param {any} about */
function readUnsubscribed({ channel, id }) {
  return typeof channel === "string" ? { kind: "unsubscribed", channel, id } : MALFORMED;
}

/** @param {any} about */
function readError({ code, message, id }) {
  return typeof code === "string"
    ? { kind: "error", code, message: typeof message === "string" ? message : code, id }
    : MALFORMED;
}

/** API Gateway's own, for instance when a function failed. @param {any} frame */
function isGateway(frame) {
  return typeof frame.message === "string" && typeof frame.requestId === "string";
}

/** @param {any} message */
function isMessage({ epoch, version, at, value }) {
  return isCount(epoch) && isCount(version) && isCount(at) && isObject(value);
}

/** @param {unknown} thing */
function isObject(thing) {
  return typeof thing === "object" && thing !== null && !Array.isArray(thing);
}
