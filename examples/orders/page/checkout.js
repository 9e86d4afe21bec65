// Checkout: 202 is no green checkmark. An order is "placed" until its own channel says otherwise.

import { connect } from "./client/index.js";
import { History } from "./history.js";
import { Problem, Shop } from "./shop.js";

const CONNECTION = {
  connecting: "Connecting ...",
  open: "Live",
  waiting: "Reconnecting ...",
  paused: "Paused",
  offline: "Offline",
  closed: "",
};

const element = (id) => document.getElementById(id);
const [signIn, order] = [element("sign-in"), element("order")];

/** Runs a form's action with its button disabled. A problem is shown, and the form stays usable. */
function onSubmit(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    element("problem").textContent = "";
    try {
      await action(new FormData(form));
    } catch (error) {
      show(error);
    } finally {
      button.disabled = false;
    }
  });
}

function show(error) {
  if (!(error instanceof Problem)) console.error(error);
  element("problem").textContent =
    error instanceof Problem ? error.message : "Something went wrong in this page. Reload it.";
}

function listen(shop, config, channel, history) {
  const realtime = connect({
    url: config.endpoint,
    ticket: () => shop.ticket(channel),
    onState: ({ status }) => (element("connection").textContent = CONNECTION[status]),
  });
  realtime.subscribe(
    channel,
    ({ message, orderId }, meta) => {
      history.set(orderId, message);
      history.read(meta);
    },
    {
      since: history.position,
      // The shop still knows the orders that the channel no longer has.
      onSubscribed: ({ missed }) => missed && catchUp(shop, history),
      onError: ({ final, message }) => final && show(new Problem(message)),
    },
  );
}

async function catchUp(shop, history) {
  await Promise.all(
    history.open.map(async (id) => history.set(id, (await shop.read(id)).status)),
  ).catch(show);
}

/** An attempt whose answer was lost keeps its id: sent again, it is the same order. */
function ordering(shop, history) {
  let attempt = null;
  return async (form) => {
    const [item, quantity] = [form.get("item"), Number(form.get("quantity"))];
    const wish = `${quantity} × ${item}`;
    if (attempt?.wish !== wish) attempt = { wish, id: crypto.randomUUID() };
    const { id } = attempt;
    history.add(id, wish);
    try {
      history.set(id, (await shop.order(id, item, quantity)).status);
      attempt = null;
    } catch (error) {
      history.drop(id);
      throw error;
    }
  };
}

async function start() {
  const config = await (await fetch("./config.json")).json();
  const shop = new Shop(config);
  signIn.hidden = false;
  onSubmit(signIn, async (form) => {
    const channel = await shop.signIn(form.get("email"), form.get("password"));
    const history = new History(element("orders"), channel);
    signIn.hidden = true;
    order.hidden = element("history").hidden = false;
    onSubmit(order, ordering(shop, history));
    listen(shop, config, channel, history);
    await catchUp(shop, history);
  });
}

start().catch(show);
