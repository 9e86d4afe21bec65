/** @file What an application is shown on one channel, and whether that is what the protocol promises. */

export class Screen {
  problems = [];
  shown = 0;
  missed = 0;
  /** Of the newest value shown, or after which the client said that it goes on. */
  position;
  #hasBegun = false;

  constructor(channels, name, mayMiss) {
    Object.assign(this, { channels, name, mayMiss });
    this.delivery = channels.get(name).delivery;
  }

  value(value, meta) {
    this.shown += 1;
    const { epoch, version } = meta;
    if (value.text !== `${this.name} ${epoch}.${version}`)
      this.#problem(`the value ${value.text} under ${text(meta)}`);
    if (!this.#mayFollow(meta)) this.#problem(`${text(meta)} after ${text(this.position)}`);
    this.position = { epoch, version };
  }

  subscribed({ missed, epoch, version }) {
    if (this.delivery === "latest") return;
    if (missed) this.missed += 1;
    if (missed && !this.mayMiss) this.#problem("a miss was told where nothing was missed");
    const isThere =
      isSame({ epoch, version }, this.position) || (version === 0 && this.position?.version === 0);
    if (this.#hasBegun && !missed && !isThere) this.#problem("it goes on elsewhere without a miss");
    this.#hasBegun = true;
    this.position = { epoch, version };
  }

  /** After the faults are over. */
  end() {
    const { epoch, version } = this.channels.get(this.name);
    if (version > 0 && !isSame(this.position, { epoch, version }))
      this.#problem(`ended on ${text(this.position)} instead of ${epoch}.${version}`);
  }

  #mayFollow(meta) {
    const { position } = this;
    if (this.delivery === "latest") return !position || isNewer(meta, position);
    if (!this.#hasBegun) return false;
    const isFirst = position.version === 0 && meta.version === 1 && meta.epoch >= position.epoch;
    return isFirst || (meta.epoch === position.epoch && meta.version === position.version + 1);
  }

  #problem(what) {
    this.problems.push(`${this.name}, ${this.delivery}: ${what}`);
  }
}

function isSame(one, other) {
  return one?.epoch === other?.epoch && one?.version === other?.version;
}

function isNewer(one, other) {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.version > other.version);
}

function text(position) {
  return position ? `${position.epoch}.${position.version}` : "nothing";
}
