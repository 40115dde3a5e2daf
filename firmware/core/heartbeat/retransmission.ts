// Answers a request for what was lost (NS_rexmit). A message goes out again under its number as it was, but for what it says of
// this node's claim: a real node orders nothing and believes the word that comes last, so that an old claim sent again would
// undo what it has heard since ("Both machines own our resources!", "Other side is in flux."). It gets the present one.

import type { NodeState } from "../node.ts";
import { nowOf, send, setSelf, type Turn, transmit } from "../turn.ts";
import type { Addressed, Known } from "./body.ts";
import { compose } from "./compose.ts";
import { type Field, type Message, text } from "./message.ts";
import { onRexmitRequest } from "./outbox.ts";
import { holdingMessage } from "./report.ts";

export function resend(turn: Turn, { first, last }: Known<"NS_rexmit">, to: Addressed): void {
  const answer = onRexmitRequest(turn.state.self.outbox, to, first, last, nowOf(turn));
  setSelf(turn, { outbox: answer.outbox });
  for (const each of answer.resends) transmit(turn, isClaim(each) ? updated(each, turn.state) : each);
  for (const reply of answer.replies) send(turn, reply);
}

/** The last word before the end stays the last word. */
function isClaim(message: Message): boolean {
  const told = text(message, "t") === "resource" && text(message, "isstable") !== undefined;
  return told && text(message, "info") !== "shutdown";
}

function updated({ fields }: Message, state: NodeState): Message {
  if (state.self.phase !== "running") return { fields };
  const present = compose(holdingMessage(state)).fields;
  const replaced = (field: Field): Field => present.find(({ name }) => name === field.name) ?? field;
  return { fields: fields.filter(({ name }) => name !== "info").map(replaced) };
}
