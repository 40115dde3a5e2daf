// Fencing: nothing of a silent peer is taken before its end is certain, and everything that can happen meanwhile.

import { expect, test } from "vitest";
import type { FencingConfig } from "../../../firmware/core/config/cluster.ts";
import { nextWake } from "../../../firmware/core/node.ts";
import type { Program, ProgramOutcome } from "../../../firmware/core/program.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { addressGroup, clusterConfig, GROUPS } from "../../support/cluster-config.ts";

const OURS = "192.168.140.150";
const THEIRS = "192.168.140.160";
const COMMAND: FencingConfig = {
  kind: "command",
  command: ["/usr/local/sbin/cut-power", "outlet 7"],
  timeout: 30_000,
  delay: 0,
};
const IPMI: FencingConfig = {
  kind: "ipmi",
  address: "10.9.0.2",
  user: "admin",
  password: "geheim",
  interface: "lanplus",
  action: "off",
  timeout: 30_000,
  delay: 0,
};
const EXIT = (code: number): ProgramOutcome => ({ kind: "exit", code });

/** director1, whose peer director2 is fenced like this, with `programs` to play. */
class Fenced extends Bench {
  #id = "";

  constructor(fencing: FencingConfig, groups = GROUPS) {
    const config = clusterConfig({}, groups);
    const nodes = config.nodes.map((node) => (node.name === "director2" ? { ...node, fencing } : node));
    super({ ...config, nodes }, "director1");
  }

  /** Both active, each with its own group; nothing left to look at. */
  paired(): this {
    this.start().status("active").hear({ type: "resource", holds: "local", stable: true });
    this.take();
    return this;
  }

  /** The program that was started since the last look. */
  started(): Program | undefined {
    for (const action of this.take()) {
      if (action.type !== "run") continue;
      this.#id = action.id;
      return action.program;
    }
    return undefined;
  }

  /** The program seen last ends. */
  ends(outcome: ProgramOutcome, output = ""): this {
    return this.event({ type: "program-ended", id: this.#id, outcome, output });
  }

  get id(): string {
    return this.#id;
  }

  get fencing() {
    const { members } = takeSnapshot(this.state, { monotonic: this.now, wall: 0 });
    return members.find(({ name }) => name === "director2")?.fencing;
  }
}

const paired = (fencing: FencingConfig = COMMAND): Fenced => new Fenced(fencing).paired();

test("a silent peer is fenced before its groups are taken, and heartbeat's words tell of it", () => {
  const node = paired().pass(1000);
  expect(node.held()).toEqual([OURS]);
  expect(node.fencing).toEqual({ stage: "running", attempts: 1 });
  expect(takeSnapshot(node.state, { monotonic: node.now, wall: 0 }).stable).toBe(false);
  const program = node.started();
  expect(program).toEqual({
    command: ["/usr/local/sbin/cut-power", "outlet 7"],
    environment: { FENCE_NODE: "director2" },
    timeout: 30_000,
  });
  node.pass(20_000);
  expect(node.held()).toEqual([OURS]);
  node.take();
  node.ends(EXIT(0));
  expect(node.held()).toEqual([OURS, THEIRS]);
  const actions = node.take();
  expect(actions.flatMap((each) => (each.type === "log" ? [each.text] : []))).toEqual(
    expect.arrayContaining(["node director2 now reset.", "Resources being acquired from director2."]),
  );
  expect(node.fencing).toEqual({ stage: "done", attempts: 1, by: "device" });
});

test("the log before: the words of heartbeat, and none about a device that is missing", () => {
  const node = paired().pass(1000);
  expect(node.logged()).toEqual([
    "Link director2:eth1 dead.",
    "node director2: is dead",
    "Resources of director2 are taken over when it has been fenced",
    "Resetting node director2 with [/usr/local/sbin/cut-power]",
  ]);
});

test("the stonith message says OK once it is done, and bad when it was not", () => {
  const node = paired().pass(1000);
  node.started();
  expect(node.ends(EXIT(1)).said()).toEqual(["stonith director2 bad"]);
  node.pass(2000).started();
  expect(node.ends(EXIT(0)).said()[0]).toBe("stonith director2 OK");
});

test("what fails is tried again after growing pauses, takes nothing, and says why", () => {
  const node = paired().pass(1000);
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 7; attempt++) {
    expect(node.started()).toBeDefined();
    node.ends(EXIT(3), "connecting\nno answer from outlet 7\n");
    expect(node.fencing).toMatchObject({
      stage: "waiting",
      attempts: attempt,
      failure: "exit code 3: no answer from outlet 7",
    });
    pauses.push(Math.round(node.fencing?.next ?? 0));
    expect(node.logged("ERROR")).toEqual([
      "Host director2 not reset!",
      "STONITH of director2 failed.  Retrying...",
    ]);
    node.pass(node.fencing?.next ?? 0);
  }
  expect(pauses).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(node.held()).toEqual([OURS]);
});

test("the log of decisions is not filled by one failure again and again", () => {
  const node = paired().pass(1000);
  let told = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    node.started();
    node.ends(EXIT(attempt < 10 ? 3 : 4));
    told += node
      .take()
      .filter((each) => each.type === "record" && each.decision.transition.what === "fencing").length;
    node.pass(node.fencing?.next ?? 0);
  }
  expect(told).toBe(2);
});

