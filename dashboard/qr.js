// A QR code of a text (ISO/IEC 18004): byte mode, error correction M, versions 1 to 6, which hold 106 bytes: the longest host
// name that a certificate takes and the longest name of a link. Pure.

/** Of each version: error correction codewords a block, blocks, data codewords a block. */
const VERSIONS = [
  [10, 1, 16], [16, 1, 28], [26, 1, 44], [18, 2, 32], [24, 2, 43], [16, 4, 27],
];
const MASKS = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

/** The modules as rows of booleans, true for dark, without the quiet zone of four around them. */
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  const index = VERSIONS.findIndex(([, blocks, size]) => blocks * size >= bytes.length + 2);
  if (index < 0) throw new RangeError(`a QR code of the page holds 106 bytes, got ${bytes.length}`);
  const [correction, blocks, size] = VERSIONS[index];
  const stream = interleaved(codewords(bytes, blocks * size), { correction, blocks, size });
  const drawn = MASKS.map((_, mask) => draw(index + 1, stream, mask));
  return drawn.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

/** Mode, length and text as bits, filled up to the version's size. */
function codewords(bytes, count) {
  const bits = [...binary(0b0100, 4), ...binary(bytes.length, 8), ...[...bytes].flatMap((byte) => binary(byte, 8)), 0, 0, 0, 0];
  const words = Array.from({ length: bits.length / 8 }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(""), 2));
  while (words.length < count) words.push((words.length - bits.length / 8) % 2 ? 0x11 : 0xec);
  return words;
}

const binary = (number, length) => Array.from({ length }, (_, i) => (number >> (length - 1 - i)) & 1);

function interleaved(words, { correction, blocks, size }) {
  const divisor = generator(correction);
  const parts = Array.from({ length: blocks }, (_, i) => words.slice(i * size, (i + 1) * size));
  const checks = parts.map((part) => remainder(part, divisor));
  const column = (rows, length) => Array.from({ length }, (_, i) => rows.map((row) => row[i])).flat();
  return [...column(parts, size), ...column(checks, correction)].flatMap((word) => binary(word, 8));
}

/** In the field of 256 elements by x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** The product of x - 2^i for as many as there are codewords, without its leading 1. */
function generator(degree) {
  const divisor = [...Array(degree - 1).fill(0), 1];
  let root = 1;
  for (let i = 0; i < degree; i += 1) {
    for (let j = 0; j < degree; j += 1) divisor[j] = multiply(divisor[j], root) ^ (divisor[j + 1] ?? 0);
    root = multiply(root, 2);
  }
  return divisor;
}

function remainder(words, divisor) {
  let rest = divisor.map(() => 0);
  for (const word of words) {
    const factor = word ^ rest[0];
    rest = divisor.map((coefficient, i) => (rest[i + 1] ?? 0) ^ multiply(coefficient, factor));
  }
  return rest;
}

function draw(version, stream, mask) {
  const size = 17 + 4 * version;
  const grid = Array.from({ length: size }, () => Array(size).fill(null));
  const set = (x, y, dark) => {
    if (y >= 0 && y < size && x >= 0 && x < size) grid[y][x] = Boolean(dark);
  };
  for (let i = 0; i < size; i += 1) for (const [x, y] of [[6, i], [i, 6]]) set(x, y, i % 2 === 0);
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) rings(x, y, 4, (ring) => ring !== 2 && ring !== 4, set);
  if (version > 1) rings(size - 7, size - 7, 2, (ring) => ring !== 1, set);
  format(size, mask, set);
  fill(grid, stream, MASKS[mask]);
  return grid;
}

/** A pattern of squares around a point. */
function rings(x, y, radius, isDark, set) {
  for (let dy = -radius; dy <= radius; dy += 1)
    for (let dx = -radius; dx <= radius; dx += 1)
      set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
}

/** Level M and the mask, twice, with ten bits that correct them. */
function format(size, mask, set) {
  let rest = mask;
  for (let i = 0; i < 10; i += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  for (let i = 0; i < 15; i += 1) {
    const dark = (bits >> i) & 1;
    const along = i < 6 ? i : i < 8 ? i + 1 : size - 15 + i;
    const across = i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i;
    set(8, along, dark);
    set(across, 8, dark);
  }
  set(8, size - 8, true);
}

/** Upwards and downwards by turns, in columns of two from the right, around the timing column. */
function fill(grid, stream, mask) {
  const size = grid.length;
  let i = 0;
  for (let right = size - 1, turn = 0; right > 0; right -= 2, turn += 1) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = turn % 2 === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (grid[y][x] !== null) continue;
        grid[y][x] = Boolean((stream[i] ?? 0) ^ (mask(x, y) === 0 ? 1 : 0));
        i += 1;
      }
    }
  }
}

/** How hard it is to read: long runs, squares of one colour, more of one colour than of the other. */
function penalty(grid) {
  const size = grid.length;
  const lines = [...grid, ...grid.map((_, x) => grid.map((row) => row[x]))];
  const runs = lines.flatMap((line) => line.map(Number).join("").match(/0{5,}|1{5,}/g) ?? []);
  let total = runs.reduce((sum, run) => sum + run.length - 2, 0);
  let dark = 0;
  for (let y = 0; y < size; y += 1)
    for (let x = 0; x < size; x += 1) {
      dark += grid[y][x];
      const square = [grid[y][x + 1], grid[y + 1]?.[x], grid[y + 1]?.[x + 1]];
      if (square.every((module) => module === grid[y][x])) total += 3;
    }
  return total + 10 * Math.floor(Math.abs(dark / size ** 2 - 0.5) * 20);
}
