// `pulsebox why` with real daemons: what led to a takeover is told by the survivor, and by its state area when it is dead too.

import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterLab } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";

const why = reasonToSkip("why between daemons");

let lab: ClusterLab;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await ClusterLab.create({ autoFailback: "off" });
  await lab.start();
  await lab.settled(lab.director1);
  await lab.director1.cutPower();
  await lab.director2.holds(lab.vip);
});

afterAll(() => lab?.dispose());

/** As people read it: the lines as one text. */
const flat = (text: string): string => text.replace(/\s+/g, " ");

const death =
  /director1 is called dead It was silent for (\d+) ms: its deadtime of 500 ms passed (\d+) ms before\. .*bcast eth1 (?:dead|up), heard \d+ ms before; bcast eth0 (?:dead|up), heard \d+ ms before/;
const takeover = /this node takes director1 10\.77\.0\.50\/24 Follows from: director1 is called dead\./;

test.skipIf(why)("the survivor tells the death, its evidence, and what followed", async () => {
  const { code, stdout } = await lab.director2.command("why", "--last", "3");
  expect(code).toBe(0);
  const [, silent = "", over = ""] = death.exec(flat(stdout)) ?? [];
  expect(Number(silent) - Number(over)).toBeGreaterThanOrEqual(499);
  expect(Number(silent) - Number(over)).toBeLessThanOrEqual(501);
  expect(flat(stdout)).toMatch(takeover);
});

test.skipIf(why)("the dead one's state area still tells, and the next start goes on from there", async () => {
  const state = dirname(lab.director2.socket);
  await lab.director2.end("SIGKILL");
  const stored = await lab.director2.command("why", "--state", state);
  expect(stored).toMatchObject({ code: 0, stderr: "" });
  expect(flat(stored.stdout)).toMatch(death);
  const other = await lab.director2.command("why");
  expect(other.stderr).toMatch(/no pulsebox ha answers at .*: ECONNREFUSED .*; .*\/var\/lib\/pulsebox/);
  await lab.director2.start();
  const decisions = JSON.parse((await lab.director2.command("why", "--last", "500", "--json")).stdout);
  const kinds = decisions.map(({ transition }: { transition: { what: string } }) => transition.what);
  expect(kinds).toEqual(expect.arrayContaining(["dead", "gained"]));
  expect(kinds.filter((what: string) => what === "started")).toHaveLength(2);
});
