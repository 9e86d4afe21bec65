import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, exact } from "../format.js";
import { PAGE, place, search, select } from "../selection.js";
import { completed, inWords } from "../words.js";

const link = (code, clicks, day, target = "https://example.com/") => ({
  code, clicks, target, created_at: `2026-01-${String(day).padStart(2, "0")}T00:00:00.000Z`,
});
const LINKS = [link("beta", 5, 1), link("Alpha", 5, 2), link("gamma", 90, 3, "https://shop.example.com/Sale")];
const codes = (chosen) => chosen.rows.map(({ code }) => code);
const START = { q: "", sort: "newest", page: 0 };

test("links are sorted by age, clicks or name, and equal ones by age", () => {
  assert.deepEqual(codes(select(LINKS, START)), ["gamma", "Alpha", "beta"]);
  assert.deepEqual(codes(select(LINKS, { ...START, sort: "clicks" })), ["gamma", "Alpha", "beta"]);
  assert.deepEqual(codes(select(LINKS, { ...START, sort: "name" })), ["Alpha", "beta", "gamma"]);
});

test("a search finds all of its words in the name or the address, in any case", () => {
  assert.deepEqual(codes(select(LINKS, { ...START, q: "sale SHOP" })), ["gamma"]);
  assert.deepEqual(codes(select(LINKS, { ...START, q: "alp" })), ["Alpha"]);
  assert.deepEqual(select(LINKS, { ...START, q: "sale alpha" }), { rows: [], found: 0, page: 0, last: 0 });
});

test("a page beyond the last is the last", () => {
  const many = Array.from({ length: PAGE + 1 }, (_, i) => link(`link-${i}`, i, 1));
  const { rows, page, last, found } = select(many, { ...START, page: 7 });
  assert.deepEqual([rows.length, page, last, found], [1, 1, 1, PAGE + 1]);
});

test("the place stands in the address, and an address that is wrong leads to the beginning", () => {
  for (const at of [START, { q: "a b&c", sort: "clicks", page: 3 }]) assert.deepEqual(place(search(at)), at);
  assert.equal(search(START), "");
  for (const wrong of ["?page=-1", "?page=x&sort=toString", "?page=1e99", "?sort=", "?page=1"])
    assert.deepEqual(place(wrong), START);
});

test("an address is completed as a browser reads it", () => {
  const cases = {
    "": "",
    " example.com/a ": "https://example.com/a",
    "example.com:8080/x": "https://example.com:8080/x",
    "localhost:3000": "https://localhost:3000/",
    "http://example.com": "http://example.com/",
    "https://münchen.example/ü b": "https://xn--mnchen-3ya.example/%C3%BC%20b",
    "mailto:ada@example.com": "mailto:ada@example.com",
    "javascript:alert(1)": "javascript:alert(1)",
    "https://exa mple.com": "https://exa mple.com",
  };
  for (const [typed, address] of Object.entries(cases)) assert.equal(completed(typed), address);
});

test("what the API refuses is said in the page's words, about the field that is wrong", () => {
  const said = (code, message) => inWords({ code, message });
  assert.deepEqual(said("bad_request", "target: the target must start with http:// or https://"), {
    text: "The address must start with http:// or https://.", field: "address",
  });
  assert.deepEqual(said("bad_request", "expires_at: must be in the future"), {
    text: "The expiry must be in the future.", field: "expiry",
  });
  assert.deepEqual(said("bad_request", "target: a link to the target itself goes in circles"), {
    text: "A link to the address itself goes in circles.", field: "address",
  });
  assert.equal(said("alias_taken", "The alias x is taken or was; choose another.").field, "name");
  assert.deepEqual(said("unreachable", "The server cannot be reached."), { text: "The server cannot be reached." });
});

test("a time is told from now, and exactly in one zone", () => {
  const now = Date.parse("2026-06-15T12:00:00Z");
  const told = { "12:00:30": "in a moment", "11:59:30": "just now", "11:58:00": "2 minutes ago", "15:10:00": "in 3 hours" };
  for (const [clock, text] of Object.entries(told)) assert.equal(ago(`2026-06-15T${clock}Z`, now), text);
  assert.equal(ago("2026-06-14T11:00:00Z", now), "yesterday");
  assert.equal(ago("2025-05-01T00:00:00Z", now), "last year");
  assert.match(exact("2026-06-15T12:00:00Z"), /15.*12:00 UTC$|12:00.*UTC/);
});
