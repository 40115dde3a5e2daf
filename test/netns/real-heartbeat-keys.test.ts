// Keys are replaced beside a real heartbeat node as an operator would do it, one node after the other and both running: first
// both accept the new key, then each signs with it, then both forget the old one. 3.0.6 checks netstring frames of any key
// with the one that it signs with itself, and classic frames with the key that they name: ours therefore writes classic frames
// while it has several keys.

import { expect, test } from "vitest";
import { beside, whyNotBeside } from "../support/beside.ts";
import type { MixedCluster } from "../support/mixed-cluster.ts";
import { heartbeatFiles, type MixedKeys } from "../support/mixed-files.ts";
import { until } from "../support/until.ts";

const why = whyNotBeside();

const TIMES = { keepalive: 100, deadtime: 1000 } as const;
const OLD = { id: 1, method: "sha1" } as const;
const NEW = { id: 2, method: "md5" } as const;

/** How far the real node's numbering has been understood: it grows while its words are accepted. */
async function heardOfReal(cluster: MixedCluster): Promise<boolean> {
  const { members } = await cluster.ours.status();
  const links = members.find(({ self }) => !self)?.links ?? [];
  return links.length > 0 && links.every(({ up, lastHeardAgo = 9999 }) => up && lastHeardAgo < 300);
}

async function ours(cluster: MixedCluster, keys: MixedKeys): Promise<void> {
  await cluster.configureOurs({ ...TIMES, keys });
  expect(await cluster.ours.command("reload")).toMatchObject({ code: 0, stderr: "" });
}

async function real(cluster: MixedCluster, keys: MixedKeys): Promise<void> {
  const rereadings = async () => (await cluster.real.log()).split("Rereading authentication file").length;
  const before = await rereadings();
  const { authkeys } = heartbeatFiles({ ...TIMES, keys });
  await cluster.real.configure({ authkeys });
  await cluster.real.reload();
  await until("the real node has read its keys again", async () => (await rereadings()) > before);
}

test.skipIf(why)("from key 1 to key 2 while both serve: nobody is called dead, nothing moves", async () => {
  await beside({ name: "keys", options: TIMES }, async (cluster) => {
    const rotation: readonly [typeof ours, MixedKeys][] = [
      [ours, { send: 1, accept: [OLD, NEW] }],
      [real, { send: 1, accept: [OLD, NEW] }],
      [real, { send: 2, accept: [OLD, NEW] }],
      [ours, { send: 2, accept: [OLD, NEW] }],
      [ours, { send: 2, accept: [NEW] }],
      [real, { send: 2, accept: [NEW] }],
    ];
    for (const [who, keys] of rotation) {
      await who(cluster, keys);
      const since = performance.now();
      await until("a deadtime has passed, and the real node is still heard on both cables", async () => {
        return performance.now() - since > 1200 && (await heardOfReal(cluster));
      });
      await cluster.settled("local");
    }
    for (const log of [cluster.ours.log, await cluster.real.log()])
      expect(log).not.toMatch(/is dead|standby/);
    await cluster.second.software.operate("standby", "local");
    await cluster.settled("all");
  });
});

test.skipIf(why)(
  "a file with errors or other news than keys is refused, and the daemon goes on",
  async () => {
    const story = { name: "keys", expected: [/ERROR: /] };
    await beside(story, async (cluster) => {
      await cluster.configureOurs({ keepalive: 300, keys: { send: 2, accept: [NEW] } });
      const refused = await cluster.ours.command("reload");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("reload: heartbeat.keepalive differs from what this node runs with");
      await cluster.configureOurs({ keys: { send: 3, accept: [OLD, NEW] } });
      cluster.ours.signal("SIGHUP");
      await cluster.ours.said(/ERROR: SIGHUP: not reloaded: nothing is changed, the file has errors/);
      await cluster.settled("local");
    });
  },
);

test.skipIf(why)("the real node restarts itself in place for a new ha.cf: nothing moves", async () => {
  await beside({ name: "restart in place" }, async (cluster) => {
    const before = cluster.ours.log.length;
    await cluster.real.configure({ "ha.cf": heartbeatFiles({})["ha.cf"] });
    await cluster.real.reload();
    const generations = async () => (await cluster.real.log()).match(/Heartbeat generation: \d+/g)?.length;
    await until("the real node has started anew", async () => (await generations()) === 2);
    await cluster.settled("local");
    if (cluster.first.software.isOurs) {
      await cluster.ours.said(/Heartbeat restart on node director2/, before);
      expect(cluster.ours.log.slice(before)).not.toMatch(/is dead|cquir/);
    }
  });
});
