import assert from "node:assert/strict";
import { test } from "node:test";

import { qr } from "../qr.js";

// A reader of its own, by the standard's other direction: where the encoder writes a codeword, it looks for one.
const BLOCKS = { 21: [10, 1], 25: [16, 1], 29: [26, 1], 33: [18, 2], 37: [24, 2], 41: [16, 4] };
const FLIPS = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (r, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];
const EXP = Array.from({ length: 255 }).reduce((powers) => {
  const next = powers.at(-1) * 2;
  return [...powers, next > 255 ? next ^ 0x11d : next];
}, [1]);

function isFunction(n, r, c) {
  const finder = (r < 9 && c < 9) || (r < 9 && c >= n - 8) || (r >= n - 8 && c < 9);
  const alignment = n > 21 && Math.abs(r - (n - 7)) <= 2 && Math.abs(c - (n - 7)) <= 2;
  return finder || alignment || r === 6 || c === 6;
}

function mask(grid) {
  const places = [0, 1, 2, 3, 4, 5, 7].map((r) => grid[r][8]);
  const low = places.reduce((sum, on, i) => sum | (on << i), 0);
  const bits = low | (grid[8][8] << 7) | (grid[8][7] << 8) | [5, 4, 3, 2, 1, 0].reduce((sum, c, i) => sum | (grid[8][c] << (9 + i)), 0);
  const clear = bits ^ 0b101010000010010;
  // Level M is 00; the rest are check bits, which leave nothing when divided.
  let rest = clear;
  for (let i = 14; i >= 10; i -= 1) if ((rest >> i) & 1) rest ^= 0x537 << (i - 10);
  assert.equal(rest, 0, "the format's check bits");
  assert.equal(clear >> 13, 0, "level M");
  return (clear >> 10) & 7;
}

function codewords(grid) {
  const n = grid.length;
  const flip = FLIPS[mask(grid)];
  const bits = [];
  const columns = [];
  for (let c = n - 1; c > 6; c -= 2) columns.push(c);
  for (let c = 5; c > 0; c -= 2) columns.push(c);
  columns.forEach((right, turn) => {
    for (let i = 0; i < n; i += 1) {
      const r = turn % 2 ? i : n - 1 - i;
      for (const c of [right, right - 1]) if (!isFunction(n, r, c)) bits.push(grid[r][c] !== flip(r, c) ? 1 : 0);
    }
  });
  return Array.from({ length: Math.floor(bits.length / 8) }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(""), 2));
}

function read(grid) {
  const words = codewords(grid);
  const [correction, count] = BLOCKS[grid.length];
  const blocks = Array.from({ length: count }, (_, b) => words.filter((_, i) => i % count === b));
  for (const block of blocks) {
    for (let root = 0; root < correction; root += 1) {
      const syndrome = block.reduce((sum, word) => times(sum, EXP[root]) ^ word, 0);
      assert.equal(syndrome, 0, "a codeword is wrong");
    }
  }
  const data = blocks.flatMap((block) => block.slice(0, -correction));
  const bits = data.map((word) => word.toString(2).padStart(8, "0")).join("");
  assert.equal(bits.slice(0, 4), "0100", "byte mode");
  const length = parseInt(bits.slice(4, 12), 2);
  const bytes = Array.from({ length }, (_, i) => parseInt(bits.slice(12 + i * 8, 20 + i * 8), 2));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function times(a, b) {
  return a && b ? EXP[(EXP.indexOf(a) + EXP.indexOf(b)) % 255] : 0;
}

test("a reader finds the text of every length that a code can hold", () => {
  for (let length = 1; length <= 106; length += 1) {
    const text = `https://go.example.com/${"aZ9-_".repeat(20)}`.slice(0, length).padEnd(length, "x");
    assert.equal(read(qr(text)), text);
  }
  assert.equal(read(qr("https://münchen.example/ü")), "https://münchen.example/ü");
  assert.throws(() => qr("x".repeat(107)), /holds 106 bytes, got 107/);
});

test("the corners have the squares by which a reader finds the code", () => {
  const square = ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"];
  for (const text of ["short", "x".repeat(106)]) {
    const grid = qr(text);
    const n = grid.length;
    for (const [r, c] of [[0, 0], [0, n - 7], [n - 7, 0]]) {
      const found = square.map((_, y) => grid[r + y].slice(c, c + 7).map((on) => (on ? "#" : " ")).join(""));
      assert.deepEqual(found, square);
    }
    assert.deepEqual(grid[6].slice(8, n - 8), Array.from({ length: n - 16 }, (_, i) => i % 2 === 0));
  }
});
