// The page's one socket, and whoever wants to know how it is.

import { connect } from "./client/index.js";

export class Realtime {
  constructor(endpoint) {
    this._listeners = new Set();
    this._connection = connect({ url: endpoint, onState: (state) => this._tell(state) });
  }

  get state() {
    return this._connection.state;
  }

  /** Calls at once and on each change; returns what ends it. */
  observe(listener) {
    this._listeners.add(listener);
    listener(this.state);
    return () => this._listeners.delete(listener);
  }

  /** `onClicks(clicks, meta)` for each newer value; returns what ends it. */
  watch(code, onClicks, options = {}) {
    const take = (value, meta) => onClicks(value.clicks, meta);
    const subscription = this._connection.subscribe(`link:${code}`, take, options);
    return () => subscription.close();
  }

  close() {
    this._connection.close();
    this._listeners.clear();
  }

  _tell(state) {
    for (const listener of this._listeners) listener(state);
  }
}
