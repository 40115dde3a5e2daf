// The one queue with a small logic in place of the core: order, effects, the wake-up, the watchdog, and what a defect does.

import { expect, test } from "vitest";
import type { Action, WantedAddress } from "../../../firmware/core/action.ts";
import type { Event } from "../../../firmware/core/event.ts";
import { plan } from "../../../firmware/core/plan.ts";
import type { Snapshot } from "../../../firmware/core/snapshot.ts";
import type { OperatorAnswer } from "../../../firmware/ports/operator.ts";
import type { NodeLogic } from "../../../firmware/runtime/node-logic.ts";
import { Runtime } from "../../../firmware/runtime/runtime.ts";
import {
  FakeAddresses,
  FakeArp,
  FakeClock,
  FakeJournal,
  FakeMedium,
  FakeMemory,
  FakePinger,
  FakePrograms,
  FakeReset,
  FakeWatchdog,
} from "../../support/fake-ports.ts";

const vip: WantedAddress = { interface: "eth0", address: "10.0.0.9", prefixLength: 24, label: "eth0:0" };

const snapshot: Snapshot = {
  cluster: "rack7",
  self: "n1",
  generation: 1,
  stable: true,
  phase: "running",
  members: [],
  pingNodes: [],
  groups: [],
  ignored: { malformed: 0, unauthenticated: 0, replayed: 0, foreignNode: 0 },
  splitBrains: { count: 0 },
};

/** The state: when the last event happened. */
interface Seen {
  readonly last: number;
}

type Decide = (event: Event) => readonly Action[];

/** A node that wants the address always and wakes every 100 ms. */
function logicOf(decide: Decide, keepalive: number | undefined): NodeLogic<Seen> {
  return {
    initial: { last: 0 },
    step: (_, event) => ({ state: { last: event.now.monotonic }, actions: decide(event) }),
    nextWake: ({ last }) => (keepalive === undefined ? undefined : last + keepalive),
    wantedAddresses: () => [vip],
    plan,
    managed: [vip.address],
    takeSnapshot: () => snapshot,
  };
}

function run(decide: Decide, options: { keepalive?: number | undefined; watchdog?: boolean } = {}) {
  const log: string[] = [];
  const seen: Event[] = [];
  const world = {
    clock: new FakeClock(),
    journal: new FakeJournal(),
    medium: new FakeMedium("bcast eth0"),
    addresses: new FakeAddresses(),
    arp: new FakeArp(),
    programs: new FakePrograms(),
    memory: new FakeMemory(),
    pinger: new FakePinger(),
    watchdog: new FakeWatchdog(),
    reset: new FakeReset(),
  };
  const ended = { stopped: 0, reports: [] as string[] };
  const record: Decide = (event) => {
    seen.push(event);
    return decide(event);
  };
  const keepalive = "keepalive" in options ? options.keepalive : 100;
  const logic = logicOf(record, keepalive);
  const ports = {
    clock: world.clock,
    journal: world.journal,
    random: { draw: () => 7 },
    log: { write: (severity: string, text: string) => void log.push(`${severity}: ${text}`) },
    media: [world.medium],
    addresses: world.addresses,
    arp: world.arp,
    programs: world.programs,
    memory: world.memory,
    pinger: world.pinger,
    reset: world.reset,
    ...(options.watchdog === true && { watchdog: world.watchdog }),
  };
  const runtime = new Runtime(logic, ports, {
    stopped: () => {
      ended.stopped += 1;
    },
    crashed: (report) => void ended.reports.push(report),
  });
  const types = (): string[] => seen.map((event) => event.type);
  return { ...world, runtime, log, seen, types, ended };
}

const on =
  (type: Event["type"], ...actions: Action[]): Decide =>
  (event) =>
    event.type === type ? actions : [];

test("a node begins with start, then sees what the kernel has", () => {
  const node = run(() => []);
  node.runtime.start();
  expect(node.types()).toEqual(["start", "observed"]);
  expect(node.seen[1]).toMatchObject({ addresses: [], routes: [{ destination: "10.0.0.0" }] });
});

test("what start sends finds the media open", () => {
  const node = run(on("start", { type: "send", media: ["bcast eth0"], bytes: new Uint8Array([1]) }));
  let openWhenSent = false;
  node.medium.send = () => {
    openWhenSent = node.medium.sink !== undefined;
  };
  node.runtime.start();
  expect(openWhenSent).toBe(true);
});

