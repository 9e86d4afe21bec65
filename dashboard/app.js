// Starts the page: reads where things are, signs its reader in, and shows the view of the address.

import { LinksApi } from "./api.js";
import { Session } from "./auth.js";
import { loadConfig } from "./config.js";
import { element, icon } from "./dom.js";
import { loading } from "./loading.js";
import { Network } from "./network.js";
import { announce } from "./parts/announcer.js";
import { listenToKeys } from "./parts/keys.js";
import { connectionStatus, staleness } from "./parts/status.js";
import { Realtime } from "./realtime.js";
import { linkView } from "./views/link.js";
import { linksView } from "./views/links.js";
import { signInView } from "./views/sign-in.js";
import { failure, missingView } from "./views/states.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");
const banner = document.getElementById("banner");

const network = new Network();

let config;
let session;
let context = null;
let shown = null;

function viewOf(path) {
  if (path === "/") return linksView(context);
  const [, code] = path.match(/^\/links\/([A-Za-z0-9_-]{3,32})\/?$/) ?? [];
  return code ? linkView(context, code) : missingView();
}

function show(view, { focus = true } = {}) {
  shown?.close();
  shown = { ...view, path: location.pathname };
  document.title = `${view.title} · Realtime links`;
  main.replaceChildren(view.element);
  if (focus) (main.querySelector(view.first ?? "h1") ?? main).focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** `act` is a key of the view that it leads to, pressed there. */
function navigate(path, { say = "", act } = {}) {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  show(viewOf(location.pathname));
  if (say) announce(say);
  if (act) shown.keys[act]();
}

function askForSignIn(notice) {
  context?.close();
  context = null;
  bar.hidden = banner.hidden = true;
  show(signInView({ session, onSignedIn: enter, notice }));
}

/** On a page that has just been loaded the focus stays where the browser puts it: at the start. */
function enter({ focus = true } = {}) {
  const realtime = new Realtime(config.endpoint);
  const stopTelling = showBar(realtime);
  context = {
    api: new LinksApi(config.apiUrl, session),
    realtime,
    network,
    navigate,
    close() {
      stopTelling();
      realtime.close();
    },
  };
  show(viewOf(location.pathname), { focus });
}

function showBar(realtime) {
  const status = connectionStatus();
  bar.replaceChildren(
    element("a", { class: "brand", href: "/" }, element("span", { class: "logo" }, icon("pulse")), "Realtime"),
    status.element,
    element("span", { class: "reader" }, session.email),
    element("button", { type: "button", class: "button quiet", onclick: signOut }, "Sign out"),
  );
  bar.hidden = false;
  const tell = () => {
    status.show(realtime.state, network.isOnline);
    banner.textContent = staleness(realtime.state, network.isOnline);
    banner.hidden = banner.textContent === "";
  };
  const ends = [realtime.observe(tell), network.observe(tell)];
  tell();
  return () => ends.forEach((end) => end());
}

function signOut() {
  session.signOut();
  history.pushState(null, "", "/");
  askForSignIn("You are signed out.");
}

function followInside(event) {
  const link = event.target.closest?.("a[href^='/']");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || link.target || !plain || context === null) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

/** The skip link is an entry in the history too, and leads to no other view. */
function goBack() {
  if (context && location.pathname !== shown.path) show(viewOf(location.pathname));
}

async function signedInReader() {
  config = await loadConfig();
  session ??= new Session(config, { onEnd: () => askForSignIn("Your session has ended. Sign in again.") });
  await session.join();
  if (session.signedIn) await session.token();
  return session.signedIn;
}

document.addEventListener("click", followInside);
listenToKeys(() => shown?.keys);
addEventListener("popstate", goBack);
loading({
  ask: signedInReader,
  show: (signedIn) => (signedIn ? enter({ focus: false }) : askForSignIn()),
  fail(error, again) {
    if (session?.signedIn === false) return;
    show({ title: "Not loaded", element: failure(error, again), close() {} });
  },
  network,
});
