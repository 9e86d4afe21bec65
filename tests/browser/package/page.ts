// Compiled with the DOM: the page's own WebSocket, document and window fit.
import { connect } from "realtime-platform-client";

connect({ url: "wss://example.test", WebSocket, page: { document, window, navigator } });
connect({ url: "wss://example.test", WebSocket: class extends WebSocket {} });
