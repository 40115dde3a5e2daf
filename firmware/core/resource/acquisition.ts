// Claims become addresses: choosing their places, asking for plans, noticing what has come and what has gone, and saying
// so. The only place where this node's claim changes.

import type { Address } from "../config/cluster.ts";
import { recordClaim } from "../decision.ts";
import type { ObservedAddress, ObservedRoute } from "../event.ts";
import { WORDS } from "../heartbeat/log-words.ts";
import type { Claim } from "../heartbeat/ownership.ts";
import { type Acquiring, type NodeState, partnerOf, wantedAddresses } from "../node.ts";
import { plan } from "../plan.ts";
import { log, logRarely, nowOf, send, type Turn } from "../turn.ts";
import { announceAgain, announceDue, follow } from "./announce.ts";
import { advanceFailures, clearFailures, returned } from "./failure.ts";
import { claimedResources, completeSides, heldAddresses, managedAddresses } from "./groups.ts";
import { failed, observed, possible, pursue } from "./kernel.ts";
import { advanceItems } from "./operation.ts";
import { type Placements, place } from "./placement.ts";
import { tellChecks } from "./service-check.ts";
import { both, either, isNone, type Sides, without } from "./sides.ts";

/** Claims as told; what is new in it is acquired, what is missing from it released. */
export function changeClaim(turn: Turn, claim: Claim, cause: Acquiring["cause"]): void {
  const { claim: before, acquiring } = turn.state;
  const gained = without(claim.sides, before.sides);
  recordClaim(turn, before.sides, claim.sides, cause);
  logGroups(turn, without(before.sides, claim.sides), "releasingGroup");
  logGroups(turn, gained, "acquiringGroup");
  const open = both(acquiring.sides, claim.sides);
  turn.state = {
    ...turn.state,
    claim,
    acquiring: isNone(gained) ? { ...acquiring, sides: open } : { sides: either(open, gained), cause },
  };
  forgive(turn, gained, cause);
}

/** Who is the last one left tries everything again; who is given a side is trusted by a node that knew of its failures. */
function forgive(turn: Turn, gained: Sides, cause: Acquiring["cause"]): void {
  if (cause === "death") clearFailures(turn, turn.state.claim.sides);
  else if (partnerOf(turn.state)?.kind === "pulsebox") clearFailures(turn, gained);
  else returned(turn, gained);
}

function logGroups(turn: Turn, sides: Sides, words: "acquiringGroup" | "releasingGroup"): void {
  const groups = turn.state.cluster.resources.filter(({ node }) => sides.has(node));
  // Released in the reverse order of acquisition.
  for (const group of words === "acquiringGroup" ? groups : groups.toReversed()) {
    log(turn, WORDS[words]([group.node, ...group.resources.map(({ word }) => word)].join(" ")));
  }
}

/** Brings the kernel closer to the claim, as far as it can be done now. */
export function pursueClaim(turn: Turn): void {
  if (!turn.state.kernel.known) return;
  choosePlaces(turn);
  advanceFailures(turn);
  advanceItems(turn);
  const { cluster, kernel } = turn.state;
  const changes = plan(wantedAddresses(turn.state), kernel.addresses, managedAddresses(cluster));
  const { kernel: next, reconcile } = pursue(kernel, changes, nowOf(turn));
  if (next !== kernel) turn.state = { ...turn.state, kernel: next };
  if (reconcile) turn.actions.push({ type: "reconcile" });
  noticeCompletion(turn);
  announce(turn);
  tellChecks(turn);
}

