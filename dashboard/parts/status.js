// How the connection is, in words first: colour only repeats them.

import { element } from "../dom.js";

const WORDS = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Reconnecting",
  paused: "Ready",
  offline: "Offline",
  closed: "Disconnected",
};

export function connectionStatus() {
  const words = element("span", {}, WORDS.connecting);
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  const node = element("span", { class: "status", "data-status": "connecting" }, dot, words);

  return {
    element: node,
    /** An idle socket is not told that the network is gone. */
    show(state, online) {
      const status = online || state.status === "open" ? state.status : "offline";
      node.dataset.status = status;
      words.textContent = WORDS[status];
    },
  };
}

/** What to say above the page while its numbers may be old; empty while they are not. */
export function staleness({ status, attempt = 0 }, online) {
  if (!online && status !== "open") {
    return "You are offline. Numbers stay as they were and catch up when you are back.";
  }
  if (status === "waiting" && attempt > 1) {
    return "The live connection is lost. Trying again; nothing is missed meanwhile.";
  }
  return "";
}
