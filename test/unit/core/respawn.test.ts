// The clients of respawn: when they start, when they start again and when not, and how the daemon's end ends them.

import { describe, expect, test } from "vitest";
import type { Action } from "../../../firmware/core/action.ts";
import { nextWake } from "../../../firmware/core/node.ts";
import type { ProgramOutcome } from "../../../firmware/core/program.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const AGENT = { user: "hacluster", command: ["/usr/lib/site/agent", "-v"] };
const OTHER = { user: "nobody", command: ["/usr/lib/site/other"] };

interface Seen {
  readonly runs: readonly Extract<Action, { type: "run" }>[];
  readonly kills: readonly string[];
  readonly log: readonly string[];
  readonly stopped: boolean;
}

/** What was done since the last look. */
function look(node: Bench): Seen {
  const actions = node.take();
  return {
    runs: actions.filter((action) => action.type === "run"),
    kills: actions.flatMap((action) => (action.type === "kill" ? [action.id] : [])),
    log: actions.flatMap((action) => (action.type === "log" ? [`${action.severity}: ${action.text}`] : [])),
    stopped: actions.some(({ type }) => type === "stopped"),
  };
}

/** A node that has just become active, and the ids of its clients' first runs. */
function active(...respawn: readonly (typeof AGENT)[]): { node: Bench; ids: readonly string[]; seen: Seen } {
  const node = new Bench(clusterConfig({ respawn }), "director1").start();
  expect(look(node).runs).toEqual([]);
  node.status("active").hear({ type: "resource", holds: "local", stable: true });
  const seen = look(node);
  return { node, ids: seen.runs.map(({ id }) => id), seen };
}

const ended = (node: Bench, id: string | undefined, outcome: ProgramOutcome, output = ""): Seen =>
  look(node.event({ type: "program-ended", id: id ?? "", outcome, output }));

test("clients start in the order of the file when the node becomes active, each as its user", () => {
  const { seen, ids } = active(AGENT, OTHER);
  expect(seen.runs.map(({ program }) => program)).toEqual(
    [AGENT, OTHER].map(({ command, user }) => ({ command, user })),
  );
  expect(new Set(ids).size).toBe(2);
  const first = seen.log.indexOf("info: Local status now set to: 'active'");
  expect(seen.log.slice(first, first + 3)).toEqual([
    "info: Local status now set to: 'active'",
    'info: Starting child client "/usr/lib/site/agent -v" (hacluster)',
    'info: Starting child client "/usr/lib/site/other" (nobody)',
  ]);
});