test.each<[string, ProgramOutcome, string]>([
  ["a timeout", { kind: "timeout" }, "it took too long: half way"],
  ["a signal", { kind: "signal", signal: "SIGSEGV" }, "ended by SIGSEGV: half way"],
  ["a program that is not there", { kind: "error", error: "ENOENT: no such file" }, "ENOENT: no such file"],
])("%s is a failure with its reason", (_, outcome, words) => {
  const node = paired().pass(1000);
  node.started();
  expect(node.ends(outcome, "half way").fencing?.failure).toBe(words);
});

test("a hand-over that its partner's death interrupts is over before the fencing", () => {
  const node = paired();
  node.event({ type: "operator", request: { command: "standby", scope: "local" }, id: 7 });
  node.hear({ type: "ask_resources", scope: "local", step: "other" });
  expect(node.held()).toEqual([]);
  node.take();
  node.pass(1000);
  expect(node.take()).toContainEqual(
    expect.objectContaining({ type: "answer", id: 7, error: "director2 is dead" }),
  );
  expect(node.fencing?.stage).toBe("running");
  expect(node.held()).toEqual([]);
});

test("a peer that comes back while it is being fenced ends that, and nothing was taken", () => {
  const node = paired().pass(1000);
  node.started();
  node.status("active");
  expect(node.take()).toContainEqual({ type: "kill", id: node.id });
  expect(node.fencing).toBeUndefined();
  node.ends({ kind: "killed" });
  expect(node.held()).toEqual([OURS]);
  expect(nextWake(node.state)).toBeGreaterThan(node.now);
});

test("the end of a program that belongs to an earlier death changes nothing", () => {
  const node = paired().pass(1000);
  node.started();
  const earlier = node.id;
  node.status("active").pass(1000);
  expect(node.started()).toBeDefined();
  expect(node.id).not.toBe(earlier);
  node.event({ type: "program-ended", id: earlier, outcome: EXIT(0), output: "" });
  expect(node.held()).toEqual([OURS]);
});

test("a peer that was fenced and dies again is fenced again", () => {
  const node = paired().pass(1000);
  node.started();
  node.ends(EXIT(0)).restart().status("up");
  expect(node.fencing).toBeUndefined();
  node.take();
  node.hear({ type: "resource", holds: "local", stable: true });
  node.pass(1000);
  expect(node.held()).toEqual([OURS, THEIRS]);
  expect(node.fencing).toBeUndefined();
});

test("a clean stop needs no fencing", () => {
  const node = paired();
  node
    .hear({ type: "resource", holds: "none", stable: false, reason: "shutdown" })
    .hear({ type: "shutdone" });
  expect(node.held()).toEqual([OURS, THEIRS]);
  expect(node.said()).toContain("stonith director2 unneeded");
  expect(node.started()).toBeUndefined();
});

test("a peer that dies between its notice and its shutdone is fenced", () => {
  const node = paired().hear({ type: "resource", holds: "none", stable: false, reason: "shutdown" });
  expect(node.pass(1000).held()).toEqual([OURS]);
  expect(node.fencing?.stage).toBe("running");
});

test("a peer that was never heard is fenced too: it may hold everything", () => {
  const node = new Fenced(COMMAND).start().pass(5000);
  expect(node.held()).toEqual([]);
  expect(node.started()).toBeDefined();
  expect(node.ends(EXIT(0)).held()).toEqual([OURS, THEIRS]);
});

test("who has everything has nothing to take, so it fences nobody", () => {
  const node = new Fenced(COMMAND, [addressGroup("director1", OURS)]).paired();
  node.pass(20_000);
  expect(node.said()).toContain("stonith director2 unneeded");
  expect(node.fencing).toBeUndefined();
  expect(node.held()).toEqual([OURS]);
});

test("a delay comes before the first attempt only", () => {
  const node = paired({ ...COMMAND, delay: 3000 }).pass(1000);
  expect(node.fencing).toEqual({ stage: "waiting", attempts: 0, next: 3000 });
  expect(node.pass(2999).started()).toBeUndefined();
  expect(node.pass(1).started()).toBeDefined();
  expect(node.ends(EXIT(1)).pass(2000).started()).toBeDefined();
});

test("an operator who has done it by hand is believed, and the program is ended", () => {
  const node = paired().pass(1000);
  node.started();
  node.event({ type: "operator", request: { command: "fenced", node: "director2" }, id: 9 });
  expect(node.held()).toEqual([OURS, THEIRS]);
  expect(node.fencing?.by).toBe("operator");
  const actions = node.take();
  expect(actions).toContainEqual({ type: "kill", id: node.id });
  expect(actions).toContainEqual(expect.objectContaining({ type: "answer", id: 9 }));
  expect(actions).not.toContainEqual(expect.objectContaining({ type: "answer", error: expect.anything() }));
});

