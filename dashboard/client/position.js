/**
 * @file Where a value stands: epoch first, then version.
 *
 * @typedef {import("./index.d.ts").Position} Position
 */

/**
 * Negative, zero or positive, as `Array.prototype.sort` wants it.
 *
 * @param {Position} one
 * @param {Position} other
 */
export function compare(one, other) {
  return one.epoch - other.epoch || one.version - other.version;
}

/**
 * @param {Position | undefined} one
 * @param {Position | undefined} other
 */
export function isSame(one, other) {
  return one === other || (one !== undefined && other !== undefined && compare(one, other) === 0);
}

/**
 * The lowest, or undefined of none.
 *
 * @param {Position[]} positions
 */
export function lowest(positions) {
  return positions.length
    ? positions.reduce((low, next) => (compare(next, low) < 0 ? next : low))
    : undefined;
}

/** @param {unknown} number */
export function isCount(number) {
  return Number.isSafeInteger(number) && /** @type {number} */ (number) >= 0;
}
