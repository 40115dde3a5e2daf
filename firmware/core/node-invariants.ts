// What must be true of every node at the end of every step, whatever happened before: few and cheap enough to be looked
// at in production. A node for which they do not hold must not act on what it has decided.

import { invariant } from "./invariant.ts";
import { type NodeState, partnerOf, wantedAddresses } from "./node.ts";
import { groupAt, isProgram, itemOf } from "./resource/group-state.ts";
import { holdingOf, includes, isNone } from "./resource/sides.ts";

/** Throws with the broken one. */
export function checkNode(state: NodeState): void {
  const { self, claim, handover, acquiring, setup } = state;
  const peer = partnerOf(state);
  const about = `${setup.self} (${self.phase}, ${self.status}, claims ${holdingOf(claim.sides, setup.self)})`;
  invariant(isNone(claim.sides) || self.phase === "running", `${about}: only a running node claims anything`);
  invariant(self.phase !== "running" || self.status === "active", `${about}: a running node is active`);
  invariant(
    includes(claim.sides, acquiring.sides),
    `${about}: acquires ${holdingOf(acquiring.sides, setup.self)} without claiming it`,
  );
  invariant(!claim.alone || !isNone(claim.sides), `${about}: claims nothing alone`);
  invariant(
    handover === undefined || (self.phase === "running" && peer !== undefined && peer.status !== "dead"),
    `${about}: hands over ${handover?.scope} (${handover?.stage}) with peer ${peer?.status}`,
  );
  for (const [index, { node }] of state.cluster.resources.entries()) {
    const broken = outOfOrder(state, index);
    invariant(broken === undefined, `${about}: group ${index} of ${node}: ${broken}`);
  }
  const wanted = new Set(wantedAddresses(state).map(({ address }) => address));
  for (const address of state.announcements.keys()) {
    invariant(
      wanted.has(address) || self.phase !== "running",
      `${about}: announces ${address}, which it does not want`,
    );
  }
}

/** Something of a group was started although what comes before it is stopped; in words. */
function outOfOrder(state: NodeState, index: number): string | undefined {
  const { config, group } = groupAt(state, index);
  let stopped: string | undefined;
  for (const [at, resource] of config.resources.entries()) {
    if (!isProgram(resource)) continue;
    const { phase, run } = itemOf(group, at);
    const started = phase === "starting" || run?.action === "start";
    if (started && stopped !== undefined) return `${resource.word} starts while ${stopped} is stopped`;
    if (phase === "stopped") stopped = resource.word;
  }
  return undefined;
}
