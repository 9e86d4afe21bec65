// Numbers and times as people read them. The page speaks English, so its numbers do too.

const WHOLE = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const WEEKDAY = new Intl.DateTimeFormat("en", {
  weekday: "short", day: "numeric", month: "short", timeZone: "UTC",
});
const EXACT = new Intl.DateTimeFormat("en", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  timeZone: "UTC", timeZoneName: "short",
});
const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "UTC",
});
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
  ["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60],
];

export const whole = (number) => WHOLE.format(number);
export const compact = (number) => COMPACT.format(number);
export const clicks = (number) => `${WHOLE.format(number)} ${number === 1 ? "click" : "clicks"}`;
export const exact = (iso) => EXACT.format(new Date(iso));
/** The page's one zone is UTC, in which clicks have their days. */
export const clock = (ms) => CLOCK.format(new Date(ms));

export const day = (isoDate) => DAY.format(new Date(`${isoDate}T00:00:00Z`));
export const weekday = (isoDate) => WEEKDAY.format(new Date(`${isoDate}T00:00:00Z`));

/** "3 days ago", "in 2 hours", and "just now" for less than a minute. */
export function ago(iso, nowMs) {
  const seconds = (Date.parse(iso) - nowMs) / 1_000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? [];
  if (!unit) return seconds > 0 ? "in a moment" : "just now";
  return AGO.format(Math.trunc(seconds / size), unit);
}

export function milliseconds(number) {
  if (number < 1_000) return `${Math.round(number)} ms`;
  return `${(number / 1_000).toFixed(1)} s`;
}

/** An address as people say it. */
export const bare = (url) => url.replace(/^https?:\/\//, "").replace(/\/$/, "");
