// The decision log in plain words for an 80 column console: what happened, when, how long ago, and below it what was known at
// that moment. Everything here is also in `why --json`.

import type { Decision, Transition, Trigger } from "../core/decision.ts";
import type { Evidence, LinkEvidence } from "../core/evidence.ts";
import type { SplitBrainRule } from "../core/heartbeat/ownership.ts";
import { reachWords } from "../core/heartbeat/reach.ts";

export interface WhyClock {
  /** Seconds since 1970. */
  readonly now: number;
  /** The wall time of a decision as people read it. */
  spell(wall: number): string;
}

const width = 80;
const indent = "    ";

/** Oldest first, as given. */
export function whyText(decisions: readonly Decision[], clock: WhyClock): string {
  if (decisions.length === 0) return "no decision is kept\n";
  return decisions.map((decision) => entry(decision, decisions, clock)).join("");
}

/** A line of a state area that another version wrote, or that is damaged and parses all the same, hides no other one. */
function entry(decision: Decision, all: readonly Decision[], clock: WhyClock): string {
  const when = `${clock.spell(decision.wall)} (${spoken(clock.now - decision.wall)} ago)`;
  try {
    const reasons = reasonsOf(decision, all).flatMap((reason) => wrapped(reason));
    return `${[printable(`${when}  ${sentence(decision.transition)}`), ...reasons].join("\n")}\n`;
  } catch {
    return `${printable(when)}  a record that this version of pulsebox cannot read\n`;
  }
}

function sentence(transition: Transition): string {
  switch (transition.what) {
    case "started":
      return "this node starts";
    case "status":
      return `${transition.node} goes from ${transition.from} to ${transition.to}`;
    case "dead":
      return `${transition.node} is called dead`;
    case "returned":
      return `${transition.node} is heard again after it was called dead`;
    case "restarted":
      return `${transition.node} has restarted`;
    case "leaving":
      return `${transition.node} is shutting down`;
    case "departed":
      return `${transition.node} has shut down in order`;
    case "gained":
      return `this node takes ${transition.groups.join(" and ")}`;
    case "lost":
      return `this node gives up ${transition.groups.join(" and ")}`;
    case "handover":
      return handoverSentence(transition);
    case "split-brain":
      return `split brain: both nodes own ${transition.groups.join(" and ")}; ${transition.winner} keeps ${transition.groups.length > 1 ? "them" : "it"}`;
    case "fewer-ping-nodes":
      return `${transition.node} reaches more ping nodes than this node`;
    case "ping-node":
      return `ping node ${transition.node} ${transition.answers ? "answers" : "is called dead"}`;
    case "failed":
      return `${transition.resource} of ${transition.group} failed: ${transition.reason}; ${failureThen[transition.then]}`;
    case "fencing":
      return fencingSentence(transition);
    case "operator":
      return `an operator asks for ${transition.request}`;
    case "stood-still":
      return `this node did not run for ${milliseconds(transition.ms)}`;
    case "stopping":
      return "this node is told to stop";
    case "stopped":
      return "this node has stopped";
    default:
      transition satisfies never;
      return "something that this version of pulsebox does not know";
  }
}

const failureThen: Readonly<Record<Extract<Transition, { what: "failed" }>["then"], string>> = {
  restart: "it is restarted in place, with all that comes after it",
  "give up": "this node gives the group up",
  block: "the group stays where it is",
  reset: "this node resets its machine",
};

function fencingSentence({ step, node }: Extract<Transition, { what: "fencing" }>): string {
  switch (step) {
    case "begun":
      return `${node} is to be fenced`;
    case "succeeded":
      return `${node} has been fenced`;
    case "confirmed":
      return `an operator says that ${node} is switched off`;
    case "failed":
      return `${node} could not be fenced`;
    case "ended":
      return `the fencing of ${node} ends`;
  }
}

function handoverSentence(transition: Extract<Transition, { what: "handover" }>): string {
  const { step, giver, taker, scope } = transition;
  const what = scope === "all" ? "everything" : scope === "local" ? "its own groups" : "the other's groups";
  if (step === "begun") return `${giver} is to hand over ${what} to ${taker}`;
  if (step === "done") return `${giver} has handed over ${what} to ${taker}`;
  return `${giver} does not hand over ${what} to ${taker}`;
}

/** One sentence each: rule, cause, what came in, and what was known of whom. */
function reasonsOf(decision: Decision, all: readonly Decision[]): readonly string[] {
  const { transition, trigger, because, evidence } = decision;
  const cause = all.find(
    ({ number, node, generation }) =>
      number === because && node === decision.node && generation === decision.generation,
  );
  return [
    ...ruleOf(decision),
    ...(cause === undefined ? [] : [`Follows from: ${sentence(cause.transition)}.`]),
    ...(cause === undefined ? triggerWords(trigger) : []),
    // Said with the decision that it follows from, at the same moment.
    ...(cause === undefined || transition.what === "dead" ? evidence.flatMap(evidenceWords) : []),
  ];
}