describe("a client that ends", () => {
  test.each<readonly [string, ProgramOutcome, string]>([
    [
      "with success",
      { kind: "exit", code: 0 },
      "info: Managed /usr/lib/site/agent -v process exited with return code 0.",
    ],
    [
      "with an exit code",
      { kind: "exit", code: 7 },
      "WARN: Managed /usr/lib/site/agent -v process exited with return code 7.",
    ],
    [
      "by a signal",
      { kind: "signal", signal: "SIGSEGV" },
      "WARN: Managed /usr/lib/site/agent -v process killed by signal SIGSEGV.",
    ],
  ])("%s after a long run starts again at once, under a new id", (_, outcome, words) => {
    const { node, ids } = active(AGENT);
    node.passInTouch(30_000);
    look(node);
    const { log, runs } = ended(node, ids[0], outcome);
    expect(log.slice(0, 3)).toEqual([
      words,
      'ERROR: Respawning client "/usr/lib/site/agent -v":',
      'info: Starting child client "/usr/lib/site/agent -v" (hacluster)',
    ]);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.id).not.toBe(ids[0]);
  });

  test("with 100 does not start again", () => {
    const { node, ids } = active(AGENT);
    expect(ended(node, ids[0], { kind: "exit", code: 100 })).toMatchObject({ runs: [] });
    expect(look(node.passInTouch(120_000)).runs).toEqual([]);
  });

  test("before it has begun, because it cannot be executed, does not start again", () => {
    const { node, ids } = active(AGENT);
    const error = "child: run /usr/lib/site/agent: ENOENT (No such file or directory)";
    expect(ended(node, ids[0], { kind: "error", error }).log).toEqual([
      `ERROR: Cannot exec /usr/lib/site/agent -v: ${error}`,
    ]);
    expect(look(node.passInTouch(120_000)).runs).toEqual([]);
  });

  test("tells the last line that it printed", () => {
    const { node, ids } = active(AGENT);
    const { log } = ended(node, ids[0], { kind: "exit", code: 1 }, "starting\nno license");
    expect(log).toContain("info: Client /usr/lib/site/agent -v said last: no license");
  });

  test("before 30 s are over waits for a second", () => {
    const { node, ids } = active(AGENT);
    node.passInTouch(29_900);
    look(node);
    expect(ended(node, ids[0], { kind: "exit", code: 0 }).runs).toEqual([]);
    expect(nextWake(node.state)).toBeLessThanOrEqual(node.now + 1000);
    expect(look(node.pass(999)).runs).toEqual([]);
    expect(look(node.pass(1)).runs).toHaveLength(1);
  });

  test("too soon eleven times rests for a minute, and then begins anew", () => {
    const { node, ids } = active(AGENT);
    let id = ids[0];
    for (let ends = 1; ends <= 10; ends++) {
      expect(ended(node, id, { kind: "exit", code: 1 }).log).toContain(
        'ERROR: Respawning client "/usr/lib/site/agent -v":',
      );
      id = look(node.passInTouch(1000)).runs[0]?.id;
      expect(id).toBeDefined();
    }
    expect(ended(node, id, { kind: "exit", code: 1 }).log).toContain(
      'ERROR: Client /usr/lib/site/agent -v "respawning too fast"; next start in 60 s',
    );
    expect(look(node.passInTouch(59_900)).runs).toEqual([]);
    expect(look(node.passInTouch(200)).runs).toHaveLength(1);
  });

  test("is told apart from programs that are no clients", () => {
    const { node } = active(AGENT);
    expect(ended(node, "somebody else's", { kind: "exit", code: 0 })).toMatchObject({ runs: [], log: [] });
  });
});

test("the status shows each client with its state and how often it was started", () => {
  const { node, ids } = active(AGENT, OTHER);
  ended(node, ids[0], { kind: "exit", code: 1 });
  expect(takeSnapshot(node.state, { monotonic: node.now, wall: 0 }).clients).toEqual([
    { command: "/usr/lib/site/agent -v", user: "hacluster", state: "waiting", starts: 1 },
    { command: "/usr/lib/site/other", user: "nobody", state: "running", starts: 1 },
  ]);
});

describe("the orderly end", () => {
  test("ends the clients from the last to the first, each when the one behind it has ended, and waits for the first", () => {
    const { node, ids } = active(AGENT, OTHER);
    const stop = look(node.event({ type: "stop" }));
    expect(stop.kills).toEqual([ids[1]]);
    expect(stop.log).toContain("info: killing /usr/lib/site/other process group with signal 15");
    expect(look(node.pass(5000))).toMatchObject({ kills: [], stopped: false });
    expect(nextWake(node.state) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(node.now);
    expect(ended(node, ids[1], { kind: "killed" })).toMatchObject({
      kills: [ids[0]],
      runs: [],
      stopped: false,
    });
    expect(ended(node, ids[0], { kind: "killed" })).toMatchObject({ runs: [], stopped: true });
  });

  test("starts no client again that ends before its turn", () => {
    const { node, ids } = active(AGENT, OTHER);
    look(node.event({ type: "stop" }));
    expect(ended(node, ids[0], { kind: "exit", code: 1 }).log).toEqual([
      "WARN: Managed /usr/lib/site/agent -v process exited with return code 1.",
    ]);
    expect(ended(node, ids[1], { kind: "killed" })).toMatchObject({ kills: [], runs: [] });
    expect(look(node.pass(150)).stopped).toBe(true);
  });

  test("is not held up by clients that are over or wait for their next start", () => {
    const { node, ids } = active(AGENT, OTHER);
    ended(node, ids[0], { kind: "exit", code: 100 });
    ended(node, ids[1], { kind: "exit", code: 1 });
    const { kills } = look(node.event({ type: "stop" }));
    expect(kills).toEqual([]);
    expect(look(node.pass(1500))).toMatchObject({ runs: [], stopped: true });
  });

  test("says shutdone without waiting for clients, so that the peer takes over at once", () => {
    const { node } = active(AGENT);
    expect(node.event({ type: "stop" }).said()).toContain("shutdone");
  });
});
