// One session for all tabs of a browser: a new tab asks the others for the refresh token, and signing out in one
// signs out all that have the same. Only tabs of this origin hear it, and nothing is stored for it.

const ANSWER_MS = 250;

export class Tabs {
  /** `session` has a `refreshToken`, and `ended()` for when another tab has signed out. */
  constructor(session, channel = new BroadcastChannel("realtime.session")) {
    this._channel = channel;
    this._taken = null;
    channel.onmessage = ({ data }) => {
      if (data.asks && session.refreshToken !== null) channel.postMessage({ token: session.refreshToken });
      if (data.token) this._taken?.(data.token);
      if (data.ended && data.ended === session.refreshToken) session.ended();
    };
  }

  /** The token of a tab that is signed in, or null if none says so in a moment. */
  ask() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this._taken(null), ANSWER_MS);
      this._taken = (token) => {
        clearTimeout(timer);
        this._taken = null;
        resolve(token);
      };
      this._channel.postMessage({ asks: true });
    });
  }

  signedOut(token) {
    this._channel.postMessage({ ended: token });
  }
}
