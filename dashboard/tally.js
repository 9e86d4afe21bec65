// What a page knows of one link: its number, and what the pushes since it opened say about pace.
// Pure: the time is always handed in.

export const WINDOW_SECONDS = 60;
const EVENTS = 7;
const LATENCIES = 50;
/** Older news is history that was caught up on, not something to measure. */
const LIVE_MS = 30_000;

export class Tally {
  /** Null where the number is not known yet: the first one then adds nothing. */
  constructor(clicks = null) {
    this.clicks = clicks;
    this.events = [];
    this._latencies = [];
    this._seconds = new Map();
  }

  /**
   * Takes a value that is newer than the one before, as the client hands it on. A snapshot tells
   * the total, not when its clicks came: it moves the number and leaves the pace alone.
   */
  take(clicks, { at, snapshot }, nowMs) {
    const added = this.clicks === null ? 0 : clicks - this.clicks;
    this.clicks = clicks;
    if (added <= 0) return 0;
    const latency = Math.max(0, nowMs - at);
    const live = !snapshot && latency < LIVE_MS;
    if (live) {
      const second = Math.floor(nowMs / 1_000);
      this._seconds.set(second, (this._seconds.get(second) ?? 0) + added);
      this._latencies = [...this._latencies, latency].slice(-LATENCIES);
    }
    const event = { at: nowMs, added, clicks, latency: live ? latency : null };
    this.events = [event, ...this.events].slice(0, EVENTS);
    return added;
  }

  /** Clicks in each of the last sixty whole seconds, the newest last; the running one is no measure yet. */
  perSecond(nowMs) {
    const last = Math.floor(nowMs / 1_000) - 1;
    const first = last - WINDOW_SECONDS + 1;
    for (const second of this._seconds.keys()) if (second < first) this._seconds.delete(second);
    return Array.from({ length: WINDOW_SECONDS }, (_, i) => this._seconds.get(first + i) ?? 0);
  }

  /** Of the last fifty pushes; null before the first. */
  get medianLatency() {
    if (this._latencies.length === 0) return null;
    const sorted = this._latencies.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  get measured() {
    return this._latencies.length;
  }
}

/** `days` as the API lists them, filled up to the last `count` days of UTC, the oldest first. */
export function lastDays(days, count, nowMs) {
  const counted = new Map(days.map(({ date, clicks }) => [date, clicks]));
  return Array.from({ length: count }, (_, i) => {
    const date = new Date(nowMs - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10);
    return { date, clicks: counted.get(date) ?? 0 };
  });
}

/** The smallest of 1, 2, 5, 10, 20 ... that is not below; where an axis ends. */
export function ceiling(number) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= number);
}
