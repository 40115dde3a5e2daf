// The rehearsal reaches the end of its story with every kind of configuration, and gives up where that would take too long.

import { expect, test } from "vitest";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { rehearse } from "../../../firmware/core/rehearsal.ts";
import { addressGroup, clusterConfig, nodeSetup, resourceGroup } from "../../support/cluster-config.ts";

const scripts = resourceGroup({ node: "director1", group: ["192.168.140.150", "httpd"] });

test.each<[string, ClusterConfig]>([
  ["two nodes, a group each", clusterConfig()],
  ["three nodes", clusterConfig({}, undefined, 3)],
  ["one group for both nodes", clusterConfig({}, [addressGroup("director2", "192.168.140.150")])],
  ["a group with a script", clusterConfig({}, [scripts])],
  ["no failback", clusterConfig({ autoFailback: "off" })],
  ["the oldest failback", clusterConfig({ autoFailback: "legacy" })],
  ["ping nodes and ipfail", clusterConfig({ ping: ["192.168.140.1"], ipfail: true })],
  ["long times", clusterConfig({ keepalive: 2000, deadtime: 10_000, initdead: 60_000 })],
  ["short times", clusterConfig({ keepalive: 10, deadtime: 30, initdead: 1000 })],
])("%s: the story is told", (_, cluster) => {
  for (const { name } of cluster.nodes) expect(rehearse(cluster, nodeSetup(name, 1)), name).toBe("told");
});

test("a dead time of a thousand keepalives is not waited for", () => {
  const cluster = clusterConfig({ keepalive: 10, deadtime: 60_000 });
  expect(rehearse(cluster, nodeSetup("director1", 1))).toBe("unfinished");
});

test("a cluster of one node has nobody to rehearse with", () => {
  expect(
    rehearse(clusterConfig({}, [addressGroup("director1", "192.168.140.150")], 1), nodeSetup("director1", 1)),
  ).toBe("told");
});
