// Beside a real heartbeat 3.0.6 node: the exchanges are those captured from two real nodes, and ours must play its part in
// them word by word. director1 is ours.

import { expect, test } from "vitest";
import { text } from "../../../firmware/core/heartbeat/message.ts";
import { latin1Text } from "../../../firmware/core/heartbeat/text.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const OURS = "192.168.140.150";
const THEIRS = "192.168.140.160";

/** Ours alone and stable with everything. */
function alone(autoFailback: "on" | "off" = "on"): Bench {
  const bench = new Bench(clusterConfig({ autoFailback }), "director1").start().pass(5100);
  bench.take();
  return bench;
}

/** Both active, each with its own side. */
function paired(autoFailback: "on" | "off" = "on"): Bench {
  const bench = new Bench(clusterConfig({ autoFailback }), "director1").start();
  bench.status("active").hear({ type: "starting" }).hear({ type: "resource", holds: "none", stable: false });
  bench.hear({ type: "resource", holds: "local", stable: true });
  bench.take();
  return bench;
}

test("both start: ours takes its own side as soon as the real node has said that it holds nothing", () => {
  const bench = new Bench(clusterConfig(), "director1").start();
  bench.status("init").status("up");
  expect(bench.said()).toContain("starting");
  expect(bench.held()).toEqual([]);
  bench.status("active").hear({ type: "starting" });
  expect(bench.said()).toContain("resource none false");
  bench.hear({ type: "resource", holds: "none", stable: false });
  expect(bench.held()).toEqual([OURS]);
  expect(bench.said().at(-1)).toBe("resource local true");
});

test("the real node is already stable with everything: ours joins and holds nothing", () => {
  const bench = new Bench(clusterConfig({ autoFailback: "off" }), "director1").start().status("active");
  bench.take();
  bench.hear({ type: "resource", holds: "all", stable: false });
  expect(bench.said().filter((words) => words === "resource none true")).toEqual([]);
  bench.hear({ type: "resource", holds: "all", stable: true });
  expect(bench.said()).toEqual(["resource none true"]);
  expect(bench.passInTouch(15_000).held()).toEqual([]);
});

test("the real node fails back to ours: released first, acquired at its done", () => {
  const bench = new Bench(clusterConfig(), "director1").start().status("active");
  bench.hear({ type: "resource", holds: "all", stable: true });
  bench.take();
  bench.hear({ type: "ask_resources", scope: "foreign", step: "me" });
  expect(bench.said()[0]).toBe("ask_resources foreign other");
  bench.hear({ type: "resource", holds: "local", stable: false, reason: "standby" });
  expect(bench.held()).toEqual([]);
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  expect(bench.held()).toEqual([OURS]);
  expect(bench.said()).toContain("ask_resources foreign done");
  bench.hear({ type: "resource", holds: "local", stable: true });
  expect(bench.state.handover).toBeUndefined();
});

test("ours fails back to a real node that has returned", () => {
  const bench = alone().restart().status("init").status("up").status("active");
  bench.hear({ type: "starting" });
  expect(bench.said()).toContain("resource all true");
  bench.hear({ type: "resource", holds: "none", stable: false });
  bench.hear({ type: "resource", holds: "none", stable: true });
  expect(bench.said()).toContain("ask_resources foreign me");
  bench.hear({ type: "ask_resources", scope: "foreign", step: "other" });
  expect(bench.said().filter((words) => !words.endsWith("false"))).toEqual([
    "resource local false standby",
    "ask_resources foreign done",
  ]);
  expect(bench.held()).toEqual([OURS]);
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  bench.hear({ type: "resource", holds: "local", stable: true });
  expect(bench.said().at(-1)).toBe("resource local true");
});

