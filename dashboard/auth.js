// Signs in with Cognito by its JSON interface: three calls are not worth a library of 200 kB.
// The ID token stays in memory. The refresh token is kept for the tab's life, so that a reload does
// not sign the reader out, and is handed to other tabs that ask; it can be revoked, and signing out does that.

import { Tabs } from "./tabs.js";

const KEY = "realtime.refreshToken";
const EARLY_MS = 60_000;
const TIMEOUT_MS = 15_000;

/** A refusal of Cognito, in words for the reader. */
export class SignInError extends Error {
  name = "SignInError";
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

const WORDS = {
  NotAuthorizedException: "The email or the password is wrong.",
  UserNotFoundException: "The email or the password is wrong.",
  PasswordResetRequiredException: "The password has to be reset. Ask your administrator.",
  CodeMismatchException: "The code is wrong. It is in the newest email.",
  ExpiredCodeException: "The code is no longer good. Ask for a new one.",
  "ForgotPassword InvalidParameterException": "This account has no confirmed email. Ask your administrator.",
  UserNotConfirmedException: "This account is not confirmed yet. Ask your administrator.",
  LimitExceededException: "Too many attempts. Wait a few minutes and try again.",
  TooManyRequestsException: "Too many attempts. Wait a few minutes and try again.",
};

export class Session {
  /** `onEnd` is called when the session ends elsewhere, not on `signOut`. */
  constructor(config, { onEnd = () => {}, storage = sessionStorage, channel } = {}) {
    this._config = config;
    this._storage = storage;
    this._onEnd = onEnd;
    this.refreshToken = storage.getItem(KEY);
    this._tabs = new Tabs(this, channel);
    this._idToken = null;
    this._refreshing = null;
  }

  get signedIn() {
    return this.refreshToken !== null;
  }

  /** Takes the session of another tab, if this one has none. */
  async join() {
    if (!this.signedIn) this.refreshToken = await this._tabs.ask();
  }

  /** Known once a token is. */
  get email() {
    return this._idToken?.claims.email ?? "";
  }

  /** Returns null, or the challenge that `chooseNewPassword` answers. */
  async signIn(email, password) {
    return this._signedIn(email, await this._call("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      ClientId: this._config.userPoolClientId,
      AuthParameters: { USERNAME: email, PASSWORD: password },
    }));
  }

  /** For accounts that an administrator made with a temporary password. */
  async chooseNewPassword({ email, session }, password) {
    return this._signedIn(email, await this._call("RespondToAuthChallenge", {
      ChallengeName: "NEW_PASSWORD_REQUIRED",
      ClientId: this._config.userPoolClientId,
      Session: session,
      ChallengeResponses: { USERNAME: email, NEW_PASSWORD: password },
    }));
  }

  /** Has a code sent to the account's email, with which `resetPassword` sets a new password. */
  async forgotPassword(email) {
    await this._call("ForgotPassword", { ClientId: this._config.userPoolClientId, Username: email });
  }

  async resetPassword(email, code, password) {
    await this._call("ConfirmForgotPassword", {
      ClientId: this._config.userPoolClientId,
      Username: email,
      ConfirmationCode: code,
      Password: password,
    });
    return this.signIn(email, password);
  }

  /** An ID token with at least a minute left. Raises `SignInError` when the session has ended. */
  async token() {
    if (this._idToken === null || this._idToken.claims.exp * 1_000 - EARLY_MS < Date.now()) {
      this._refreshing ??= this._refresh().finally(() => (this._refreshing = null));
      await this._refreshing;
    }
    return this._idToken.text;
  }

  /** Forgets the token at once, in all tabs; revoking it is worth an attempt, not a wait. */
  signOut() {
    const token = this.refreshToken;
    this._forget();
    if (token === null) return;
    this._tabs.signedOut(token);
    this._call("RevokeToken", { ClientId: this._config.userPoolClientId, Token: token })
      .catch((error) => console.warn("The session could not be revoked:", error.message));
  }

  async _refresh() {
    try {
      this._keep(await this._call("InitiateAuth", {
        AuthFlow: "REFRESH_TOKEN_AUTH",
        ClientId: this._config.userPoolClientId,
        AuthParameters: { REFRESH_TOKEN: this.refreshToken },
      }));
    } catch (error) {
      if (error.code === "NotAuthorizedException") this.ended();
      throw error;
    }
  }

  /** Cognito or the API no longer accepts the session, or another tab has signed out. */
  ended() {
    if (!this.signedIn) return;
    this._forget();
    this._onEnd();
  }

  _signedIn(email, answer) {
    if (answer.ChallengeName === "NEW_PASSWORD_REQUIRED") return { email, session: answer.Session };
    if (answer.ChallengeName) {
      const message = `This page cannot answer what the account asks for: ${answer.ChallengeName}.`;
      throw new SignInError(answer.ChallengeName, message);
    }
    this._keep(answer);
    return null;
  }

  _keep({ AuthenticationResult: result }) {
    this._idToken = { text: result.IdToken, claims: claims(result.IdToken) };
    this.refreshToken = result.RefreshToken ?? this.refreshToken;
    this._storage.setItem(KEY, this.refreshToken);
  }

  _forget() {
    this.refreshToken = this._idToken = null;
    this._storage.removeItem(KEY);
  }

  async _call(action, body) {
    let answer;
    try {
      answer = await fetch(this._config.cognitoEndpoint, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      const message = "The sign-in service cannot be reached. Check your connection and try again.";
      throw new SignInError("unreachable", message, { cause: error });
    }
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    const code = String(found.__type ?? answer.status).split("#").pop();
    throw new SignInError(code, WORDS[`${action} ${code}`] ?? WORDS[code] ?? found.message ?? "Signing in failed. Try again.");
  }
}

/** Read for display and expiry only: the API alone decides about rights. */
function claims(token) {
  const bytes = Uint8Array.from(
    atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")),
    (character) => character.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}
