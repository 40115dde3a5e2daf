// What three daemons in a ring of serial cables load these with: each heartbeat crosses each cable once at most in each
// direction. And the second fault in a ring: with a cable cut already, a node dies (the first fault is ring.test.ts's).

import { afterAll, beforeAll, expect, test } from "vitest";
import { MediaLab } from "../support/media-lab.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("a ring of serial cables");

const [next, previous] = ["/dev/shm/ttyS1", "/dev/shm/ttyS2"] as const;
const names = ["director1", "director2", "director3"] as const;
const keepalive = 200;

let lab: MediaLab;

beforeAll(async () => {
  if (why !== undefined) return;
  const cables = names.map((_, index) => {
    const following = (index + 1) % names.length;
    const ends = [
      { director: index, device: next },
      { director: following, device: previous },
    ] as const;
    return { ends };
  });
  lab = await MediaLab.create({
    directors: 3,
    networks: 1,
    cables,
    baud: 57_600,
    media: [`serial: ${next}`, `serial: ${previous}`],
    keepalive,
    deadtime: 1000,
    realtime: true,
  });
  await lab.start();
});

afterAll(() => lab?.dispose());

/** Waits until each director but `gone` calls the others so, itself among them. */
async function all(
  status: "active" | "dead",
  of: readonly string[],
  gone: readonly number[] = [],
): Promise<void> {
  await until(`${of.join(", ")} ${status}`, async () => {
    const present = lab.directors.filter((_, index) => !gone.includes(index));
    const seen = await Promise.all(present.map((director) => director.status()));
    return seen.every(({ members }) =>
      of.every((name) => members.find((member) => member.name === name)?.status === status),
    );
  });
}

/** How many links to `peer` the director calls up. */
async function linksUp(director: number, peer: string): Promise<number> {
  const status = await lab.directors[director]?.status();
  const member = status?.members.find(({ name }) => name === peer);
  return (member?.links ?? []).filter(({ up }) => up).length;
}

/** Status messages of each sender that came out of each end of each cable in two seconds. */
async function heartbeatsOnCables(): Promise<{ sender: string; count: number }[]> {
  for (const cable of lab.nullModems) {
    cable.recorded = ["", ""];
    cable.record = true;
  }
  const began = performance.now();
  await until("two seconds have passed", () => performance.now() - began > 2000);
  return lab.nullModems.flatMap((cable) => {
    cable.record = false;
    return cable.recorded.flatMap((text) => {
      const statuses = text.split(">>>\n").filter((frame) => frame.startsWith("t=status\n"));
      return names.map((sender) => {
        const count = statuses.filter((frame) => frame.includes(`\nsrc=${sender}\n`)).length;
        return { sender, count };
      });
    });
  });
}

test.skipIf(why)(
  "each heartbeat crosses each cable once at most in each direction: nothing goes round for ever",
  async () => {
    const sent = 2000 / keepalive;
    await until("the start has calmed down", async () => {
      const counts = await heartbeatsOnCables();
      return counts.every(({ count }) => count <= sent + 2);
    });
    const before = lab.nullModems.map(({ carried }) => carried[0] + carried[1]);
    const counts = await heartbeatsOnCables();
    const bytes = lab.nullModems.map(({ carried }, index) => carried[0] + carried[1] - (before[index] ?? 0));
    console.log(
      `bytes a second on the three cables, both directions: ${bytes.map((each) => Math.round(each / 2)).join(", ")}`,
    );
    expect(Math.max(...counts.map(({ count }) => count))).toBeLessThanOrEqual(sent + 2);
    // Each end sends its own and passes one other's on; a copy that overtook its original on a loaded machine goes one further.
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(12 * (sent + 2));
    expect(counts.filter(({ count }) => count > sent / 2)).toHaveLength(12);
  },
);

test.skipIf(why)(
  "a cable is cut and then a node dies: another takes its group; it comes back, and so does the group",
  async () => {
    const before = lab.directors.map(({ log }) => log.length);
    lab.nullModems[0]?.cut();
    await until("director1 and director2 hear each other one way only", async () => {
      return (await linksUp(0, "director2")) === 1 && (await linksUp(1, "director1")) === 1;
    });
    await all("active", names);
    await lab.settled(0);
    await lab.cutPower(0);
    await all("dead", ["director1"], [0]);
    await all("active", ["director2", "director3"], [0]);
    await until("one of the others has the address", async () => {
      const held = await Promise.all([1, 2].map(async (index) => lab.directors[index]?.addresses()));
      return held.filter((addresses) => addresses?.includes(lab.vip)).length === 1;
    });
    await lab.powerOn(0);
    await all("active", names);
    await lab.settled(0);
    await lab.directors[0]?.holds(lab.vip);
    for (const index of [1, 2]) {
      const said = lab.directors[index]?.log.slice(before[index]) ?? "";
      expect(said).toContain("node director1: is dead");
      expect(said).not.toMatch(/node director[23]: is dead/);
    }
  },
);