test("with auto_failback off nothing is offered to a real node that has returned", () => {
  const bench = alone("off").restart().status("active").hear({ type: "starting" });
  bench
    .hear({ type: "resource", holds: "none", stable: false })
    .hear({ type: "resource", holds: "none", stable: true });
  expect(bench.said().filter((words) => words.startsWith("ask"))).toEqual([]);
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("the real node dies: stonith, then everything is ours, said as a real node says it", () => {
  const bench = paired().pass(1000);
  expect(bench.said().filter((words) => !words.endsWith("false"))).toEqual([
    "stonith director2 n_stnth",
    "resource foreign mach_down",
    "resource all true",
  ]);
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("the real node stops in good order: taken over at its shutdone", () => {
  const bench = paired().hear({ type: "resource", holds: "none", stable: false, reason: "shutdown" });
  expect(bench.held()).toEqual([OURS]);
  bench.hear({ type: "shutdone" });
  expect(bench.held()).toEqual([OURS, THEIRS]);
  expect(bench.said()).toContain("stonith director2 unneeded");
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  expect(bench.state.handover).toBeUndefined();
});

test("the real node restarts within its deadtime: ours takes its side, since it never would by itself", () => {
  const bench = paired("off").restart().status("active").hear({ type: "starting" });
  bench.hear({ type: "resource", holds: "none", stable: false });
  expect(bench.held()).toEqual([OURS]);
  bench.hear({ type: "resource", holds: "none", stable: true });
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("a partition heals: ours keeps everything and says that this is stable, for the real node restarts itself only then", () => {
  const bench = paired().pass(1500);
  bench.take();
  expect(bench.status("active").said()).toContain("resource all true");
  bench.hear({ type: "resource", holds: "all", stable: true });
  expect(bench.state.self.saidHolding).toBe("all true");
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("a healed partition is counted and reported", () => {
  const bench = paired().pass(1500).status("active");
  expect(bench.logged("CRIT")).toContain("Cluster node director2 returning after partition. (1 since start)");
});

test("the real node called ours dead although ours heard it all the time: ours gives way", () => {
  const bench = paired().hear({ type: "stonith", node: "director1", result: "n_stnth" });
  bench.hear({ type: "resource", holds: "all", stable: true });
  expect(bench.held()).toEqual([]);
});

test("hb_standby on the real node gives ours its side", () => {
  const bench = paired().hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(bench.said()[0]).toBe("ask_resources local other");
  bench.hear({ type: "resource", holds: "none", stable: false, reason: "standby" });
  bench.hear({ type: "ask_resources", scope: "local", step: "done" });
  expect(bench.held()).toEqual([OURS, THEIRS]);
  expect(bench.said()).toContain("ask_resources local done");
});

/** Ours has everything after an hb_standby of the real node, and hands its side back. */
function handingBack(): Bench {
  const bench = paired().hear({ type: "ask_resources", scope: "local", step: "me" });
  bench.hear({ type: "resource", holds: "none", stable: false, reason: "standby" });
  bench.hear({ type: "ask_resources", scope: "local", step: "done" });
  bench.hear({ type: "resource", holds: "none", stable: false });
  expect(bench.held()).toEqual([OURS, THEIRS]);
  return bench;
}

test("a resource message of a real node that comes after its done and was said before changes nothing", () => {
  const bench = handingBack().skip();
  bench.hear({ type: "hb_takeover", scope: "local" });
  bench.hear({ type: "ask_resources", scope: "foreign", step: "other" });
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  bench.hearLate({ type: "resource", holds: "none", stable: true });
  expect(bench.passInTouch(1000).held()).toEqual([OURS]);
});

test("a resource message that a real node has missed is sent again with what is true by now", () => {
  const bench = handingBack();
  const old = bench.state.self.outbox.history.filter(({ message }) => text(message, "rsc_hold") === "all");
  const missed = old.find(({ message }) => text(message, "t") === "resource")?.sequence ?? 0;
  bench.hear({ type: "hb_takeover", scope: "local" });
  bench.hear({ type: "ask_resources", scope: "foreign", step: "other" });
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  bench.take();
  bench.hear({ type: "NS_rexmit", dest: "director1", first: missed, last: missed });
  expect(bench.said()).toEqual(["resource local true"]);
});

test("a done of a real node that comes after a later status still tells what it has", () => {
  const bench = handingBack();
  bench.hear({ type: "resource", holds: "none", stable: true });
  bench.hear({ type: "hb_takeover", scope: "local" });
  bench.hear({ type: "ask_resources", scope: "foreign", step: "other" }).skip();
  bench.status("active").hearLate({ type: "ask_resources", scope: "foreign", step: "done" });
  expect(bench.passInTouch(1000).held()).toEqual([OURS]);
});

test("hb_takeover on the real node makes ours go standby with the scope swapped", () => {
  const bench = paired().hear({ type: "hb_takeover", scope: "foreign" });
  expect(bench.said()[0]).toBe("ask_resources local me");
  bench.hear({ type: "ask_resources", scope: "local", step: "other" });
  expect(bench.held()).toEqual([]);
});

test("ours stays stable while a hand-over is only asked for: a real node ignores a peer in flux", () => {
  const given = paired().event({ type: "operator", request: { command: "standby", scope: "local" }, id: 1 });
  expect(given.said()).toEqual(["ask_resources local me"]);
  const taking = paired().event({
    type: "operator",
    request: { command: "takeover", scope: "foreign" },
    id: 2,
  });
  taking.hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(taking.said()).toEqual(["hb_takeover foreign", "ask_resources local other"]);
});

test("a real node that agrees and never begins to give is not waited for, one that gives is, as long as it takes", () => {
  const asking = () => {
    const bench = paired().event({
      type: "operator",
      request: { command: "takeover", scope: "foreign" },
      id: 2,
    });
    bench.hear({ type: "ask_resources", scope: "local", step: "me" });
    bench.take();
    return bench;
  };
  const answers = asking()
    .passInTouch(10_100)
    .take()
    .filter(({ type }) => type === "answer");
  expect(answers).toMatchObject([{ id: 2, error: "awaiting took too long" }]);
  const giving = asking().hear({ type: "resource", holds: "none", stable: false, reason: "standby" });
  giving.passInTouch(60_000).hear({ type: "ask_resources", scope: "local", step: "done" });
  expect(giving.held()).toEqual([OURS, THEIRS]);
});

test("the last word is one message sent three times: a real node takes over anew at each new number", () => {
  const words = paired().event({ type: "stop" }).pass(500).take();
  const last = words.flatMap((each) => (each.type === "send" ? [latin1Text(each.bytes)] : []));
  const shutdones = last.filter((frame) => frame.includes("=shutdone,"));
  expect(shutdones).toHaveLength(3);
  expect(new Set(shutdones).size).toBe(1);
});

test("reqnodes is answered, or the real node would never become active", () => {
  const bench = paired().hear({ type: "reqnodes", dest: "director1" });
  expect(bench.said()).toEqual(["repnodes director2 director1,director2 "]);
});

test("a message to another node is not acted upon", () => {
  const bench = paired().hear({ type: "reqnodes", dest: "director3" });
  expect(bench.said()).toEqual([]);
});

test("a real node that hands over what it has not is told that we are stable, or it calls us in flux for ever", () => {
  const bench = paired();
  bench.hear({ type: "ask_resources", scope: "foreign", step: "me" });
  bench.hear({ type: "resource", holds: "local", stable: false, reason: "standby" });
  bench.said();
  bench.hear({ type: "ask_resources", scope: "foreign", step: "done" });
  expect(bench.said()).toEqual(["ask_resources foreign done", "resource local true"]);
});

test.each(["addnode", "delnode"] as const)(
  "%s, by hb_addnode and hb_delnode on the real node, is told and not followed",
  (type) => {
    const bench = paired().hear({ type, nodes: ["director2", "director3"] });
    expect(bench.logged("WARN")).toEqual([
      `${type} director2 director3 from director2 ignored: the cluster file alone says which nodes there are`,
    ]);
    expect([...bench.state.peers.keys()]).toEqual(["director2"]);
    bench.hear({ type: "reqnodes", dest: "director1" });
    expect(bench.said()).toEqual(["repnodes director2 director1,director2 "]);
  },
);
