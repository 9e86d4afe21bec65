// Loads what a view shows until it is there: a failure that may heal is tried again, with back-off and when the
// network returns. No reader has to press a button for it.

import { pauseMs } from "./client/backoff.js";

const PAUSES = { retryBaseMs: 1_000, retryCapMs: 30_000 };

/**
 * `show` gets what `ask` gives, `fail` each new error and what asks again at once. The newest question counts:
 * an older answer shows nothing.
 */
export function loading({ ask, show, fail, network, clock = globalThis, random = Math.random }) {
  let asked = 0;
  let failures = 0;
  let settled = false;
  let said = null;
  let timer;

  async function load() {
    clock.clearTimeout(timer);
    settled = false;
    const question = ++asked;
    const answer = await ask().then((found) => ({ found }), (error) => ({ error }));
    if (question === asked) take(answer);
  }

  function take({ found, error }) {
    clock.clearTimeout(timer);
    settled = error === undefined || isFinal(error);
    failures = error === undefined ? 0 : failures + 1;
    if (!settled) later();
    if (error === undefined) show(found);
    else if (said !== error.message) fail(error, load);
    said = error?.message ?? null;
  }

  function later() {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(load, pauseMs(failures, { random, timings: PAUSES }));
  }

  // Not at once: a network that returns does so for many.
  const end = network.observe(() => {
    if (settled || !network.isOnline) return;
    failures = 1;
    later();
  });

  load();
  return {
    again: load,
    close() {
      asked += 1;
      clock.clearTimeout(timer);
      end();
    },
  };
}

/** The server has understood, and would answer the same again. */
function isFinal({ status, code }) {
  if (code === "NotAuthorizedException") return true;
  return status >= 400 && status < 500 && ![408, 429].includes(status);
}