function ruleOf({ transition, evidence, generation }: Decision): readonly string[] {
  switch (transition.what) {
    case "started":
      return [`Generation ${generation}.`];
    case "dead":
      return evidence.map((known) => deathWords(transition.rule, known));
    case "fewer-ping-nodes": {
      const { node, here, there } = transition;
      return [`${node} reaches ${reachWords(there)}; this node ${reachWords(here)}.`];
    }
    case "ping-node":
      return transition.silent === undefined
        ? []
        : [`It did not answer for ${milliseconds(transition.silent)}.`];
    case "gained":
    case "lost":
      return transition.cause === "handover" ? ["It is part of a hand-over."] : [];
    case "fencing":
      return fencingReasons(transition);
    case "split-brain":
      return [splitBrainRules[transition.rule]];
    case "handover":
      return [
        `${{ failback: "The preferred owner is back (auto_failback).", failure: "A group has failed on the node that hands over.", operator: "An operator wants it.", peer: "The other node asked for it.", ipfail: "The taker reaches more ping nodes (ipfail)." }[transition.cause]}`,
        ...(transition.reason === undefined ? [] : [`Why not: ${transition.reason}.`]),
      ];
    default:
      return [];
  }
}

function fencingReasons({
  step,
  device,
  attempts = 0,
  reason,
}: Extract<Transition, { what: "fencing" }>): readonly string[] {
  if (step === "begun") return [`With [${device}]; its groups are taken over when that has succeeded.`];
  if (step === "failed") return [`Attempt ${attempts} with [${device}]: ${reason}.`];
  if (step === "ended") return ["It was heard again, or this node stopped."];
  return step === "succeeded" ? [`In attempt ${attempts}.`] : [`After ${attempts} attempts.`];
}

const splitBrainRules: Readonly<Record<SplitBrainRule, string>> = {
  alone:
    "Rule: only one of the two had called the other dead; that one keeps, for it could not hear the other.",
  preferred: "Rule: each had called the other dead; the preferred node keeps its group.",
  kept: "Rule: each had called the other dead; who owned the group before the partition keeps it (auto_failback off).",
  unheard:
    "Rule: the other node has not heard this one for a deadtime, so nothing can be agreed; this one gives up.",
  heartbeat: "Rule: a heartbeat node that was called dead restarts and gives up everything.",
};

function deathWords(rule: "deadtime" | "initdead", { silent, patience = 0, heard }: Evidence): string {
  const over = milliseconds(Math.max(0, silent - patience));
  if (rule === "initdead" && !heard) {
    return `It was never heard in the ${milliseconds(patience)} of initdead since this node began to listen (${over} over).`;
  }
  return `It was silent for ${milliseconds(silent)}: its ${rule} of ${milliseconds(patience)} passed ${over} before.`;
}

/** Of deadlines, operators and the process itself the sentence says enough. */
const triggers: Readonly<Partial<Record<Trigger["event"], string>>> = {
  "medium-error": "A medium reported an error.",
  carrier: "A carrier came or went.",
  observed: "The kernel told what addresses it has.",
  "change-failed": "The kernel refused a change.",
  rival: "Somebody else claims an address.",
  "program-ended": "A program ended.",
  checked: "A check gave its verdict.",
};

function triggerWords(trigger: Trigger): readonly string[] {
  if (trigger.event !== "frame") return [triggers[trigger.event] ?? []].flat();
  const { from, message, sequence, generation, medium } = trigger;
  const number = sequence === undefined ? "" : ` number ${sequence}`;
  const life = generation === undefined ? "" : ` of generation ${generation}`;
  return [`On the message "${message}"${number}${life} from ${from} over ${medium}.`];
}

function evidenceWords({ node, status, silent, heard, last, links, view }: Evidence): readonly string[] {
  const number = last === undefined ? "" : ` (number ${last.sequence} of generation ${last.generation})`;
  const when = heard ? `last heard ${milliseconds(silent)} before${number}` : "never heard";
  return [
    `${node} was ${status}, ${when}.`,
    ...(links.length === 0 ? [] : [`Links to ${node}: ${links.map(linkWords).join("; ")}.`]),
    ...(view === undefined ? [] : [`${node} had said: ${viewWords(view)}.`]),
  ];
}

function linkWords({ medium, up, silent }: LinkEvidence): string {
  const heard = silent === undefined ? "never heard" : `heard ${milliseconds(silent)} before`;
  return `${medium} ${up ? "up" : "dead"}, ${heard}`;
}

function viewWords({ claim, has, alone, stable, handover }: NonNullable<Evidence["view"]>): string {
  const residue = has.filter((node) => !claim.includes(node));
  return [
    `I own ${groupsOf(claim)}`,
    ...(residue.length === 0 ? [] : [`I have not released ${groupsOf(residue)} yet`]),
    ...(alone ? ["I called the other dead"] : []),
    stable ? "settled" : "not settled",
    ...(handover === "none" ? [] : [`in a hand-over as ${handover}`]),
  ].join(", ");
}

function groupsOf(nodes: readonly string[]): string {
  return nodes.length === 0 ? "nothing" : `the groups of ${nodes.join(" and ")}`;
}

/** "1004 ms", "12.3 s": as exact as anybody can use it. */
function milliseconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Whole seconds in the two largest units. */
function spoken(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Words may come from what programs printed: nothing of them may steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text).split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, at) => (at === 0 ? indent : `${indent}  `) + each);
}
