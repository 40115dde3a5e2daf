// Whom ipfail holds back among three nodes, and for whom a group is meant then: director1 is ours and prefers the group.

import { expect, test } from "vitest";
import type { ClusterView } from "../../../firmware/core/heartbeat/cluster-view.ts";
import { designated } from "../../../firmware/core/heartbeat/designation.ts";
import type { Disadvantages } from "../../../firmware/core/heartbeat/held-back.ts";
import type { Peer } from "../../../firmware/core/heartbeat/membership.ts";
import { createNode, type NodeState } from "../../../firmware/core/node.ts";
import { NONE, type Sides } from "../../../firmware/core/resource/sides.ts";
import { addressGroup, clusterConfig, nodeSetup } from "../../support/cluster-config.ts";

const NAMES = ["director1", "director2", "director3"] as const;
const SIDE = "director1";

/** Running beside two living nodes, one of which may own the group; with these held back, and the group failed at those. */
function state(
  autoFailback: "on" | "off",
  held: readonly string[],
  failed: readonly string[],
  owner: string,
): NodeState {
  const config = clusterConfig({ ipfail: true, autoFailback }, [addressGroup(SIDE, "192.168.140.150")], 3);
  const node = createNode(config, nodeSetup("director1", 1));
  const cluster: ClusterView = {
    wants: NONE,
    echo: new Map(),
    estranged: new Map(),
    orders: new Map(),
    hears: new Map(NAMES.map((name) => [name, { generation: 1, sequence: 1 }])),
    leaving: false,
  };
  const sides = (has: boolean): Sides => (has ? new Set([SIDE]) : NONE);
  const peers = [...node.peers].map(([name, peer]): [string, Peer] => {
    const claim = sides(owner === name);
    const view = {
      claim,
      has: claim,
      kept: NONE,
      alone: false,
      stable: true,
      handover: "none",
      cluster,
    } as const;
    return [
      name,
      {
        ...peer,
        status: "active",
        kind: "pulsebox",
        view: { ...view, failed: sides(failed.includes(name)) },
      },
    ];
  });
  const disadvantages: Disadvantages = new Map(held.map((name) => [name, { lastAt: 0, heldBack: true }]));
  return {
    ...node,
    self: { ...node.self, started: true, phase: "running", status: "active" },
    claim: { ...node.claim, sides: sides(owner === "director1") },
    peers: new Map(peers),
    ipfail: { disadvantages },
  };
}

const table = [
  { held: [], failed: [], owner: "director1", on: "director1", off: "director1" },
  { held: ["director1"], failed: [], owner: "director1", on: "director2", off: "director2" },
  { held: ["director1", "director2"], failed: [], owner: "director1", on: "director3", off: "director3" },
  { held: [...NAMES], failed: [], owner: "director2", on: "director1", off: "director2" },
  { held: ["director2"], failed: [], owner: "director3", on: "director1", off: "director3" },
  {
    held: ["director1"],
    failed: ["director2", "director3"],
    owner: "director1",
    on: "director1",
    off: "director1",
  },
  { held: ["director1"], failed: ["director2"], owner: "director2", on: "director3", off: "director3" },
];

test.each(table)(
  "held back: $held, failed at: $failed, owned by $owner: meant for $on, with auto_failback off for $off",
  ({ held, failed, owner, on, off }) => {
    expect(designated(state("on", held, failed, owner), SIDE, 0)).toBe(on);
    expect(designated(state("off", held, failed, owner), SIDE, 0)).toBe(off);
  },
);
