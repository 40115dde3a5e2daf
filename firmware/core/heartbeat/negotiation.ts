// Who owns what in a pair, beside a living or a dead peer (among more nodes: sharing.ts). Every rule looks at what is true
// now and is tried after each event: a lost, late or doubled message can delay a decision, never falsify it.
//
// 1. Both claim the same: the verdict of ownership.ts; the loser releases at once.
// 2. The peer is gone: everything is ours.
// 3. A side that neither has goes to its preferred node, once the peer has said so and has heard us. The peer takes
//    our side only after our death, so nothing can come between its word and our claim but a network failing that moment.
//    With auto_failback legacy it is asked for instead (legacy.ts).
// 4. A peer that has returned, or reaches its ping nodes again, gets its side back by a hand-over (auto_failback).

import { partnerOf } from "../node.ts";
import { announceAll, changeClaim } from "../resource/acquisition.ts";
import {
  allSides,
  both,
  either,
  holdingOf,
  isNone,
  NONE,
  type Sides,
  sameSides,
  without,
} from "../resource/sides.ts";
import { log, nowOf, send, setPeer, setSelf, type Turn } from "../turn.ts";
import { endDispute } from "./disputes.ts";
import { mayTakeFrom, stonithResult } from "./fencing.ts";
import { abortHandover, offerHandover } from "./handshake.ts";
import { mayFailBackTo } from "./ipfail.ts";
import { negotiateLegacy } from "./legacy.ts";
import { WORDS } from "./log-words.ts";
import { isAlive, isGone, type Peer } from "./membership.ts";
import { type Claim, claimAll, disputed, disputedWords, lost, ruleOf, settled } from "./ownership.ts";
import { hearsUs, isStable, peerMayHave } from "./report.ts";
import { share } from "./sharing.ts";
import { noteDispute, type Verdict } from "./split-brain.ts";
import { isLegacy } from "./spoken.ts";
import { isUnheardTooLong } from "./unheard.ts";
import type { NodeView } from "./view.ts";

export function negotiate(turn: Turn): void {
  const { self, peers } = turn.state;
  if (peers.size > 1) {
    share(turn);
    return;
  }
  const peer = partnerOf(turn.state);
  const running = self.phase === "running";
  if (running && isAlive(peer) && peer.view !== undefined) {
    agreeWith(turn, peer, peer.view);
    return;
  }
  if (running && isAlive(peer) && isLegacy(turn.state)) negotiateLegacy(turn, peer);
  if (peer !== undefined) endDispute(turn, peer);
  if (running && isGone(peer)) claimEverything(turn);
}

function agreeWith(turn: Turn, peer: Peer, view: NodeView): void {
  settleDispute(turn, peer, view);
  settleAlone(turn, peer, view);
  if (isLegacy(turn.state)) {
    negotiateLegacy(turn, peer);
    return;
  }
  if (turn.state.handover !== undefined || view.handover !== "none" || peer.leaving) return;
  claimOrphan(turn, peer, view);
  failBack(turn, peer, view);
}

function claimEverything(turn: Turn): void {
  const { claim, self, setup, cluster } = turn.state;
  const all = allSides(cluster);
  const peer = partnerOf(turn.state);
  if (claim.alone && sameSides(claim.sides, all)) return;
  abortHandover(turn, `${peer?.name ?? setup.self} is dead`);
  if (peer !== undefined && !mayTakeFrom(turn, peer)) return;
  // What the peer said before it knew of this, and what was still on its way, agrees with nothing.
  setSelf(turn, { sinceSequence: self.outbox.next });
  if (peer !== undefined) {
    log(turn, WORDS.acquiringFrom(peer.name));
    send(turn, { type: "stonith", node: peer.name, result: stonithResult(turn.state, peer) });
  }
  changeClaim(turn, claimAll(claim, all), peer === undefined ? "start" : "death");
}

