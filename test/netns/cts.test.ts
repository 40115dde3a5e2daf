// Linux-HA's catalogue of cluster tests between two daemons of ours, one round in an order drawn by chance, the whole
// cluster audited after each. `npm run cts` plays more rounds, a seed again, or beside Debian's heartbeat.

import { afterAll, expect, test } from "vitest";
import { Rounds } from "../support/cts/play.ts";
import { reasonToSkip } from "../support/netns.ts";

const why = reasonToSkip("cluster test catalogue");

const seed = Date.now() % 1_000_000;
const rounds = new Rounds("pulsebox", seed, (text) => console.log(text));
if (why === undefined) console.log(`npm run cts -- --seed ${seed}`);

afterAll(() => rounds.end());

test.skipIf(why).each(rounds.order())("$name", async (scenario) => {
  const { took } = await rounds.play(scenario);
  expect(took).toBeGreaterThan(0);
});
