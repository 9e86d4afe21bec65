// Between the words of people and those of the API. Pure.

const NAMES = { target: "address", alias: "name", expires_at: "expiry" };
const PORT = /^(localhost|[^\s/:?#]+\.[^\s/:?#]+):\d+(?=[/?#]|$)/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** People leave the scheme out, and write hosts in their own letters, as a browser reads them. */
export function completed(text) {
  const typed = text.trim();
  if (typed === "") return "";
  const address = SCHEME.test(typed) && !PORT.test(typed) ? typed : `https://${typed}`;
  return URL.canParse(address) ? new URL(address).href : address;
}

/** What the API has refused: a sentence, and the field that it is about, if it is about one. */
export function inWords({ code, message }) {
  if (code === "alias_taken") return { text: "This name is taken, or was once. Choose another.", field: "name" };
  const [, key, rest] = message.match(/^(\w+): (.+)$/s) ?? [];
  const field = NAMES[key];
  if (!field) return { text: message };
  const phrase = rest.startsWith("must") ? `the ${field} ${rest}` : rest.replaceAll(`the ${key}`, `the ${field}`);
  return { text: `${phrase[0].toUpperCase()}${phrase.slice(1)}.`, field };
}
