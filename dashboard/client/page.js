/**
 * @file What the page knows of its reader and its network. Outside of a page nothing is ever hidden or offline.
 *
 * `navigator.onLine` is only a hint: it may say offline while a server on the same machine answers.
 */

/**
 * @param {import("./options.js").Options} options
 * @param {{ hidden: () => void, shown: () => void, offline: () => void, online: () => void }} tell
 * @returns {() => void} stops listening
 */
export function watchPage({ page, clock, timings }, tell) {
  const { document, window } = page;
  /** @type {unknown} */
  let grace;
  const turned = () => {
    clock.clearTimeout(grace);
    if (document?.visibilityState !== "hidden") tell.shown();
    else if (Number.isFinite(timings.hiddenGraceMs))
      grace = clock.setTimeout(tell.hidden, timings.hiddenGraceMs);
  };
  // React Native has a window that cannot be listened to, as have shims for rendering on a server.
  document?.addEventListener?.("visibilitychange", turned);
  window?.addEventListener?.("online", tell.online);
  window?.addEventListener?.("offline", tell.offline);
  if (document?.visibilityState === "hidden") turned();
  return () => {
    clock.clearTimeout(grace);
    document?.removeEventListener?.("visibilitychange", turned);
    window?.removeEventListener?.("online", tell.online);
    window?.removeEventListener?.("offline", tell.offline);
  };
}
