import assert from "node:assert/strict";
import { test } from "node:test";

import { Session, SignInError } from "../auth.js";

const CONFIG = { cognitoEndpoint: "https://cognito.test/", userPoolClientId: "client" };
const KEY = "realtime.refreshToken";

function storage(entries = {}) {
  const kept = new Map(Object.entries(entries));
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

/** A BroadcastChannel among those of one hub: all but the sender hear. */
function line(hub = new Set()) {
  const own = {
    said: [],
    onmessage: null,
    postMessage(data) {
      own.said.push(data);
      for (const other of hub) if (other !== own) queueMicrotask(() => other.onmessage({ data }));
    },
  };
  hub.add(own);
  return own;
}

function idToken(secondsLeft) {
  const claims = { exp: Math.floor(Date.now() / 1_000) + secondsLeft, email: "ada@example.com" };
  return `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
}

/** Cognito by script: an answer a call; keeps what it was asked. */
function cognito(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (_, { headers, body }) => {
    asked.push([headers["x-amz-target"].split(".")[1], JSON.parse(body)]);
    const [status, answer] = answers.shift();
    if (status === 0) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answer), { status });
  });
  return asked;
}

const granted = (secondsLeft, refreshToken) => [
  200, { AuthenticationResult: { IdToken: idToken(secondsLeft), RefreshToken: refreshToken } },
];

test("only the refresh token outlives the page", async (t) => {
  cognito(t, granted(3_600, "refresh"));
  const kept = storage();
  const session = new Session(CONFIG, { channel: line(), storage: kept });
  assert.equal(await session.signIn("ada@example.com", "secret"), null);
  assert.deepEqual([...kept.kept], [[KEY, "refresh"]]);
  assert.equal(session.email, "ada@example.com");
});

test("a token that is about to end is renewed once, however many ask", async (t) => {
  const asked = cognito(t, granted(30, "refresh"), granted(3_600));
  const session = new Session(CONFIG, { channel: line(), storage: storage() });
  await session.signIn("ada@example.com", "secret");
  const tokens = await Promise.all([session.token(), session.token(), session.token()]);
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(asked.map(([action, body]) => [action, body.AuthFlow]), [
    ["InitiateAuth", "USER_PASSWORD_AUTH"],
    ["InitiateAuth", "REFRESH_TOKEN_AUTH"],
  ]);
});

test("a session that Cognito has ended is forgotten and said", async (t) => {
  cognito(t, [400, { __type: "NotAuthorizedException", message: "revoked" }]);
  const kept = storage({ [KEY]: "revoked" });
  let ended = 0;
  const session = new Session(CONFIG, { channel: line(), storage: kept, onEnd: () => (ended += 1) });
  await assert.rejects(session.token(), SignInError);
  assert.deepEqual([ended, session.signedIn, kept.kept.size], [1, false, 0]);
});

test("a session outlives a network that is away", async (t) => {
  cognito(t, [0], granted(3_600));
  const session = new Session(CONFIG, { channel: line(), storage: storage({ [KEY]: "refresh" }) });
  await assert.rejects(session.token(), { code: "unreachable" });
  assert.ok(session.signedIn);
  assert.ok(await session.token());
});

test("a temporary password is a challenge that a new one answers", async (t) => {
  const asked = cognito(
    t, [200, { ChallengeName: "NEW_PASSWORD_REQUIRED", Session: "s1" }], granted(3_600, "refresh"),
  );
  const session = new Session(CONFIG, { channel: line(), storage: storage() });
  const challenge = await session.signIn("ada@example.com", "temporary");
  assert.equal(session.signedIn, false);
  assert.equal(await session.chooseNewPassword(challenge, "of my own"), null);
  assert.deepEqual(asked[1][1].ChallengeResponses, {
    USERNAME: "ada@example.com", NEW_PASSWORD: "of my own",
  });
});

test("a challenge that the page cannot answer is said", async (t) => {
  cognito(t, [200, { ChallengeName: "SMS_MFA", Session: "s1" }]);
  const session = new Session(CONFIG, { channel: line(), storage: storage() });
  await assert.rejects(session.signIn("a@example.com", "x"), /cannot answer .* SMS_MFA/);
});

test("signing out revokes the token and forgets it at once", async (t) => {
  const asked = cognito(t, granted(3_600, "refresh"), [200, {}]);
  const kept = storage();
  const session = new Session(CONFIG, { channel: line(), storage: kept });
  await session.signIn("ada@example.com", "secret");
  session.signOut();
  assert.deepEqual([session.signedIn, kept.kept.size], [false, 0]);
  assert.deepEqual(asked[1], ["RevokeToken", { ClientId: "client", Token: "refresh" }]);
});

test("a new tab has the session of one that is signed in, and stores it only once it is good", async (t) => {
  const hub = new Set();
  const asked = cognito(t, granted(3_600, "refresh"), granted(3_600));
  const first = new Session(CONFIG, { storage: storage(), channel: line(hub) });
  await first.signIn("ada@example.com", "secret");
  const kept = storage();
  const second = new Session(CONFIG, { storage: kept, channel: line(hub) });
  await second.join();
  assert.equal(second.signedIn, true);
  assert.deepEqual([...kept.kept], []);
  await second.token();
  assert.deepEqual([...kept.kept], [[KEY, "refresh"]]);
  assert.equal(asked.at(-1)[1].AuthParameters.REFRESH_TOKEN, "refresh");
});

test("the first tab is signed out, and does not wait long to know it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const hub = new Set();
  new Session(CONFIG, { storage: storage(), channel: line(hub) });
  const session = new Session(CONFIG, { storage: storage(), channel: line(hub) });
  const joined = session.join();
  t.mock.timers.tick(250);
  await joined;
  assert.equal(session.signedIn, false);
});

test("signing out in one tab signs out those that have the same session, and no other", async (t) => {
  const hub = new Set();
  cognito(t, granted(3_600, "one"), [200, {}]);
  const ended = [];
  const tab = (name, token) =>
    new Session(CONFIG, {
      storage: storage(token ? { [KEY]: token } : {}),
      channel: line(hub),
      onEnd: () => ended.push(name),
    });
  const [first, same, other] = [tab("first"), tab("same", "one"), tab("other", "two")];
  await first.signIn("ada@example.com", "secret");
  first.signOut();
  await Promise.resolve();
  assert.deepEqual(ended, ["same"]);
  assert.deepEqual([first, same, other].map((session) => session.signedIn), [false, false, true]);
});

test("a forgotten password is replaced by the code of an email", async (t) => {
  const asked = cognito(
    t, [200, {}], [400, { __type: "CodeMismatchException" }], [200, {}], granted(3_600, "refresh"),
  );
  const session = new Session(CONFIG, { storage: storage(), channel: line() });
  await session.forgotPassword("ada@example.com");
  await assert.rejects(session.resetPassword("ada@example.com", "1", "Another-one-1"), /^SignInError: The code is wrong/);
  await session.resetPassword("ada@example.com", "654321", "Another-one-1");
  assert.equal(session.signedIn, true);
  assert.deepEqual(asked.map(([action]) => action), [
    "ForgotPassword", "ConfirmForgotPassword", "ConfirmForgotPassword", "InitiateAuth",
  ]);
  assert.equal(asked[2][1].ConfirmationCode, "654321");
});

test("an email that was never confirmed is named as the reason, and no other action takes its words", async (t) => {
  const refused = [400, { __type: "InvalidParameterException", message: "of Cognito" }];
  cognito(t, refused, refused);
  const session = new Session(CONFIG, { storage: storage(), channel: line() });
  await assert.rejects(session.forgotPassword("ada@example.com"), /no confirmed email/);
  await assert.rejects(session.signIn("ada@example.com", "secret"), /of Cognito/);
});
