/**
 * @file The browser client of the realtime platform: values of many channels by one socket that comes
 * back by itself. The wire protocol is docs/protocol.md.
 *
 * @typedef {import("./index.d.ts").ConnectOptions} ConnectOptions
 */
import { Client } from "./client.js";
import { Listener } from "./listener.js";
import { complete } from "./options.js";
import { isCount } from "./position.js";

const CHANNEL = /^[A-Za-z0-9_.~:%-]{1,200}$/;

/**
 * @param {ConnectOptions} options
 * @returns {import("./index.d.ts").Realtime}
 */
export function connect(options) {
  const completed = complete(options);
  const client = new Client(completed);
  return {
    subscribe(channel, onValue, subscribeOptions = {}) {
      check(channel, onValue, subscribeOptions.since);
      if (client.isClosed) throw new Error("this connection was closed; connect again");
      const listener = new Listener(channel, onValue, subscribeOptions, completed.call);
      client.add(listener);
      return { channel, close: () => client.remove(listener) };
    },
    onState(listener) {
      if (typeof listener !== "function") throw new TypeError("listener must be a function");
      // Of its own: the same function may be given twice, and each of them is taken back for itself.
      const own = (/** @type {import("./index.d.ts").State} */ state) => listener(state);
      client.stateListeners.add(own);
      return () => client.stateListeners.delete(own);
    },
    close: () => client.close(),
    get state() {
      return client.state;
    },
    get malformedFrames() {
      return client.malformedFrames;
    },
  };
}

/**
 * @param {unknown} channel
 * @param {unknown} onValue
 * @param {import("./index.d.ts").Position | undefined} since
 */
function check(channel, onValue, since) {
  const problems = [];
  if (typeof channel !== "string" || !CHANNEL.test(channel))
    problems.push(`a channel is 1 to 200 of A-Z a-z 0-9 _ . ~ : % -, got ${channel}`);
  if (typeof onValue !== "function") problems.push("onValue must be a function");
  if (since && !(isCount(since.epoch) && isCount(since.version)))
    problems.push("since must be the epoch and the version of a value");
  if (problems.length) throw new TypeError(problems.join("; "));
}
