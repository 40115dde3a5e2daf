// Groups of scripts and agents under every misfortune the simulator knows, and some of their own: calls that fail, hang or
// take their time, services that die. The rules are those of test/support/sim/watch.ts and service-rules.ts.

import { test } from "vitest";
import { playShare } from "../support/sim/share.ts";

test("groups of scripts keep order and owner through failing, hanging and slow programs", () => {
  playShare("resources", { seeds: 16, budget: 15 });
});
