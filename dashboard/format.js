// Numbers and times as people read them. The page speaks English, so its numbers do too.

const WHOLE = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const WEEKDAY = new Intl.DateTimeFormat("en", {
  weekday: "short", day: "numeric", month: "short", timeZone: "UTC",
});
const DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

export const whole = (number) => WHOLE.format(number);
export const compact = (number) => COMPACT.format(number);
export const clicks = (number) => `${WHOLE.format(number)} ${number === 1 ? "click" : "clicks"}`;
export const date = (iso) => DATE.format(new Date(iso));
export const clock = (ms) => CLOCK.format(new Date(ms));

/** A click's day is one of UTC, whatever the reader's. */
export const day = (isoDate) => DAY.format(new Date(`${isoDate}T00:00:00Z`));
export const weekday = (isoDate) => WEEKDAY.format(new Date(`${isoDate}T00:00:00Z`));

export function milliseconds(number) {
  if (number < 1_000) return `${Math.round(number)} ms`;
  return `${(number / 1_000).toFixed(1)} s`;
}

/** An address as people say it. */
export const bare = (url) => url.replace(/^https?:\/\//, "").replace(/\/$/, "");
