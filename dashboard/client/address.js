/**
 * @file The address of a handshake: with a ticket it names no channel, without one it names the first.
 *
 * The query is joined as text: React Native has a `URL`, whose `searchParams.set` throws and which adds a slash.
 */

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

/**
 * @param {import("./options.js").Options} options
 * @param {Map<string, import("./channel.js").Channel>} channels
 * @param {{ failures: number, mustSignIn: boolean }} attempt failures of handshakes in a row; whether a handshake
 *   without a ticket would be of no use
 * @returns {Promise<{ url: string, channel?: string }>} the channel that the handshake subscribes to
 */
export async function address(options, channels, { failures, mustSignIn }) {
  const base = typeof options.url === "function" ? await options.url() : options.url;
  const ticket = options.ticket ? checked(await options.ticket()) : null;
  if (ticket !== null) return { url: withQuery(base, { ticket }) };
  if (mustSignIn) throw new Error("there is no ticket yet");
  const channel = turn(channels, failures);
  if (!channel)
    throw new Error("nothing is subscribed, and without a ticket a handshake names a channel");
  const since = channel.since(true);
  // The messages of an `every` channel come in pages with the reply to `subscribe`: not all of them twice.
  const position =
    since && channel.delivery === "latest" ? { since: `${since.epoch}.${since.version}` } : {};
  return { url: withQuery(base, { channel: channel.name, ...position }), channel: channel.name };
}

/**
 * Only an explicit null is anonymous. An answer without a ticket, of a server that refuses or throttles, is no
 * statement about the user: taken for one, it would connect without the rights that the user has.
 *
 * @param {unknown} ticket
 */
function checked(ticket) {
  if (ticket === null || (typeof ticket === "string" && ticket !== "")) return ticket;
  throw new TypeError(
    `ticket() must give a ticket, or null where no user is signed in; it gave ${ticket === "" ? "an empty text" : typeof ticket}`,
  );
}

/**
 * @param {string} base
 * @param {Record<string, string>} fields
 */
function withQuery(base, fields) {
  const absolute = ABSOLUTE.test(base) ? base : new URL(base, globalThis.location?.href).href;
  const [place] = absolute.split("#");
  const query = Object.entries(fields).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return `${place}${place.includes("?") ? "&" : "?"}${query.join("&")}`;
}

/**
 * A browser does not say why a handshake failed, and a channel that is refused must not keep the others
 * from being watched: so each attempt names another, those that were accepted before first.
 *
 * @param {Map<string, import("./channel.js").Channel>} channels
 * @param {number} failures
 */
function turn(channels, failures) {
  const all = [...channels.values()];
  const ordered = [
    ...all.filter((one) => one.isConfirmed),
    ...all.filter((one) => !one.isConfirmed),
  ];
  return ordered[failures % ordered.length];
}
