import assert from "node:assert/strict";
import { test } from "node:test";
import { life } from "./schedule.mjs";

const CASES = Number(process.env.CLIENT_CASES ?? 1_000);
const FIRST = Number(process.env.CLIENT_SEED ?? 1);

test("whatever the network does, each screen ends right and never goes back", async () => {
  const total = { lives: 0, shown: 0, handshakes: 0, cuts: 0, frames: 0, expired: 0 };
  for (let seed = FIRST; seed < FIRST + CASES; seed += 1) {
    const { problems, server, shown } = await life(seed);
    assert.deepEqual(problems, [], `CLIENT_SEED=${seed} CLIENT_CASES=1 shows it again`);
    total.lives += 1;
    total.shown += shown;
    for (const [name, count] of Object.entries(server.counts)) total[name] += count;
  }
  console.log(
    Object.entries(total)
      .map(([name, count]) => `${count} ${name}`)
      .join(", "),
  );
});
