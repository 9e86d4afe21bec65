// The links API as the page uses it. Every refusal is an `ApiError` with a sentence to show.

const TIMEOUT_MS = 15_000;

export class ApiError extends Error {
  constructor(status, code, message, options) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

export class LinksApi {
  constructor(url, session) {
    this._url = url.replace(/\/$/, "");
    this._session = session;
  }

  /** `{links, cursor}`, the newest first; a null cursor means that there are no more. */
  list({ limit, cursor }) {
    const query = new URLSearchParams({ limit, ...(cursor ? { cursor } : {}) });
    return this._call("GET", `/links?${query}`);
  }

  /** `expiresAt` as a date field has it, in the reader's time; empty texts are left out. */
  create({ target, alias, expiresAt }) {
    return this._call("POST", "/links", {
      target,
      ...(alias ? { alias } : {}),
      ...(expiresAt ? { expires_at: new Date(expiresAt).toISOString() } : {}),
    });
  }

  read(code) {
    return this._call("GET", `/links/${encodeURIComponent(code)}`);
  }

  remove(code) {
    return this._call("DELETE", `/links/${encodeURIComponent(code)}`);
  }

  async _call(method, path, body) {
    const headers = { authorization: `Bearer ${await this._session.token()}` };
    if (body) headers["content-type"] = "application/json";
    let answer;
    try {
      answer = await fetch(this._url + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      const message = "The server cannot be reached. Check your connection and try again.";
      throw new ApiError(0, "unreachable", message, { cause: error });
    }
    if (answer.status === 401) this._session.ended();
    const found = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (answer.ok) return found;
    if (answer.status === 429) {
      throw new ApiError(429, "throttled", "Too many requests at once. Wait a moment and try again.");
    }
    const { code = "failed", message = `The server answered ${answer.status}.` } = found?.error ?? {};
    throw new ApiError(answer.status, code, message);
  }
}
