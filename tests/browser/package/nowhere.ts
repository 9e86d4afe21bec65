// Compiled without the DOM and without Node: the types need neither.
import { connect, type Meta, type Realtime, type State, type SubscriptionError } from "realtime-platform-client";
import { useChannel, useRealtimeState, type Shown } from "realtime-platform-client/react";

class Socket {
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  send(_text: string): void {}
  close(): void {}
}

const realtime: Realtime = connect({
  url: async () => "wss://example.test",
  ticket: () => null,
  timings: { rotateAfterMs: Infinity },
  WebSocket: Socket,
});
const end: () => void = realtime.onState((state: State) => state.retryInMs?.toFixed());
realtime.subscribe<{ clicks: number }>("link:a", (value, meta: Meta) => value.clicks + meta.version, {
  onError: (error: SubscriptionError) => error.final && end(),
});
const shown: Shown<{ clicks: number }> = useChannel<{ clicks: number }>(realtime, "link:a");
const clicks: number | undefined = shown.value?.clicks;
const status: "open" | string = useRealtimeState(realtime).status;
export { clicks, status };

// @ts-expect-error: an answer without a ticket is no ticket
connect({ url: "wss://example.test", ticket: () => undefined });
// @ts-expect-error: what a hook shows cannot be changed
shown.value = { clicks: 1 };
