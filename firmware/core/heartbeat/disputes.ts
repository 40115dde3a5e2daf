// Split brain among three nodes or more: two that hear each other own the same side. The rules are those of ownership.ts;
// both nodes reach the same verdict from the same two views, and the loser releases at once.

import type { NodeState } from "../node.ts";
import { changeClaim } from "../resource/acquisition.ts";
import { both, isNone, NONE, sidesIn, without } from "../resource/sides.ts";
import { log, type Turn } from "../turn.ts";
import { rank } from "./designation.ts";
import { WORDS } from "./log-words.ts";
import type { Peer } from "./membership.ts";
import { disputedWords, type SplitBrainRule } from "./ownership.ts";
import { hearsUs } from "./report.ts";
import { noteDispute, type Verdict } from "./split-brain.ts";
import { isUnheardTooLong } from "./unheard.ts";

export function settleDispute(turn: Turn, name: string): void {
  const { claim, peers, setup, cluster } = turn.state;
  const peer = peers.get(name);
  const dispute = both(claim.sides, peer?.view?.claim ?? NONE);
  const unheard = !isNone(dispute) && peer !== undefined && !hearsUs(turn.state, peer);
  const tooLong = isUnheardTooLong(turn, name, unheard);
  if (peer === undefined) return;
  const verdicts = [...dispute].map((side) => verdictOn(turn.state, peer, side, tooLong));
  noteDispute(turn, name, verdicts);
  const given = sidesIn(verdicts.flatMap(({ side, winner }) => (winner === name ? [side] : [])));
  if (isNone(given)) return;
  if (tooLong) log(turn, WORDS.notHeard(name, cluster.heartbeat.deadtime));
  for (const whose of disputedWords(dispute, setup.self)) log(turn, WORDS.bothOwn(whose));
  log(turn, WORDS.yielding(`${[...given].join(" and ")}'s`, name));
  changeClaim(turn, { ...claim, sides: without(claim.sides, given) }, "start");
}

/** With one that is not there nothing is in dispute. */
export function endDispute(turn: Turn, { name }: Pick<Peer, "name">): void {
  isUnheardTooLong(turn, name, false);
  noteDispute(turn, name, []);
}

function verdictOn(state: NodeState, peer: Peer, side: string, tooLong: boolean): Verdict {
  const { mine, rule } = tooLong ? ({ mine: false, rule: "unheard" } as const) : judge(state, peer, side);
  return { side, winner: mine ? state.setup.self : peer.name, rule };
}

/**
 * Against a node that did not call the other dead, one that did keeps what it has. If both did, the partition cut both ways,
 * and the better rank keeps it; with auto_failback off, who had it before.
 */
function judge(
  { cluster, setup }: NodeState,
  { name, view, estranged }: Peer,
  side: string,
): { readonly mine: boolean; readonly rule: SplitBrainRule } {
  const theirs = view?.cluster?.estranged.get(setup.self);
  if ((estranged === undefined) !== (theirs === undefined)) {
    return { mine: estranged !== undefined, rule: "alone" };
  }
  const keptHere = estranged?.kept.has(side) ?? false;
  if (cluster.heartbeat.autoFailback === "off" && keptHere !== (theirs?.has(side) ?? false)) {
    return { mine: keptHere, rule: "kept" };
  }
  return { mine: rank(cluster, side, setup.self) < rank(cluster, side, name), rule: "preferred" };
}
