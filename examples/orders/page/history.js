// The customer's orders as this browser remembers them, and how far it has read their channel.
// Kept, so that a decision made while the page is closed is shown when it is opened again.

const WORDS = {
  sending: "Sending ...",
  placed: "Placed. We will tell you here as soon as it is decided.",
  confirmed: "Confirmed. It is on its way.",
  refunded: "Not available after all. You pay nothing; please choose something else.",
};

export class History {
  constructor(list, channel, storage = localStorage) {
    this._list = list;
    this._storage = storage;
    this._key = `orders.${channel}`;
    const kept = JSON.parse(storage.getItem(this._key) ?? "null") ?? {};
    this._orders = kept.orders ?? [];
    /** Of the newest message that was shown; version 0 asks for all that are kept. */
    this.position = kept.position ?? { epoch: 0, version: 0 };
    for (const order of this._orders) this._show(order);
  }

  /** Ids of those whose end this browser has not seen. */
  get open() {
    return this._orders.filter((order) => order.status === "placed").map((order) => order.id);
  }

  add(id, text) {
    const order = { id, text, status: "sending" };
    this._orders.push(order);
    this._show(order);
    this._keep();
  }

  /** A decision stays: an answer may come later than the message that overtook it. */
  set(id, status) {
    const order = this._orders.find((one) => one.id === id);
    if (!order || order.status === "confirmed" || order.status === "refunded") return;
    order.status = status;
    this._show(order);
    this._keep();
  }

  drop(id) {
    this._orders = this._orders.filter((order) => order.id !== id);
    this._row(id)?.remove();
    this._keep();
  }

  read({ epoch, version }) {
    this.position = { epoch, version };
    this._keep();
  }

  _show({ id, text, status }) {
    const row = this._row(id) ?? this._newRow(id, text);
    row.lastElementChild.dataset.status = status;
    row.lastElementChild.textContent = WORDS[status];
  }

  _row(id) {
    return [...this._list.children].find((row) => row.dataset.order === id);
  }

  _newRow(id, text) {
    const row = document.createElement("li");
    row.dataset.order = id;
    row.append(document.createElement("span"), document.createElement("strong"));
    row.firstElementChild.textContent = text;
    this._list.prepend(row);
    return row;
  }

  _keep() {
    const kept = { orders: this._orders.slice(-50), position: this.position };
    this._storage.setItem(this._key, JSON.stringify(kept));
  }
}