/** Every claimed address gets a place and keeps it; what is no longer claimed loses it. */
function choosePlaces(turn: Turn): void {
  const { cluster, claim, kernel, placements } = turn.state;
  const claimed = claimedResources(cluster, claim.sides);
  const next = new Map<string, ReturnType<Placements["get"]> & object>();
  for (const resource of claimed) {
    const { address } = resource;
    const placed =
      placements.get(address) ??
      place(resource, kernel.routes, kernel.addresses, new Map([...placements, ...next]));
    if (placed !== undefined) next.set(address, placed);
    else logRarely(turn, `no route ${address}`, WORDS.noRoute(address));
  }
  const same =
    next.size === placements.size &&
    [...next].every(([address, placed]) => placements.get(address) === placed);
  if (!same) turn.state = { ...turn.state, placements: next };
}

function noticeCompletion(turn: Turn): void {
  const { setup, acquiring } = turn.state;
  const peer = partnerOf(turn.state);
  if (isNone(acquiring.sides)) return;
  const complete = completeSides(turn.state, acquiring.sides);
  if (isNone(complete)) return;
  turn.state = { ...turn.state, acquiring: { ...acquiring, sides: without(acquiring.sides, complete) } };
  if (complete.has(setup.self)) log(turn, WORDS.localComplete());
  const foreign = [...complete].some((side) => side !== setup.self);
  if (foreign && acquiring.cause === "death" && peer !== undefined) {
    log(turn, WORDS.machDown(peer.name));
    send(turn, { type: "resource", holds: "foreign", reason: "mach_down" });
  } else if (foreign) log(turn, WORDS.foreignComplete());
}

function announce(turn: Turn): void {
  const wanted = wantedAddresses(turn.state);
  const held = heldAddresses(turn.state);
  const followed = follow(
    turn.state.announcements,
    wanted.map(({ address }) => address).filter((address) => held.has(address)),
    nowOf(turn),
  );
  const { announcements, actions } = announceDue(followed, wanted, nowOf(turn));
  if (announcements !== turn.state.announcements) turn.state = { ...turn.state, announcements };
  turn.actions.push(...actions);
}

/** What the kernel has now, however it came about. */
export function onObserved(
  turn: Turn,
  addresses: readonly ObservedAddress[],
  routes: readonly ObservedRoute[],
): void {
  const first = !turn.state.kernel.known;
  const before = heldAddresses(turn.state);
  turn.state = { ...turn.state, kernel: observed(turn.state.kernel, addresses, routes) };
  const after = heldAddresses(turn.state);
  for (const { address } of wantedAddresses(turn.state)) {
    if (before.has(address) && !after.has(address)) log(turn, WORDS.removedByOther(address));
  }
  const left = presentAddresses(turn.state);
  if (first && left.length > 0) log(turn, WORDS.leftover(left));
}

export function onChangeFailed(turn: Turn, address: Address, error: string): void {
  turn.state = { ...turn.state, kernel: failed(turn.state.kernel, address, error) };
  log(turn, WORDS.changeFailed(address, error));
}

/** At most one defence of an address in so many ms (RFC 5227 §2.4 allows one in ten seconds; clients cannot wait that long). */
const DEFEND_AGAIN = 1000;

/** Somebody else claims an address: say whose it is, if it is ours. */
export function onRival(turn: Turn, name: string, address: Address, mac: string): void {
  const { announcements } = turn.state;
  const ours = announcements.get(address);
  if (ours === undefined) return;
  logRarely(turn, `rival ${address} ${mac}`, WORDS.rival(address, name, mac));
  if (nowOf(turn) - ours.since < DEFEND_AGAIN) return;
  turn.state = { ...turn.state, announcements: announceAgain(announcements, [address], nowOf(turn)) };
}

/** Clients may have followed another owner meanwhile: they are told where everything held here is. */
export function announceAll(turn: Turn): void {
  const { announcements } = turn.state;
  const again = announceAgain(announcements, announcements.keys(), nowOf(turn));
  turn.state = { ...turn.state, announcements: again };
}

/** The service addresses that the kernel has, or may have by now. */
export function presentAddresses(state: NodeState): readonly Address[] {
  const present = possible(state.kernel);
  return managedAddresses(state.cluster).filter((address) => present.has(address));
}
