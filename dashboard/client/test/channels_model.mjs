/** @file The channels of a server as docs/protocol.md describes them: states, numbered messages, replies. */

const MESSAGES_IN_A_REPLY = 7;

export class Channels {
  #channels = new Map();

  constructor(clock, windowMs) {
    this.clock = clock;
    this.windowMs = windowMs;
  }

  make(name, delivery) {
    this.#channels.set(name, {
      name,
      delivery,
      epoch: 0,
      version: 0,
      log: new Map(),
      value: undefined,
      at: 0,
    });
  }

  get(name) {
    return this.#channels.get(name);
  }

  names() {
    return [...this.#channels.keys()];
  }

  /** Returns the push. */
  publish(name) {
    const channel = this.get(name);
    const at = this.clock.now();
    channel.epoch ||= at;
    channel.version += 1;
    channel.at = at;
    channel.value = { text: `${name} ${channel.epoch}.${channel.version}` };
    channel.log.set(channel.version, { version: channel.version, at, value: channel.value });
    return {
      ...channel.value,
      realtime: { channel: name, epoch: channel.epoch, version: channel.version, at },
    };
  }

  /** The state is made anew: the numbers begin again in a greater epoch. */
  remake(name) {
    const channel = this.get(name);
    if (!channel.epoch) return;
    Object.assign(channel, {
      epoch: Math.max(channel.epoch + 1, this.clock.now()),
      version: 0,
      log: new Map(),
    });
  }

  /** The state of a `latest` channel, as a push, if it is newer than `since`. */
  newer(name, since) {
    const { epoch, version, at, value } = this.get(name);
    if (!version || !isNewer({ epoch, version }, since)) return [];
    return [{ ...value, realtime: { channel: name, epoch, version, at } }];
  }

  reply(name, since, id) {
    const channel = this.get(name);
    const about = { event: "subscribed", channel: name, id };
    const fields =
      channel.delivery === "latest" ? snapshot(channel, since) : this.#resumed(channel, since);
    return { realtime: { ...about, ...fields } };
  }

  #resumed(channel, since) {
    const { epoch, version } = channel;
    const nothing = {
      recovered: false,
      more: false,
      messages: [],
      ...(version ? { epoch, version } : {}),
    };
    if (!since || !version) return { ...nothing, recovered: since?.version === 0 };
    if (since.version && (since.epoch !== epoch || since.version > version)) return nothing;
    const kept = [...channel.log.values()].filter(
      (one) => one.at > this.clock.now() - this.windowMs && one.version > since.version,
    );
    if (since.version ? kept.length !== version - since.version : kept.length === 0) return nothing;
    const messages = kept.slice(0, MESSAGES_IN_A_REPLY);
    return { epoch, version, recovered: true, more: messages.length < kept.length, messages };
  }
}

function snapshot(channel, since) {
  const { epoch, version, at, value } = channel;
  if (!version) return { recovered: false };
  const brings = !since || isNewer({ epoch, version }, since);
  return { epoch, version, at, recovered: since?.epoch === epoch, ...(brings ? { value } : {}) };
}

function isNewer(one, other) {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.version > other.version);
}
