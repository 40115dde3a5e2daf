// The verdict over two claims: whatever they are, at most one node keeps a side, and one does unless neither claimed it.

import { assert, boolean, constantFrom, property, record } from "fast-check";
import { expect, test } from "vitest";
import type { Holding } from "../../../firmware/core/heartbeat/body.ts";
import { type Claim, lost } from "../../../firmware/core/heartbeat/ownership.ts";
import { holdingOf, includes, sidesOf, without } from "../../../firmware/core/resource/sides.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

/** The nodes whose claims are `mine` and `theirs` below. */
const US = "director1";
const THEM = "director2";

/** Of which node it is comes at the end. */
function claim(sides: Holding, kept: Holding = "none", alone = true): (node: string) => Claim {
  const of = (holding: Holding, node: string) => sidesOf(holding, node, clusterConfig());
  return (node) => ({ sides: of(sides, node), kept: of(kept, node), alone });
}

test.each<[string, ReturnType<typeof claim>, ReturnType<typeof claim>, "on" | "off", Holding, Holding]>([
  ["nothing in dispute", claim("local"), claim("local"), "on", "none", "none"],
  [
    "auto_failback on: each keeps what prefers it",
    claim("all", "all"),
    claim("all"),
    "on",
    "foreign",
    "foreign",
  ],
  ["auto_failback off: who had it keeps it", claim("all", "all"), claim("all"), "off", "none", "all"],
  [
    "auto_failback off: each had its own",
    claim("all", "local"),
    claim("all", "local"),
    "off",
    "foreign",
    "foreign",
  ],
  ["auto_failback off: neither had it", claim("all"), claim("all"), "off", "foreign", "foreign"],
  [
    "only the peer called the other dead: it keeps all",
    claim("local", "none", false),
    claim("all", "local"),
    "on",
    "local",
    "none",
  ],
  [
    "only this node called the other dead: it keeps all",
    claim("all", "local"),
    claim("local", "none", false),
    "off",
    "none",
    "local",
  ],
])("%s", (_title, mine, theirs, policy, mineLost, theirsLost) => {
  const [ours, others] = [mine(US), theirs(THEM)];
  expect(holdingOf(lost(ours, others, US, policy), US)).toBe(mineLost);
  expect(holdingOf(lost(others, ours, THEM, policy), THEM)).toBe(theirsLost);
});

test("both nodes come to the same verdict, whatever they claim", () => {
  const holding = constantFrom<Holding>("none", "local", "foreign", "all");
  const any = record({ sides: holding, kept: holding, alone: boolean() });
  assert(
    property(any, any, constantFrom("on" as const, "off" as const), (a, b, policy) => {
      const mine = claim(a.sides, a.kept, a.alone)(US);
      const theirs = claim(b.sides, b.kept, b.alone)(THEM);
      const iKeep = without(mine.sides, lost(mine, theirs, US, policy));
      const theyKeep = without(theirs.sides, lost(theirs, mine, THEM, policy));
      for (const side of [US, THEM]) {
        const owners = Number(iKeep.has(side)) + Number(theyKeep.has(side));
        expect(owners).toBe(mine.sides.has(side) || theirs.sides.has(side) ? 1 : 0);
      }
      expect(includes(mine.sides, iKeep)).toBe(true);
    }),
  );
});