function settleDispute(turn: Turn, peer: Peer, view: NodeView): void {
  const { claim, cluster, setup } = turn.state;
  const theirs: Claim = { sides: view.claim, kept: view.kept, alone: view.alone };
  const dispute = disputed(claim, theirs);
  const unheard = !isNone(dispute) && !hearsUs(turn.state, peer);
  const tooLong = isUnheardTooLong(turn, peer.name, unheard);
  if (isNone(dispute)) {
    noteDispute(turn, peer.name, []);
    return;
  }
  if (tooLong) log(turn, WORDS.notHeard(peer.name, cluster.heartbeat.deadtime));
  const given = tooLong ? dispute : verdict(turn, peer, theirs);
  noteDispute(turn, peer.name, verdictsOn(turn, dispute, given, peer, tooLong ? "unheard" : theirs));
  if (isNone(given)) return;
  for (const whose of disputedWords(dispute, setup.self)) log(turn, WORDS.bothOwn(whose));
  log(turn, WORDS.yielding(holdingOf(given, setup.self), peer.name));
  abortHandover(turn, `both nodes own the same resources`);
  const rest = without(claim.sides, given);
  changeClaim(turn, isNone(rest) ? settled({ ...claim, sides: rest }) : { ...claim, sides: rest }, "start");
}

/** For people: who keeps each side in dispute, and why. */
function verdictsOn(
  { state }: Turn,
  dispute: Sides,
  given: Sides,
  { name, kind }: Peer,
  theirs: Claim | "unheard",
): readonly Verdict[] {
  const { claim, cluster, setup } = state;
  return [...dispute].map((side) => ({
    side,
    winner: given.has(side) ? name : setup.self,
    rule:
      theirs === "unheard"
        ? theirs
        : kind === "pulsebox"
          ? ruleOf(side, claim, theirs, cluster.heartbeat.autoFailback)
          : "heartbeat",
  }));
}

/** A real node restarts itself when it finds that it was called dead, so against one we keep what we took at its death. */
function verdict(turn: Turn, peer: Peer, theirs: Claim): Sides {
  const { claim, cluster, setup } = turn.state;
  if (peer.kind === "pulsebox") return lost(claim, theirs, setup.self, cluster.heartbeat.autoFailback);
  return claim.alone ? NONE : disputed(claim, theirs);
}

/** The returned peer agrees and has released: the claim is an ordinary one again, and clients are told where it is. */
function settleAlone(turn: Turn, peer: Peer, view: NodeView): void {
  const { claim } = turn.state;
  if (!claim.alone || !hearsUs(turn.state, peer) || !isNone(both(claim.sides, peerMayHave(view)))) return;
  turn.state = { ...turn.state, claim: settled(claim) };
  announceAll(turn);
}

function claimOrphan(turn: Turn, peer: Peer, view: NodeView): void {
  const { claim, cluster } = turn.state;
  if (!hearsUs(turn.state, peer)) return;
  const free = without(allSides(cluster), either(claim.sides, peerMayHave(view)));
  // A real node that is stable without its own side (it restarted within its deadtime) never takes it by itself.
  const takes = peer.kind === "heartbeat" && view.stable ? free : without(free, new Set([peer.name]));
  if (!isNone(takes)) changeClaim(turn, { ...claim, sides: either(claim.sides, takes) }, "start");
}

function failBack(turn: Turn, peer: Peer, view: NodeView): void {
  const { claim, cluster } = turn.state;
  if (!peer.failbackDue) return;
  const hasTheirs = claim.sides.has(peer.name);
  if (view.claim.has(peer.name) && !hasTheirs) setPeer(turn, { ...peer, failbackDue: false });
  else if (cluster.heartbeat.autoFailback === "off" || !hasTheirs) return;
  else if (view.failed?.has(peer.name) || !mayFailBackTo(turn.state, peer, nowOf(turn))) return;
  else if (isStable(turn.state) && view.stable && peer.status === "active" && hearsUs(turn.state, peer)) {
    offerHandover(turn, "foreign", "failback");
  }
}
