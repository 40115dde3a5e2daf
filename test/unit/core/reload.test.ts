// Keys are replaced while the cluster serves; anything else in a new file is refused whole.

import { expect, test } from "vitest";
import type { AuthConfig, ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { Bench } from "../../support/bench.ts";
import { addressGroup, clusterConfig } from "../../support/cluster-config.ts";

const OLD = { id: 1, method: "sha1", key: "secretkey" } as const;
const NEW = { id: 2, method: "md5", key: "next" } as const;

function reload(bench: Bench, cluster: ClusterConfig): string | undefined {
  bench.take();
  bench.event({ type: "operator", request: { command: "reload", cluster }, id: 9 });
  const answer = bench.take().find((action) => action.type === "answer");
  expect(answer).toMatchObject({ id: 9 });
  return answer?.type === "answer" ? answer.error : "no answer";
}

const withKeys = (auth: AuthConfig) => clusterConfig({ auth });

test("from key 1 to key 2, step by step on one node after the other, and every word is understood", () => {
  const bench = new Bench(clusterConfig(), "director1").start().status("active");
  const heard = () => bench.state.peers.get("director2")?.inbox.position?.sequence;
  expect(reload(bench, withKeys({ sendWith: 1, keys: [OLD, NEW] }))).toBeUndefined();
  bench.signWith({ sendWith: 1, keys: [OLD, NEW] }).status("active");
  expect(heard()).toBe(2);
  bench.signWith({ sendWith: 2, keys: [OLD, NEW] }).status("active");
  expect(heard()).toBe(3);
  expect(reload(bench, withKeys({ sendWith: 2, keys: [OLD, NEW] }))).toBeUndefined();
  expect(reload(bench, withKeys({ sendWith: 2, keys: [NEW] }))).toBeUndefined();
  bench.signWith({ sendWith: 1, keys: [OLD] }).status("active");
  expect(heard()).toBe(3);
  expect(bench.state.ignored.unauthenticated).toBe(1);
});

test("the same file again changes nothing", () => {
  const bench = new Bench(clusterConfig(), "director1").start();
  expect(reload(bench, clusterConfig())).toBeUndefined();
});

test.each<[string, ClusterConfig]>([
  ["heartbeat.deadtime differs", clusterConfig({ deadtime: 1100 })],
  ["heartbeat.auto_failback differs", clusterConfig({ autoFailback: "off" })],
  ["heartbeat.watchdog differs", clusterConfig({ watchdog: "/dev/watchdog" })],
  ["heartbeat.keepalive, heartbeat.media differ", clusterConfig({ keepalive: 100, media: [] })],
  ["resources differs", clusterConfig({}, [addressGroup("director1", "192.168.140.151")])],
  ["cluster differs", { ...clusterConfig(), cluster: "rack8" }],
])("%s: refused, and the keys of that file are not taken either", (words, cluster) => {
  const bench = new Bench(clusterConfig(), "director1").start();
  const auth = { sendWith: 2, keys: [NEW] };
  const error = reload(bench, { ...cluster, heartbeat: { ...cluster.heartbeat, auth } });
  expect(error).toBe(
    `${words} from what this node runs with: only heartbeat.auth can change without a restart`,
  );
  expect(bench.state.cluster.heartbeat.auth.sendWith).toBe(1);
});
