// What an operator reads at night, as golden text: the decisions of a takeover, of a hand-over and of a life that ended.

import { expect, test } from "vitest";
import { whyText } from "../../../firmware/console/why-text.ts";
import type { Decision, Transition } from "../../../firmware/core/decision.ts";
import type { Evidence } from "../../../firmware/core/evidence.ts";

const NOW = 1_800_000_000;
const utc = (wall: number): string => new Date(wall * 1000).toISOString().slice(0, 19).replace("T", " ");
const clock = { now: NOW, spell: utc };

const peer: Evidence = {
  node: "director2",
  status: "active",
  silent: 1004.2,
  heard: true,
  patience: 1000,
  last: { generation: 1_799_990_001, sequence: 4711 },
  links: [
    { medium: "bcast eth1", up: false, silent: 1004.2 },
    { medium: "ucast eth0 192.168.140.152", up: false },
  ],
  view: {
    claim: ["director2"],
    has: ["director2", "director1"],
    alone: false,
    stable: true,
    handover: "none",
  },
};

function decision(transition: Transition, more: Partial<Decision> = {}): Decision {
  return {
    number: 1,
    node: "director1",
    generation: 1_799_990_002,
    wall: NOW - 192,
    monotonic: 5000,
    transition,
    trigger: { event: "tick" },
    evidence: [],
    ...more,
  };
}

const message = {
  event: "frame",
  from: "director2",
  message: "ask_resources",
  sequence: 33,
  generation: 1_799_990_001,
  medium: "bcast eth1",
} as const;

const night: readonly Decision[] = [
  decision({ what: "started" }, { wall: NOW - 200_000, trigger: { event: "start" } }),
  decision({ what: "status", node: "director1", from: "init", to: "up" }, { wall: NOW - 199_990 }),
  decision({ what: "dead", node: "director2", rule: "deadtime" }, { number: 7, evidence: [peer] }),
  decision(
    { what: "gained", groups: ["director2 192.168.140.160/24 httpd"], cause: "death" },
    { number: 8, because: 7, evidence: [peer] },
  ),
  decision(
    { what: "dead", node: "director2", rule: "initdead" },
    { evidence: [{ ...peer, heard: false, silent: 12_003, patience: 12_000, status: "unknown" }] },
  ),
  decision({ what: "returned", node: "director2" }, { trigger: message, evidence: [peer] }),
  decision({ what: "restarted", node: "director2" }, { trigger: message }),
  decision({ what: "operator", request: "takeover all" }, { trigger: { event: "operator" } }),
  decision(
    {
      what: "handover",
      step: "begun",
      giver: "director1",
      taker: "director2",
      scope: "local",
      cause: "failback",
    },
    { trigger: message },
  ),
  decision({
    what: "handover",
    step: "failed",
    giver: "director1",
    taker: "director2",
    scope: "all",
    cause: "operator",
    reason: "director2 did not answer within 10 s",
  }),
  decision({ what: "fencing", step: "begun", node: "director2", device: "ipmi 10.9.0.2" }),
  decision({
    what: "fencing",
    step: "failed",
    node: "director2",
    device: "ipmi 10.9.0.2",
    attempts: 1,
    reason: "exit code 1: Error: Unable to establish IPMI v2 / RMCP+ session",
  }),
  decision({ what: "fencing", step: "succeeded", node: "director2", attempts: 2 }),
  decision({ what: "fencing", step: "confirmed", node: "director2", attempts: 2 }),
  decision({ what: "fencing", step: "ended", node: "director2" }),
  ...(["alone", "preferred", "kept", "unheard", "heartbeat"] as const).map((rule) =>
    decision(
      { what: "split-brain", groups: ["director1 192.168.140.150/24"], winner: "director1", rule },
      { trigger: { ...message, message: "status" } },
    ),
  ),
  decision({ what: "ping-node", node: "192.168.140.1", answers: true }, { trigger: { event: "echo" } }),
  decision({ what: "ping-node", node: "uplink", answers: false, silent: 1004.2 }),
  decision(
    {
      what: "fewer-ping-nodes",
      node: "director2",
      here: { count: 0, sure: 0, names: [] },
      there: { count: 2, sure: 2, names: ["192.168.140.1", "uplink"] },
    },
    { number: 20, evidence: [peer] },
  ),
  decision(
    {
      what: "handover",
      step: "begun",
      giver: "director1",
      taker: "director2",
      scope: "all",
      cause: "ipfail",
    },
    { number: 21, because: 20 },
  ),
  decision({ what: "stood-still", ms: 1500.4 }),
  decision({ what: "leaving", node: "director2" }, { trigger: { ...message, message: "resource" } }),
  decision({ what: "stopping" }, { wall: NOW - 4000, trigger: { event: "stop" } }),
  decision({ what: "stopped" }, { wall: NOW }),
];

test("each decision has its time, what happened, and below it the evidence", async () => {
  await expect(whyText(night, clock)).toMatchFileSnapshot("../../golden/console/why.txt");
});

test("no decisions are said to be none", () => {
  expect(whyText([], clock)).toBe("no decision is kept\n");
});

test("a decision follows from another one of the same life only", () => {
  const other = decision({ what: "dead", node: "director2", rule: "deadtime" }, { number: 7, generation: 1 });
  const gained = decision({ what: "gained", groups: ["director2 x"], cause: "death" }, { because: 7 });
  expect(whyText([other, gained], clock)).not.toContain("Follows from");
});

test("nothing in it can steer a terminal, and no line is wider than the console", () => {
  const evil = decision({ what: "operator", request: "\u001b[2J\n" });
  expect(whyText([evil], clock)).not.toMatch(/\p{Cc}(?<!\n)/u);
  for (const line of whyText(night, clock).split("\n"))
    if (line.startsWith(" ")) expect(line.length).toBeLessThan(83);
});

test("a transition of a later version is shown as unknown, not as a failure", () => {
  const later = decision({ what: "teleported" } as unknown as Transition);
  expect(whyText([later], clock)).toContain("something that this version of pulsebox does not know");
});

test("a record that is damaged and parses all the same hides no other one", () => {
  const damaged = decision({ what: "dead", node: "director2", rule: "deadtime" }, { evidence: [7] as never });
  const text = whyText([damaged, decision({ what: "stopped" })], clock);
  expect(text).toContain("a record that this version of pulsebox cannot read");
  expect(text).toContain("this node has stopped");
});
