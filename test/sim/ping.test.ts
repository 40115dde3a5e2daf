// ipfail under every misfortune of ways to ping nodes, for a fixed share of processor time, and cores with a planted fault
// that the same stories must find.

import { expect, test } from "vitest";
import type { Logic } from "../support/sim/logic.ts";
import { REAL } from "../support/sim/logic.ts";
import { runPingSeed } from "../support/sim/ping-story.ts";
import { playShare } from "../support/sim/share.ts";

const SEEDS = 40;

test("resources are where most ping nodes are reached, and move for nothing else", () => {
  playShare("ipfail", { seeds: SEEDS, budget: 6 });
});

test("amid crashes, cuts, pauses and operators ipfail breaks no invariant", () => {
  playShare("ipfail-faults", { seeds: SEEDS, budget: 6 });
});

/** By what is wrong with them. */
const PLANTED: Readonly<Record<string, { episode: string; breaks: string; logic: Logic }>> = {
  "never hears its ping nodes fail": {
    episode: "oneNodeLosesWays",
    breaks: "best",
    logic: {
      ...REAL,
      step: (state, event) => {
        const nodes = state.pingNodes.nodes.map((node) => ({ ...node, patience: Number.POSITIVE_INFINITY }));
        return REAL.step({ ...state, pingNodes: { ...state.pingNodes, nodes } }, event);
      },
    },
  },
  "gives up at once when the peer reaches more": {
    episode: "routerFailsForAll",
    breaks: "unmoved",
    logic: {
      ...REAL,
      step: (state, event) => {
        const { worse } = state.ipfail;
        const hasty =
          worse === undefined ? state.ipfail : { ...state.ipfail, worse: { ...worse, settled: true } };
        const peers = new Map([...state.peers].map(([name, peer]) => [name, certain(peer)]));
        return REAL.step({ ...state, peers, ipfail: hasty }, event);
      },
    },
  },
  "fails back as soon as both are even": {
    episode: "cableComesAndGoes",
    breaks: "one move",
    logic: {
      ...REAL,
      step: (state, event) => {
        const { peerWorseAt: _, disadvantages = new Map(), ...ipfail } = state.ipfail;
        const old = [...disadvantages].map(([name, each]) => [name, { ...each, lastAt: 0 }] as const);
        return REAL.step({ ...state, ipfail: { ...ipfail, disadvantages: new Map(old) } }, event);
      },
    },
  },
};

function certain<P extends { readonly reach?: { readonly count: number; readonly sure: number } }>(
  peer: P,
): P {
  return peer.reach === undefined ? peer : { ...peer, reach: { ...peer.reach, sure: peer.reach.count } };
}

test.each(Object.entries(PLANTED))("a core that %s is found", (_fault, { breaks, episode, logic }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { failure } = runPingSeed({ seed, ms: 180_000, logic }, episode);
    if (failure === undefined) continue;
    console.log(failure.reason);
    expect(failure.reason).toContain(` s: ${breaks}`);
    return;
  }
  expect.fail(`${SEEDS} seeds found nothing`);
});
