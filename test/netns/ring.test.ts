// Three daemons whose heartbeats go round a ring of serial cables and nowhere else: with one cable cut all still hear each
// other and nothing moves; a dead node's group goes to the next one, and what an operator or a clean stop moves is everywhere.

import { expect, test } from "vitest";
import type { Director } from "../support/cluster.ts";
import { RingLab } from "../support/ring-lab.ts";
import { until } from "../support/until.ts";

async function statuses(director: Director): Promise<readonly string[]> {
  return (await director.status()).members.map(({ name, status }) => `${name} ${status}`);
}

async function downLinks(director: Director): Promise<number> {
  const { members } = await director.status();
  return members.flatMap(({ links }) => links).filter(({ up }) => !up).length;
}

test("three nodes in a ring of serial cables share three groups, whatever is cut, killed, moved or stopped", async () => {
  await using ring = await RingLab.create();
  await Promise.all(ring.directors.map((director) => director.start()));
  await ring.settled([1, 2, 3], "1 2 3");
  for (const director of ring.directors) {
    expect(await statuses(director)).toEqual(["director1 active", "director2 active", "director3 active"]);
    await until(`all links of ${director.name} are up`, async () => (await downLinks(director)) === 0);
  }

  const before = ring.directors.map(({ log }) => log.length);
  ring.cables[0]?.cut();
  // Of each of the others one link goes: director1 hears both from director3, director2 hears both from director3, and
  // director3 hears each of them on one side only.
  for (const director of ring.directors)
    await until(`two links of ${director.name} are dead`, async () => (await downLinks(director)) === 2);
  await ring.settled([1, 2, 3], "1 2 3");
  for (const [index, { log }] of ring.directors.entries())
    expect(log.slice(before[index])).not.toMatch(/is dead|Acquiring|Releasing|ERROR|CRIT/);

  await ring.kill(1);
  await ring.settled([2, 3], "2 2 3");
  expect(await ring.director(2).addresses()).toContain("10.77.0.50");
  expect(await statuses(ring.director(3))).toContain("director1 dead");

  ring.cables[0]?.join();
  await ring.director(1).start();
  await ring.settled([1, 2, 3], "1 2 3");

  const moved = await ring.director(3).command("takeover", "foreign");
  expect(moved).toMatchObject({ code: 0 });
  await ring.settled([1, 2, 3], "3 3 3");
  expect((await ring.director(1).command("status")).stdout).toMatch(
    /10\.77\.0\.50 +director1 +director3 +released/,
  );

  await ring.director(3).end("SIGTERM");
  await ring.settled([1, 2], "1 2 1");
  expect(ring.director(1).log).not.toContain("node director3: is dead");
}, 120_000);
