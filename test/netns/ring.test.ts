// Three daemons whose heartbeats go round a ring of serial cables and nowhere else: each heartbeat crosses each cable once at
// most in each direction. With one cable cut all still hear each other and nothing moves; then a node dies and its group goes
// to the next one; what an operator or a clean stop moves is everywhere.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Director } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { RingLab } from "../support/ring-lab.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("a ring of serial cables");

let ring: RingLab;

beforeAll(async () => {
  if (why !== undefined) return;
  ring = await RingLab.create();
  await Promise.all(ring.directors.map((director) => director.start()));
  await ring.settled([1, 2, 3], "1 2 3");
});

afterAll(() => ring?.dispose());

async function statuses(director: Director): Promise<readonly string[]> {
  return (await director.status()).members.map(({ name, status }) => `${name} ${status}`);
}

async function downLinks(director: Director): Promise<number> {
  const { members } = await director.status();
  return members.flatMap(({ links }) => links).filter(({ up }) => !up).length;
}

/** The numbers of the heartbeats on each way, "director1 over cable 0 from end 1", until ten have gone over twelve of them. */
async function tenOnEachWay(): Promise<readonly (readonly string[])[]> {
  for (const cable of ring.cables) {
    cable.recorded = ["", ""];
    cable.record = true;
  }
  let ways: readonly (readonly string[])[] = [];
  await until("ten heartbeats of each node have gone all their ways", () => {
    ways = recordedWays();
    return ways.filter(({ length }) => length >= 10).length >= 12;
  });
  for (const cable of ring.cables) cable.record = false;
  return ways;
}

function recordedWays(): readonly (readonly string[])[] {
  const ways = new Map<string, string[]>();
  for (const [cable, { recorded }] of ring.cables.entries()) {
    for (const [end, text] of recorded.entries()) {
      for (const [, status = ""] of text.matchAll(/>>>\nt=status\n([\s\S]*?)<<<\n/g)) {
        const [sender, number] = ["src", "seq"].map(
          (name) => new RegExp(`^${name}=(.*)$`, "m").exec(status)?.[1],
        );
        const way = `${sender} over cable ${cable} from end ${end}`;
        ways.set(way, [...(ways.get(way) ?? []), number ?? ""]);
      }
    }
  }
  return [...ways.values()];
}

test.skipIf(why)(
  "each heartbeat crosses each cable once at most in each direction, and reaches all",
  async () => {
    // What was lost, as at the start, when more is said than a cable carries, is asked for and crosses once more.
    await until(
      "ten heartbeats of each node have gone all their ways, and none of them twice",
      async () => {
        const ways = await tenOnEachWay();
        // From its sender over two cables and on over the third one in both directions, not back. A copy that overtook its original
        // on a loaded machine goes one further.
        const regular = ways.filter(({ length }) => length > 5);
        return regular.length === 12 && ways.every((numbers) => new Set(numbers).size === numbers.length);
      },
      60_000,
    );
  },
);

test.skipIf(why)("three nodes share three groups, whatever is cut, killed, moved or stopped", async () => {
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
  for (const number of [2, 3] as const) {
    const said = ring.director(number).log.slice(before[number - 1]);
    expect(said).toContain("node director1: is dead");
    expect(said).not.toMatch(/node director[23]: is dead/);
  }

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
});
