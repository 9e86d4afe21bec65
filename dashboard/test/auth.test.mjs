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
  const session = new Session(CONFIG, { storage: kept });
  assert.equal(await session.signIn("ada@example.com", "secret"), null);
  assert.deepEqual([...kept.kept], [[KEY, "refresh"]]);
  assert.equal(session.email, "ada@example.com");
});

test("a token that is about to end is renewed once, however many ask", async (t) => {
  const asked = cognito(t, granted(30, "refresh"), granted(3_600));
  const session = new Session(CONFIG, { storage: storage() });
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
  const session = new Session(CONFIG, { storage: kept, onEnd: () => (ended += 1) });
  await assert.rejects(session.token(), SignInError);
  assert.deepEqual([ended, session.signedIn, kept.kept.size], [1, false, 0]);
});

test("a session outlives a network that is away", async (t) => {
  cognito(t, [0], granted(3_600));
  const session = new Session(CONFIG, { storage: storage({ [KEY]: "refresh" }) });
  await assert.rejects(session.token(), { code: "unreachable" });
  assert.ok(session.signedIn);
  assert.ok(await session.token());
});

test("a temporary password is a challenge that a new one answers", async (t) => {
  const asked = cognito(
    t, [200, { ChallengeName: "NEW_PASSWORD_REQUIRED", Session: "s1" }], granted(3_600, "refresh"),
  );
  const session = new Session(CONFIG, { storage: storage() });
  const challenge = await session.signIn("ada@example.com", "temporary");
  assert.equal(session.signedIn, false);
  assert.equal(await session.chooseNewPassword(challenge, "of my own"), null);
  assert.deepEqual(asked[1][1].ChallengeResponses, {
    USERNAME: "ada@example.com", NEW_PASSWORD: "of my own",
  });
});

test("a challenge that the page cannot answer is said", async (t) => {
  cognito(t, [200, { ChallengeName: "SMS_MFA", Session: "s1" }]);
  const session = new Session(CONFIG, { storage: storage() });
  await assert.rejects(session.signIn("a@example.com", "x"), /cannot answer .* SMS_MFA/);
});

test("signing out revokes the token and forgets it at once", async (t) => {
  const asked = cognito(t, granted(3_600, "refresh"), [200, {}]);
  const kept = storage();
  const session = new Session(CONFIG, { storage: kept });
  await session.signIn("ada@example.com", "secret");
  session.signOut();
  assert.deepEqual([session.signedIn, kept.kept.size], [false, 0]);
  assert.deepEqual(asked[1], ["RevokeToken", { ClientId: "client", Token: "refresh" }]);
});
