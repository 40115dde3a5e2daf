// Split brain as an operator has to hear of it: both nodes own the same groups, which is found when they hear each other
// again. ownership.ts decides; here each verdict is recorded once, counted, and kept for the status.

import { groupWords, record } from "../decision.ts";
import type { Turn } from "../turn.ts";
import type { SplitBrainRule } from "./ownership.ts";

export interface SplitBrainVerdict {
  /** The words of the groups in dispute. */
  readonly groups: readonly string[];
  readonly winner: string;
  readonly rule: SplitBrainRule;
}

export interface SplitBrains {
  /** Since this process began. */
  readonly count: number;
  /** With which peer the last one was, when it was found (seconds since 1970), and who keeps what. */
  readonly last?: {
    readonly peer: string;
    readonly wall: number;
    readonly verdicts: readonly SplitBrainVerdict[];
  };
  /** What is in dispute now, "peer side winner": told already. */
  readonly open: ReadonlySet<string>;
}

export const NO_SPLIT_BRAIN: SplitBrains = { count: 0, open: new Set() };

/** A side in dispute with the verdict about it. */
export interface Verdict {
  readonly side: string;
  readonly winner: string;
  readonly rule: SplitBrainRule;
}

/** To be told of every dispute with `peer` as long as it lasts, and of its end by an empty list. */
export function noteDispute(turn: Turn, peer: string, all: readonly Verdict[]): void {
  const { open, count, last } = turn.state.splitBrains;
  const about = (key: string): boolean => key.startsWith(`${peer} `);
  const keyOf = ({ side, winner }: Verdict): string => `${peer} ${side} ${winner}`;
  const verdicts = all.filter(({ side }) => groupWords(turn.state, new Set([side])).length > 0);
  const news = verdicts.filter((verdict) => !open.has(keyOf(verdict)));
  const goesOn = [...open].some(about);
  if (news.length === 0 && (verdicts.length > 0 || !goesOn)) return;
  const told = news.map((verdict) => tell(turn, verdict));
  const known = goesOn && last?.peer === peer ? last.verdicts : [];
  const latest =
    told.length === 0 ? last : { peer, wall: turn.event.now.wall, verdicts: [...known, ...told] };
  turn.state = {
    ...turn.state,
    splitBrains: {
      count: goesOn ? count : count + 1,
      open: new Set([...[...open].filter((key) => !about(key)), ...verdicts.map(keyOf)]),
      ...(latest && { last: latest }),
    },
  };
}

function tell(turn: Turn, { side, winner, rule }: Verdict): SplitBrainVerdict {
  const verdict = { groups: groupWords(turn.state, new Set([side])), winner, rule };
  record(turn, { what: "split-brain", ...verdict });
  return verdict;
}
