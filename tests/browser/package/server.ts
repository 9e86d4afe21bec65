// Compiled with Node's types: its own WebSocket and that of `ws` fit.
import { connect } from "realtime-platform-client";
import Ws from "ws";

connect({ url: "wss://example.test", WebSocket: Ws });
connect({ url: "wss://example.test", WebSocket: globalThis.WebSocket });
