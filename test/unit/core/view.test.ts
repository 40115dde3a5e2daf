// The field by which two nodes of ours know each other: what is written reads back, and anything else is no view.

import { assert, boolean, constantFrom, maxSafeNat, option, property, record } from "fast-check";
import { expect, test } from "vitest";
import type { Holding } from "../../../firmware/core/heartbeat/body.ts";
import { type NodeView, parseView, viewField } from "../../../firmware/core/heartbeat/view.ts";
import { sidesOf } from "../../../firmware/core/resource/sides.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const SENDER = "director2";
const CLUSTER = clusterConfig();

test("what is written reads back", () => {
  const sides = constantFrom<Holding>("none", "local", "foreign", "all").map((holding) =>
    sidesOf(holding, SENDER, CLUSTER),
  );
  const hears = record({ generation: maxSafeNat(), sequence: maxSafeNat() });
  const rest = record({
    claim: sides,
    has: sides,
    kept: sides,
    alone: boolean(),
    stable: boolean(),
    handover: constantFrom<NodeView["handover"]>("none", "giver", "taker"),
  });
  assert(
    property(rest, option(hears, { nil: undefined }), sides, (view, heard, failed) => {
      const more = { ...(heard && { hears: heard }), ...(failed.size > 0 && { failed }) };
      const whole: NodeView = { ...view, ...more };
      const { value } = viewField(whole, SENDER);
      expect(parseView(String(value), SENDER, CLUSTER)).toEqual(whole);
    }),
  );
});

test.each([
  "",
  "2 all all none alone stable none -",
  "1 all all none alone stable none",
  "1 all all none alone stable none 5",
  "1 some all none alone stable none -",
  "1 all all none alone stable none - ",
  "1 all all none alone stable none - failed",
  "1 all all none alone stable none - failed none",
])("%j is no view", (text) => {
  expect(parseView(text, SENDER, CLUSTER)).toBeUndefined();
});
