/**
 * @file The frames that the client sent during the tests, written to the file CLIENT_FRAMES names: the runner of the
 * tests compares it with the schema of the protocol.
 */
import { appendFileSync } from "node:fs";

const MOST = 2_000;
const frames = new Set();

export function record(text) {
  if (frames.size < MOST) frames.add(text);
}

if (process.env.CLIENT_FRAMES) {
  process.on("exit", () =>
    appendFileSync(process.env.CLIENT_FRAMES, [...frames].map((text) => `${text}\n`).join("")),
  );
}
