// What strangers on the segment can send: wrong keys, forged names, cut and replayed frames. All of it is counted, said
// once per sender and minute, and otherwise does nothing.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createAuthenticator } from "../../firmware/core/heartbeat/auth.ts";
import { encodeNetstring } from "../../firmware/core/heartbeat/frame.ts";
import type { Message } from "../../firmware/core/heartbeat/message.ts";
import type { IgnoredFrames } from "../../firmware/core/snapshot.ts";
import { ClusterLab } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { inNamespace } from "../support/node-in-namespace.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("hostile frames");

const onLan = JSON.stringify({ form: "broadcast", interface: "eth0", port: 694 });

let lab: ClusterLab;
let before: IgnoredFrames;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await ClusterLab.create({ key: "the right key" });
  await lab.start();
  await lab.settled(lab.director1);
});

beforeEach(async () => {
  if (why === undefined) before = (await lab.director1.status()).ignored;
});

afterAll(() => lab?.dispose());

/** Sends each frame to all on the segment, from the client. */
async function broadcast(frames: readonly Uint8Array[]): Promise<void> {
  const hex = frames.map((frame) => Buffer.from(frame).toString("hex"));
  await inNamespace(
    lab.client,
    `import { openUdp } from "./native/udp/index.ts";
     const socket = openUdp(${onLan});
     for (const hex of ${JSON.stringify(hex)}) socket.send(Buffer.from(hex, "hex"));
     socket.close();`,
  ).ended();
}

/** Real frames that director2 sent on the segment; numbered ones, because control messages have nothing that ages. */
async function overheard(count: number): Promise<Uint8Array[]> {
  const listener = inNamespace(
    lab.client,
    `import { openUdp } from "./native/udp/index.ts";
     openUdp(${onLan}).watch((bytes, source) => {
       if (source === "10.77.0.2") console.log(Buffer.from(bytes).toString("hex"));
     }, () => {});`,
  );
  const frames: Uint8Array[] = [];
  while (frames.length < count) {
    const frame = Buffer.from(await listener.line(), "hex");
    if (frame.includes(")seq=")) frames.push(frame);
  }
  listener.process.kill();
  return frames;
}

/** A status message of `src` as heartbeat composes it. */
function status(src: string, generation: number): Message {
  const field = (name: string, value: string) => ({ name, value });
  return {
    fields: [
      field("t", "status"),
      field("st", "active"),
      field("dt", "1f4"),
      field("protocol", "1"),
      field("src", src),
      field("seq", "1"),
      field("hg", generation.toString(16)),
      field("ts", Math.floor(Date.now() / 1000).toString(16)),
      field("ttl", "3"),
    ],
  } as Message;
}

function signedWith(key: string, message: Message): Uint8Array {
  return encodeNetstring(
    message,
    createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key }] }),
  );
}

/** Waits until director1 has counted `more` beside what it had counted before, and sees that nothing else changed. */
async function countsOnly(more: Partial<IgnoredFrames>): Promise<void> {
  const counted = Object.fromEntries(
    Object.entries(before).map(([reason, count]) => [
      reason,
      count + (more[reason as keyof IgnoredFrames] ?? 0),
    ]),
  );
  await until(`director1 counts ${JSON.stringify(counted)}`, async () => {
    const { ignored } = await lab.director1.status();
    return JSON.stringify(ignored) === JSON.stringify(counted);
  });
  const { stable, members, groups } = await lab.director1.status();
  expect({ stable, states: members.map(({ status }) => status), owner: groups[0]?.owner }).toEqual({
    stable: true,
    states: ["active", "active"],
    owner: "director1",
  });
}

test.skipIf(why)("a wrong key: every frame is counted, the log has one line", async () => {
  const forged = signedWith("the wrong key", status("director2", 1));
  await broadcast(Array.from({ length: 20 }, () => forged));
  await countsOnly({ unauthenticated: 20 });
  const lines = lab.director1.log
    .split("\n")
    .filter((line) => line.includes("Ignored frame from 10.77.0.100"));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("its signature with key 1 is not ours");
});

test.skipIf(why)("a strange name signed with the right key is counted and not answered", async () => {
  await broadcast([signedWith("the right key", status("director9", 1_900_000_000))]);
  await countsOnly({ foreignNode: 1 });
});

test.skipIf(why)("a real frame cut at any place is counted, and so is noise", async () => {
  const [frame = new Uint8Array()] = await overheard(1);
  const cuts = [1, 4, 60, frame.length - 43, frame.length - 1].map((length) => frame.subarray(0, length));
  await broadcast([...cuts, new Uint8Array(0), new Uint8Array(1400).fill(0xff)]);
  await countsOnly({ malformed: cuts.length + 2 });
});

test.skipIf(why)("a real frame with one bit changed anywhere is counted", async () => {
  const [frame = new Uint8Array()] = await overheard(1);
  const places = [20, 50, 100, frame.length - 60];
  const bent = places.map((place) => frame.map((byte, index) => (index === place ? byte ^ 1 : byte)));
  await broadcast(bent);
  await until("all are counted", async () => {
    const { malformed, unauthenticated } = (await lab.director1.status()).ignored;
    return malformed + unauthenticated === before.malformed + before.unauthenticated + places.length;
  });
});

test.skipIf(why)("real frames that are replayed later are counted", async () => {
  const frames = await overheard(5);
  await until("the frames are old", async () => {
    const { members } = await lab.director1.status();
    return members.length === 2 && (await overheard(15)).length === 15;
  });
  await broadcast(frames);
  await countsOnly({ replayed: frames.length });
});

test.skipIf(why)(
  "the last words of a dead peer are no life, also to a node that has started anew",
  async () => {
    const frames = await overheard(10);
    await lab.director1.end("SIGTERM");
    await lab.director2.end("SIGKILL");
    const since = lab.director1.log.length;
    await lab.director1.start();
    await broadcast(frames);
    await lab.director1.said(/Ignored frame from 10\.77\.0\.100: a replay of director2's message/, since);
    await lab.director1.said(/node director2: is dead/, since);
    const words = lab.director1.log.slice(since);
    expect(words.match(/Status update for node director2|Link director2:eth0 up/g)).toBeNull();
    await lab.director2.start();
    await lab.settled(lab.director1);
  },
);

test.skipIf(why)(
  "a peer's shutdown of an earlier life ends nothing, though signed with the right key",
  async () => {
    const { fields } = status("director2", 1);
    const old = { fields: [...fields.filter(({ name }) => !["t", "st", "dt", "protocol"].includes(name))] };
    const shutdone = {
      fields: [{ name: "t", value: "shutdone" }, { name: "st", value: "dead" }, ...old.fields],
    };
    await broadcast([signedWith("the right key", shutdone as Message)]);
    await countsOnly({ replayed: 1 });
  },
);
