// The answer to an operator's request, with what can be seen of the node at that moment: given at once, or by whatever ends what
// the request began.

import { takeSnapshot } from "./snapshot.ts";
import type { Turn } from "./turn.ts";

/** `error`: the sentence that says why it was refused or came to nothing. */
export function answer(turn: Turn, id: number, error?: string): void {
  answerWith(turn, id, error === undefined ? {} : { error });
}

/** With the last so many decisions. */
export function answerWithDecisions(turn: Turn, id: number, last: number): void {
  answerWith(turn, id, { last });
}

function answerWith(turn: Turn, id: number, more: { readonly error?: string; readonly last?: number }): void {
  const snapshot = takeSnapshot(turn.state, turn.event.now);
  turn.actions.push({ type: "answer", id, ...more, snapshot });
}
