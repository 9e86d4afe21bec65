/** @file What a browser would tell of its page: hidden or shown, offline or online. */

export function fakePage() {
  const document = new EventTarget();
  const window = new EventTarget();
  const navigator = { onLine: true };
  const turn = (state) => {
    document.visibilityState = state;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  const tell = (name, onLine) => {
    navigator.onLine = onLine;
    window.dispatchEvent(new Event(name));
  };
  return {
    document,
    window,
    navigator,
    hide: () => turn("hidden"),
    show: () => turn("visible"),
    goOffline: () => tell("offline", false),
    goOnline: () => tell("online", true),
  };
}
