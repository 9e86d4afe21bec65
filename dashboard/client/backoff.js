/** @file How long to wait before another attempt. */

/**
 * Full jitter: anything from 0 to a limit that doubles up to a cap. A pause that only grew would
 * bring all clients that were cut off at once back at once.
 *
 * @param {number} failures in a row, 1 after the first
 * @param {{ random: () => number, timings: { retryBaseMs: number, retryCapMs: number } }} options
 */
export function pauseMs(failures, { random, timings }) {
  const limit = Math.min(timings.retryCapMs, timings.retryBaseMs * 2 ** (failures - 1));
  return Math.round(random() * limit);
}