test.each([
  ["director2", 0, "director2 is not dead, but active"],
  ["director1", 0, "director1 is this node"],
  ["director9", 0, "director9 is not in this cluster"],
])("an operator's word about %s is refused when nothing waits for it", (name, silence, error) => {
  const node = paired().pass(silence);
  node.take();
  node.event({ type: "operator", request: { command: "fenced", node: name }, id: 9 });
  expect(node.take()).toEqual([expect.objectContaining({ type: "answer", id: 9, error })]);
});

test("an operator's word comes too late after the device's", () => {
  const node = paired().pass(1000);
  node.started();
  node.ends(EXIT(0)).take();
  node.event({ type: "operator", request: { command: "fenced", node: "director2" }, id: 9 });
  expect(node.take()).toMatchObject([{ error: "director2 is fenced already" }]);
});

test("without fencing in the file an operator's word is not needed", () => {
  const node = new Bench(clusterConfig(), "director1").start().pass(5000);
  node.take();
  node.event({ type: "operator", request: { command: "fenced", node: "director2" }, id: 9 });
  expect(node.take()).toMatchObject([{ error: "nothing waits for director2 to be fenced" }]);
});

test("a node that stops ends what it has begun", () => {
  const node = paired().pass(1000);
  node.started();
  node.event({ type: "stop" });
  expect(node.take()).toContainEqual({ type: "kill", id: node.id });
});

test("ipmi: power off, and then the power is looked at until it is off; the password is no argument", () => {
  const node = paired(IPMI).pass(1000);
  const base = ["ipmitool", "-I", "lanplus", "-H", "10.9.0.2", "-U", "admin", "-E", "chassis", "power"];
  const act = node.started();
  expect(act?.command).toEqual([...base, "off"]);
  expect(act?.environment).toEqual({ IPMI_PASSWORD: "geheim" });
  const verify = node.ends(EXIT(0), "Chassis Power Control: Down/Off").started();
  expect(verify?.command).toEqual([...base, "status"]);
  expect(node.ends(EXIT(0), "Chassis Power is on").held()).toEqual([OURS]);
  expect(node.started()).toBeUndefined();
  expect(node.pass(1000).started()?.command.at(-1)).toBe("status");
  expect(node.ends(EXIT(0), "Chassis Power is off").held()).toEqual([OURS, THEIRS]);
});

test("ipmi: a power that stays on until the timeout is a failure", () => {
  const node = paired(IPMI).pass(1000);
  node.started();
  node.ends(EXIT(0));
  for (let looks = 0; looks < 60 && node.fencing?.failure === undefined; looks++) {
    if (node.started() === undefined) node.pass(1000);
    else node.ends(EXIT(0), "Chassis Power is on");
  }
  expect(node.fencing?.failure).toBe("the power is still on");
  expect(node.held()).toEqual([OURS]);
});

test("ipmi: a controller that refuses because the power is off already has done its work", () => {
  const node = paired({ ...IPMI, action: "cycle" }).pass(1000);
  expect(node.started()?.command.at(-1)).toBe("cycle");
  node.ends(EXIT(1), "Set Chassis Power Control to Cycle failed: Command not supported in present state");
  expect(node.started()?.command.at(-1)).toBe("status");
  expect(node.ends(EXIT(0), "Chassis Power is off").held()).toEqual([OURS, THEIRS]);
});

test("ipmi: a controller that does not answer is a failure with its own words", () => {
  const node = paired(IPMI).pass(1000);
  const silence = "Error: Unable to establish IPMI v2 / RMCP+ session";
  for (const _ of ["off", "status"]) {
    node.started();
    node.ends(EXIT(1), silence);
  }
  expect(node.fencing).toMatchObject({ attempts: 1, failure: `exit code 1: ${silence}` });
});

test("ipmi: cycle is done when the controller has taken the order, and a file may hold the password", () => {
  const { password: _, ...rest } = IPMI;
  const node = paired({
    ...rest,
    action: "cycle",
    passwordFile: "/etc/bmc",
    cipher: 17,
  } as FencingConfig).pass(1000);
  expect(node.started()).toEqual({
    command: "ipmitool -I lanplus -H 10.9.0.2 -U admin -f /etc/bmc -C 17 chassis power cycle".split(" "),
    timeout: 30_000,
  });
  expect(node.ends(EXIT(0)).held()).toEqual([OURS, THEIRS]);
});

test("a real heartbeat that could not fence this node has taken nothing", () => {
  const node = paired();
  node.hear({ type: "stonith", node: "director1", result: "bad" });
  expect(node.state.peers.get("director2")?.view?.alone).toBe(false);
  node.hear({ type: "stonith", node: "director1", result: "OK" });
  expect(node.state.peers.get("director2")?.view?.alone).toBe(true);
});
