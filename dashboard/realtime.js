// The page's one socket.

import { connect } from "./client/index.js";

export class Realtime {
  constructor(endpoint) {
    this._connection = connect({ url: endpoint });
  }

  get state() {
    return this._connection.state;
  }

  /** Calls on each change of `state`; returns what ends it. */
  observe(listener) {
    return this._connection.onState(listener);
  }

  /** `onClicks(clicks, meta)` for each newer value; returns what ends it. */
  watch(code, onClicks, options = {}) {
    const take = (value, meta) => onClicks(value.clicks, meta);
    const subscription = this._connection.subscribe(`link:${code}`, take, options);
    return () => subscription.close();
  }

  close() {
    this._connection.close();
  }
}
