// Whether the browser has a network, as the page hears it by itself: the socket knows only while something is
// subscribed, and what failed to load subscribes to nothing.

export class Network {
  constructor(page = globalThis) {
    this._page = page;
  }

  /** A hint: a server on the same machine answers without a network. */
  get isOnline() {
    return this._page.navigator.onLine !== false;
  }

  /** Calls at each change; returns what ends it. */
  observe(listener) {
    const { window } = this._page;
    const changes = ["online", "offline"];
    for (const change of changes) window.addEventListener(change, listener);
    return () => changes.forEach((change) => window.removeEventListener(change, listener));
  }
}
