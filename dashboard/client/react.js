/**
 * @file A channel in a React component. It subscribes when the component is there and ends that with it, also under
 * StrictMode, which does both twice.
 *
 * @typedef {import("./index.d.ts").Realtime} Realtime
 */
import { useMemo, useSyncExternalStore } from "react";

/** @type {import("./react.d.ts").Shown<any>} */
const NOTHING = Object.freeze({});

/**
 * @param {Realtime} realtime
 * @param {string | null} channel
 */
export function useChannel(realtime, channel) {
  const store = useMemo(() => newest(realtime, channel), [realtime, channel]);
  return useSyncExternalStore(store.subscribe, store.read, () => NOTHING);
}

/** @param {Realtime} realtime */
export function useRealtimeState(realtime) {
  const read = () => realtime.state;
  return useSyncExternalStore(realtime.onState, read, read);
}

/**
 * The newest value of one channel. Another channel has another store, so that no value is shown under a wrong name.
 *
 * @param {Realtime} realtime
 * @param {string | null} channel
 */
function newest(realtime, channel) {
  let shown = NOTHING;
  return {
    read: () => shown,
    subscribe(/** @type {() => void} */ onChange) {
      if (channel === null) return () => {};
      const show = (/** @type {typeof shown} */ next) => {
        shown = Object.freeze(next);
        onChange();
      };
      const subscription = realtime.subscribe(channel, (value, meta) => show({ value, meta }), {
        onError: (error) => show({ ...shown, error }),
      });
      return () => subscription.close();
    },
  };
}
