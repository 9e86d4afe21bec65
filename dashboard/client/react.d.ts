import type { Meta, Realtime, State, SubscriptionError } from "./index.js";

/** Nothing before the first value. */
export interface Shown<Value> {
  readonly value?: Value;
  readonly meta?: Meta;
  /** The last one, until a value comes. */
  readonly error?: SubscriptionError;
}

/**
 * The newest value of a channel, for as long as the component is there; of no channel while it is null. `realtime` is made
 * once, outside of components. React shows the last of many values that come at once: a component that wants each message of
 * an `every` channel calls `realtime.subscribe` in an effect.
 */
export function useChannel<Value extends object = Record<string, unknown>>(
  realtime: Realtime,
  channel: string | null,
): Shown<Value>;

/** The state of the connection; the component renders at each change. */
export function useRealtimeState(realtime: Realtime): State;
