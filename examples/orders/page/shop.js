// The shop over HTTP: signing in, ordering, tickets. The token stays in memory: a reload signs out.

const TIMEOUT_MS = 15_000;

/** Something that the customer has to know, in words for them. */
export class Problem extends Error {}

export class Shop {
  constructor(config) {
    this._config = config;
    this._token = null;
  }

  /** Returns the customer's own channel. Raises `Problem`. */
  async signIn(email, password) {
    const answer = await reached(this._config.signInUrl, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
      },
      body: JSON.stringify({
        AuthFlow: "USER_PASSWORD_AUTH",
        ClientId: this._config.userPoolClientId,
        AuthParameters: { USERNAME: email, PASSWORD: password },
      }),
    });
    const token = (await answer.json().catch(() => ({}))).AuthenticationResult?.IdToken;
    if (!token) throw new Problem("The email or the password is wrong.");
    this._token = token;
    return `user:${encoded(subject(token))}`;
  }

  /** The same id orders the same once, however often it is sent. */
  async order(id, item, quantity) {
    return this._call("POST", "/orders", { order_id: id, item, quantity });
  }

  async read(id) {
    return this._call("GET", `/orders/${id}`);
  }

  async ticket(channel) {
    return (await this._call("POST", "/tickets", { channels: [channel] })).ticket;
  }

  async _call(method, path, body) {
    const answer = await reached(this._config.apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${this._token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    if (answer.status === 401) throw new Problem("Your session has ended. Reload, and sign in again.");
    throw new Problem(found.error?.message ?? "Something went wrong on our side. Try again.");
  }
}

async function reached(url, options) {
  try {
    return await fetch(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const message = "The shop cannot be reached. Check your connection and try again.";
    throw new Problem(message, { cause: error });
  }
}

/** Read for the name of the customer's channel. The shop itself verifies the token. */
function subject(token) {
  const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)).sub;
}

/** As the platform encodes a claim in a channel. */
function encoded(claim) {
  const hex = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(claim).replace(/[!'()*]/g, hex);
}
