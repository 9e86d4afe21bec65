/**
 * @file The address of a handshake: with a ticket it names no channel, without one it names the first.
 */

/**
 * @param {import("./options.js").Options} options
 * @param {Map<string, import("./channel.js").Channel>} channels
 * @param {number} failures of handshakes in a row
 * @returns {Promise<{ url: string, channel?: string }>}
 */
export async function address(options, channels, failures) {
  const base = typeof options.url === "function" ? await options.url() : options.url;
  const ticket = await options.ticket?.();
  const url = new URL(base, globalThis.location?.href);
  if (ticket) {
    url.searchParams.set("ticket", ticket);
    return { url: url.href };
  }
  const channel = turn(channels, failures);
  if (!channel)
    throw new Error("nothing is subscribed, and without a ticket a handshake names a channel");
  url.searchParams.set("channel", channel.name);
  const since = channel.since(true);
  // The messages of an `every` channel come in pages with the reply to `subscribe`: not all of them twice.
  if (since && channel.delivery === "latest")
    url.searchParams.set("since", `${since.epoch}.${since.version}`);
  return { url: url.href, channel: channel.name };
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