test("what happens during a decision waits until its actions are done", () => {
  const node = run((event) => {
    if (event.type === "start")
      return [
        { type: "send", media: ["bcast eth0"], bytes: new Uint8Array(1) },
        { type: "log", severity: "info", text: "sent" },
      ];
    return event.type === "medium-error" ? [{ type: "log", severity: "WARN", text: event.error }] : [];
  });
  node.medium.send = () => node.medium.sink?.error("ENETDOWN");
  node.runtime.start();
  expect(node.types()).toEqual(["start", "observed", "medium-error"]);
  expect(node.log).toEqual(["info: sent", "WARN: ENETDOWN"]);
});

test("a ping node is asked, and what comes back is an event with the address that answered", () => {
  const bytes = new Uint8Array([1, 2]);
  const node = run(on("start", { type: "ping", target: "10.0.0.1", bytes }));
  node.runtime.start();
  expect(node.pinger.asked).toEqual([{ target: "10.0.0.1", payload: bytes }]);
  node.pinger.answer();
  node.pinger.sink?.error("10.0.0.1", "ENETUNREACH");
  expect(node.seen.slice(2)).toMatchObject([
    { type: "echo", source: "10.0.0.1", bytes },
    { type: "medium-error", medium: "ping 10.0.0.1", error: "ENETUNREACH" },
  ]);
});

test("a medium's own cable and a network interface lose their carrier in the same words", () => {
  const node = run(() => []);
  node.runtime.start();
  node.medium.sink?.carrier("/dev/ttyS1", false);
  node.addresses.sink?.carrier("eth0", true);
  expect(node.seen.slice(2)).toMatchObject([
    { type: "carrier", interface: "/dev/ttyS1", up: false },
    { type: "carrier", interface: "eth0", up: true },
  ]);
});

test("a frame comes with its medium, its source, the time and chance", () => {
  const node = run(() => []);
  node.runtime.start();
  node.medium.sink?.frame(new Uint8Array([1, 2]), "10.0.0.2");
  expect(node.seen.at(-1)).toEqual({
    type: "frame",
    medium: "bcast eth0",
    source: "10.0.0.2",
    bytes: new Uint8Array([1, 2]),
    now: { monotonic: 1000, wall: 1_800_000_001 },
    draw: 7,
  });
});

test("reconcile makes the planned changes and shows what the kernel has then; again changes nothing", () => {
  const node = run((event) =>
    event.type === "start" || event.type === "carrier" ? [{ type: "reconcile" }] : [],
  );
  node.addresses.present = [{ interface: "eth1", address: "10.0.0.9", prefixLength: 24 }];
  node.runtime.start();
  expect(node.addresses.present).toEqual([vip]);
  expect(node.seen.at(-1)).toMatchObject({ type: "observed", addresses: [vip] });
  const before = node.addresses.present;
  node.addresses.sink?.carrier("eth0", true);
  expect(node.addresses.present).toBe(before);
});

test("a refused change is told with the kernel's words", () => {
  const node = run(on("start", { type: "reconcile" }));
  node.addresses.refusal = "add 10.0.0.9/24 to eth0: EPERM";
  node.runtime.start();
  expect(node.seen.find((event) => event.type === "change-failed")).toMatchObject({
    address: "10.0.0.9",
    error: "add 10.0.0.9/24 to eth0: EPERM",
  });
});

test("rivals are listened for where an address was announced, once", () => {
  const announcement = {
    type: "announce",
    interface: "eth0",
    address: vip.address,
    form: "request",
  } as const;
  const node = run((event) =>
    event.type === "carrier" ? [announcement] : on("start", { type: "reconcile" })(event),
  );
  node.runtime.start();
  expect([...node.arp.watched.keys()]).toEqual([]);
  node.addresses.sink?.carrier("eth0", true);
  const first = node.arp.watched.get("eth0");
  node.addresses.sink?.carrier("eth0", true);
  expect(node.arp.watched.get("eth0")).toBe(first);
  first?.("10.0.0.9", "52:54:00:00:00:09");
  expect(node.seen.find((event) => event.type === "rival")).toMatchObject({
    interface: "eth0",
    address: "10.0.0.9",
    mac: "52:54:00:00:00:09",
  });
});

test("an operator gets the answer to his own request", () => {
  const node = run((event) =>
    event.type === "operator" ? [{ type: "answer", id: event.id, error: `no ${event.id}`, snapshot }] : [],
  );
  node.runtime.start();
  const answers: OperatorAnswer[] = [];
  node.runtime.request({ command: "status" }, (answer) => answers.push(answer));
  node.runtime.request({ command: "standby", scope: "all" }, (answer) => answers.push(answer));
  expect(answers).toEqual([
    { error: "no 1", snapshot },
    { error: "no 2", snapshot },
  ]);
});

