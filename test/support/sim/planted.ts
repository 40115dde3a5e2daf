// Cores with a planted fault each, made by wrapping the real one from outside: the invariants must notice every one of
// them, or a quiet simulator would prove nothing.

import type { Action } from "../../../firmware/core/action.ts";
import type { Event } from "../../../firmware/core/event.ts";
import { isAlive, type Peer } from "../../../firmware/core/heartbeat/membership.ts";
import { latin1Text } from "../../../firmware/core/heartbeat/text.ts";
import {
  allSides,
  both,
  either,
  isNone,
  NONE,
  type Sides,
  without,
} from "../../../firmware/core/resource/sides.ts";
import { type Logic, type NodeState, REAL } from "./logic.ts";
import { identityOf } from "./network.ts";

/** The real core, with what it decided changed. */
function afterwards(
  change: (state: NodeState, actions: readonly Action[], event: Event) => ReturnType<Logic["step"]>,
): Logic {
  return {
    ...REAL,
    step: (before, event) => {
      const { state, actions } = REAL.step(before, event);
      return change(state, actions, event);
    },
  };
}

/** The real core, with what it knows changed before it decides. */
function beforehand(change: (state: NodeState, event: Event) => NodeState): Logic {
  return { ...REAL, step: (state, event) => REAL.step(change(state, event), event) };
}

/** With something about every peer changed. */
function withPeers(state: NodeState, change: (peer: Peer) => Partial<Peer>): NodeState {
  const changed = [...state.peers].map(([name, peer]) => [name, { ...peer, ...change(peer) }] as const);
  return { ...state, peers: new Map(changed) };
}

/** What the living others say that they own. */
function othersClaim({ peers }: NodeState): Sides {
  return [...peers.values()]
    .filter(isAlive)
    .reduce((all, { view }) => either(all, view?.claim ?? NONE), NONE);
}

export interface Planted {
  readonly logic: Logic;
  /** The invariants that it must break; another one would be a fault of the real core. */
  readonly breaks: readonly string[];
}

/** By what is wrong with them. */
export const PLANTED: Readonly<Record<string, Planted>> = {
  "forgets to release": {
    breaks: ["single owner"],
    logic: {
      ...REAL,
      plan: (...given) => REAL.plan(...given).filter(({ type }) => type === "add"),
    },
  },
  "adds before it removes": {
    breaks: ["order"],
    logic: { ...REAL, plan: (...given) => REAL.plan(...given).toReversed() },
  },
  "takes every frame for new, replays too": {
    breaks: ["chatter", "no cause", "single owner", "owner"],
    logic: beforehand((state, event) => {
      if (event.type !== "frame") return state;
      return withPeers(state, ({ inbox: { position: _, ...inbox } }) => ({
        statusSequence: 0,
        resourceSequence: 0,
        inbox,
      }));
    }),
  },
  "takes every generation for the same": {
    breaks: ["single owner", "owner", "hasty", "no cause", "chatter", "release first", "delivered"],
    logic: beforehand((state, event) => {
      if (event.type !== "frame") return state;
      const { author, start } = identityOf(event.bytes);
      return withPeers(state, ({ name, inbox }) =>
        name === author && inbox.position !== undefined
          ? { inbox: { ...inbox, position: { ...inbox.position, generation: start } } }
          : {},
      );
    }),
  },
  "never asks for what was lost": {
    breaks: ["delivered"],
    logic: afterwards((state, actions) => ({
      state,
      actions: actions.filter(
        (action) => action.type !== "send" || !/[)\n]t=NS_rexmit/.test(latin1Text(action.bytes)),
      ),
    })),
  },
  "takes in both halves of a split brain (both-take)": {
    breaks: ["single owner", "progress", "chatter"],
    logic: {
      ...REAL,
      step: (before, event) => {
        const { state, actions } = REAL.step(before, event);
        const { claim, placements, announcements } = before;
        const lost = without(claim.sides, state.claim.sides);
        const yields = !isNone(both(lost, othersClaim(state))) && state.handover === undefined;
        if (!yields || state.self.phase !== "running") return { state, actions };
        return { state: { ...state, claim, placements, announcements }, actions };
      },
    },
  },
  "yields in both halves of a split brain and leaves it to the other (both-yield)": {
    breaks: ["gap", "owner", "takeover", "chatter"],
    logic: afterwards((state, actions) => {
      const { yielded = NONE } = state as { readonly yielded?: Sides };
      const left = either(yielded, both(state.claim.sides, othersClaim(state)));
      const claim = { ...state.claim, sides: without(state.claim.sides, left) };
      const acquiring = { ...state.acquiring, sides: without(state.acquiring.sides, left) };
      const settled = isNone(claim.sides) ? { ...claim, alone: false } : claim;
      const next = { ...state, claim: settled, acquiring, yielded: left } as NodeState;
      // The core looks at its announcements when something changes, which a claim taken behind its back does not tell it.
      const wanted = new Set(REAL.wantedAddresses(next).map(({ address }) => address));
      const announcements = new Map([...state.announcements].filter(([address]) => wanted.has(address)));
      return { state: { ...next, announcements }, actions };
    }),
  },
  "never announces": {
    breaks: ["reachable"],
    logic: afterwards((state, actions) => ({
      state,
      actions: actions.filter(({ type }) => type !== "announce"),
    })),
  },
  "announces nothing but what it has just acquired": {
    breaks: ["reachable"],
    logic: {
      ...REAL,
      step: (before, event) => {
        const { state, actions } = REAL.step(before, event);
        const isNews = (action: Action): boolean =>
          action.type !== "announce" || !before.announcements.has(action.address);
        return { state, actions: actions.filter(isNews) };
      },
    },
  },
  "calls the peer dead after half of its deadtime": {
    breaks: ["hasty"],
    logic: afterwards((state, actions) => {
      const half = state.cluster.heartbeat.deadtime / 2;
      const hasty = withPeers(state, ({ patience }) => ({ patience: Math.min(patience, half) }));
      return { state: hasty, actions };
    }),
  },
  "polls for dead peers every 250 ms": {
    breaks: ["takeover"],
    logic: {
      ...REAL,
      step: (state, event) => {
        const polled = Math.floor(event.now.monotonic / 250) * 250;
        const due = [...state.peers.values()].some((peer) => peer.silentFrom + peer.patience > polled);
        return REAL.step(
          due ? { ...state, self: { ...state.self, graceUntil: polled + 250 } } : state,
          event,
        );
      },
    },
  },
  "acts after it has stopped": {
    breaks: ["stopped"],
    logic: {
      ...REAL,
      step: (state, event) => {
        const { state: next, actions } = REAL.step(state, event);
        return state.self.phase === "stopped"
          ? { state: next, actions: [{ type: "reconcile" }] }
          : { state: next, actions };
      },
    },
  },
  "forgets to answer operators": {
    breaks: ["answered"],
    logic: afterwards((state, actions, event) => ({
      state,
      actions: actions.filter(({ type }) => type !== "answer" || event.type === "operator"),
    })),
  },
  "claims what an earlier start left": {
    breaks: ["broken invariant: director"],
    logic: beforehand((state) =>
      state.self.status === "init" && state.kernel.known
        ? { ...state, claim: { ...state.claim, sides: allSides(state.cluster) } }
        : state,
    ),
  },
  "changes its state in place": {
    breaks: ["Cannot assign to read only property"],
    logic: {
      ...REAL,
      step: (state, event) => {
        (state as { partitions: number }).partitions++;
        return REAL.step(state, event);
      },
    },
  },
};