test("the wake-up is the earliest deadline, and ringing is a tick", () => {
  const node = run(() => []);
  node.runtime.start();
  expect(node.clock.armedAt).toBe(1100);
  node.clock.ring();
  expect(node.seen.at(-1)).toMatchObject({ type: "tick", now: { monotonic: 1100 } });
  expect(node.clock.armedAt).toBe(1200);
});

test("the watchdog is petted after a tick and after nothing else", () => {
  const node = run(() => [], { watchdog: true });
  node.runtime.start();
  node.medium.sink?.frame(new Uint8Array(1), "10.0.0.2");
  expect(node.watchdog.pets).toBe(0);
  node.clock.ring();
  expect(node.watchdog.pets).toBe(1);
});

test("a node that waits for nothing still shows the watchdog its progress in time", () => {
  const node = run(() => [], { watchdog: true, keepalive: undefined });
  node.runtime.start();
  node.clock.ring();
  const petted = node.clock.now().monotonic;
  expect(node.clock.armedAt).toBe(petted + 1000);
});

test("a node that fences itself resets its machine once and never pets the watchdog again", () => {
  const node = run(on("observed", { type: "self-fence", reason: "httpd cannot be stopped" }), {
    watchdog: true,
  });
  node.runtime.start();
  expect(node.reset.resets).toBe(1);
  // Neither its own deadline nor the watchdog's hunger wakes it any more.
  expect(node.clock.armedAt).toBeUndefined();
  node.medium.sink?.frame(new Uint8Array(1), "10.0.0.2");
  expect(node.clock.armedAt).toBeUndefined();
  expect(node.watchdog.pets).toBe(0);
  node.reset.failed("EPERM");
  expect(node.log).toEqual(["CRIT: This machine cannot be restarted: EPERM"]);
});

test("a defect ends the node: it says what it was deciding, pets no more and hears nothing more", () => {
  const node = run(
    (event) => {
      if (event.type === "tick") throw new Error("impossible");
      return [];
    },
    { watchdog: true },
  );
  node.runtime.start();
  node.clock.ring();
  expect(node.ended.reports).toHaveLength(1);
  expect(node.ended.reports[0]).toMatch(/^Defect while deciding \{"type":"tick".*Error: impossible/);
  expect(node.ended.reports[0]).toContain('State: {"cluster":"rack7"');
  expect(node.watchdog.pets).toBe(0);
  expect(node.clock.armedAt).toBeUndefined();
  const before = node.seen.length;
  node.medium.sink?.frame(new Uint8Array(1), "10.0.0.2");
  node.runtime.stop();
  expect(node.seen).toHaveLength(before);
});

test("the bytes of a frame that ended the node are not in the report", () => {
  const node = run((event) => {
    if (event.type === "frame") throw new Error("impossible");
    return [];
  });
  node.runtime.start();
  node.medium.sink?.frame(new Uint8Array([83, 69, 67]), "10.0.0.2");
  expect(node.ended.reports[0]).toContain('"bytes":"3 bytes"');
});

test("an exception outside of any decision ends the node in the same way", () => {
  const node = run(() => [], { watchdog: true });
  node.runtime.start();
  node.runtime.fail(new Error("from a callback"));
  expect(node.ended.reports[0]).toMatch(/^Defect while waiting: Error: from a callback/);
  expect(node.clock.armedAt).toBeUndefined();
});

const impossible: [string, Action][] = [
  ["a medium that the node has not", { type: "send", media: ["bcast eth7"], bytes: new Uint8Array(1) }],
  ["a request that nobody made", { type: "answer", id: 5, snapshot }],
];

test.each(impossible)("an action about %s is a defect", (_, action) => {
  const node = run(on("start", action));
  node.runtime.start();
  expect(node.ended.reports).toHaveLength(1);
});

test("a decision that causes itself for ever is a defect, not a hang", () => {
  const node = run((event) => (event.type === "observed" ? [{ type: "reconcile" }] : []));
  node.runtime.start();
  expect(node.ended.reports[0]).toContain("10000 events without a pause");
});

test("stopped ends the node once, and nothing is decided afterwards", () => {
  const node = run(on("stop", { type: "stopped" }));
  node.runtime.start();
  node.runtime.stop();
  node.runtime.stop();
  expect(node.ended.stopped).toBe(1);
  expect(node.types()).toEqual(["start", "observed", "stop"]);
});
