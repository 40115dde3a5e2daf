// The port Checks: the fake and the worker process held to the same table, then what the worker makes of servers of every kind,
// and what `ha` makes of workers that die, hang or lie.

import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkerChecks, type WorkerChecksOptions } from "../../../firmware/adapters/worker-checks.ts";
import type { CheckSpec } from "../../../firmware/core/program.ts";
import type { Checks } from "../../../firmware/ports/checks.ts";
import { FakeChecks } from "../../support/fake-ports.ts";
import { Lab, reasonToSkip } from "../../support/netns.ts";
import { until } from "../../support/until.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: only root can give up being root");
const noLab = reasonToSkip("checks of unreachable servers");

const workerCommand = [
  process.execPath,
  fileURLToPath(new URL("../../../firmware/main.ts", import.meta.url)),
  "worker",
];

interface Verdict {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
}

const verdicts: Verdict[] = [];
const warnings: string[] = [];
const servers: Server[] = [];
let checks: WorkerChecks | undefined;

beforeEach(() => {
  verdicts.length = 0;
  warnings.length = 0;
});

afterEach(async () => {
  await checks?.close();
  checks = undefined;
  for (const server of servers.splice(0)) server.close();
});

function listen(to: Checks): void {
  to.watch((id, ok, detail) => verdicts.push({ id, ok, detail }));
}

function worker(options: Partial<WorkerChecksOptions> = {}): WorkerChecks {
  checks = new WorkerChecks({
    command: workerCommand,
    warn: (text) => warnings.push(text),
    firstPause: 100,
    ...options,
  });
  listen(checks);
  return checks;
}

/** A server on loopback that treats each connection so; its port. */
async function serve(connected: (socket: Socket) => void, host = "127.0.0.1"): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // checks end as they like
    connected(socket);
  }).listen(0, host);
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const spec = (id: string, port: number, more: Partial<CheckSpec> = {}): CheckSpec => ({
  id,
  address: "127.0.0.1",
  port,
  interval: 100,
  timeout: 5000,
  ...more,
});

async function verdictOf(id: string): Promise<Verdict> {
  await until(`a verdict of ${id}`, () => verdicts.some((verdict) => verdict.id === id));
  return verdicts.find((verdict) => verdict.id === id) ?? { id, ok: false, detail: "" };
}

describe.each(["fake", "worker"])("checks: %s", (kind) => {
  it("tells verdicts of the checks that are wanted now, and none after it was closed", async () => {
    const fake = new FakeChecks();
    const subject: Checks = kind === "fake" ? fake : worker();
    if (kind === "fake") listen(subject);
    const port = await serve((socket) => socket.end());
    const verdict = (id: string): void => {
      if (kind === "fake") fake.verdict(id, true);
    };
    subject.want([spec("a", port), spec("b", port)]);
    for (const id of ["a", "b"]) verdict(id);
    expect((await verdictOf("a")).ok).toBe(true);
    expect((await verdictOf("b")).ok).toBe(true);
    subject.want([spec("b", port)]);
    verdicts.length = 0;
    for (const id of ["a", "b", "b"]) verdict(id);
    await until("more of b", () => verdicts.length >= 2);
    expect(verdicts.filter(({ id }) => id !== "b")).toEqual([]);
    await subject.close();
    verdicts.length = 0;
    for (const id of ["a", "b"]) verdict(id);
    expect(verdicts).toEqual([]);
  });
});

describe("a check by the worker", () => {
  const http = { send: "GET / HTTP/1.0\r\n\r\n", expect: "200 OK" };
  const replying = (text: string) => (socket: Socket) => socket.once("data", () => socket.end(text));
  const drip = (socket: Socket): void => {
    const timer = setInterval(() => socket.write("x"), 10);
    socket.on("close", () => clearInterval(timer));
  };
  const flood = (socket: Socket): void => {
    const more = (): void => {
      while (socket.writable && socket.write("spam".repeat(4096)));
    };
    socket.on("drain", more);
    more();
  };

  it.each<readonly [string, (socket: Socket) => void, Partial<CheckSpec>, boolean, RegExp]>([
    ["a server that accepts", () => {}, {}, true, /^connected to 127\.0\.0\.1:\d+ after \d+ ms$/],
    [
      "a greeting",
      (socket) => socket.end("220 mail\r\n"),
      { expect: "220 " },
      true,
      /^127\S+ replied after \d+ ms$/,
    ],
    ["any reply", replying("x"), { send: "ping" }, true, /replied/],
    ["the reply expected", replying("HTTP/1.0 200 OK\r\n"), http, true, /replied/],
    [
      "the reply expected, byte by byte",
      (socket) => {
        const bytes = [..."HTTP/1.0 200 OK"];
        const timer = setInterval(() => socket.write(bytes.shift() ?? ""), 5);
        socket.on("close", () => clearInterval(timer));
      },
      http,
      true,
      /replied/,
    ],
    [
      "another reply",
      replying("HTTP/1.0 500 \u001b[31mNo\u0007\r\n"),
      http,
      false,
      /^127\S+ closed the connection: no "200 OK" in the reply, which begins "HTTP\/1\.0 500 \\u001b\[31mNo\\u0007\\r\\n"$/,
    ],
    [
      "no reply",
      (socket) => socket.resume(),
      { ...http, timeout: 400 },
      false,
      /^connected to 127\S+, but no reply within 400 ms$/,
    ],
    ["a close without a reply", (socket) => socket.end(), http, false, /closed the connection: no reply$/],
    [
      "a reset",
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
      http,
      false,
      /broken after 0 bytes of reply: ECONNRESET \(connection reset by peer\)$/,
    ],
    [
      "a drip that never ends",
      drip,
      { ...http, timeout: 400 },
      false,
      /^connected to 127\S+, but no "200 OK" in the reply, which begins "x+" within 400 ms$/,
    ],
    ["a flood that never ends", flood, http, false, /^the first 65536 bytes from 127\S+ have no "200 OK"$/],
  ])("of %s", async (_, treat, more, ok, detail) => {
    worker().want([spec("it", await serve(treat), more)]);
    const verdict = await verdictOf("it");
    expect(verdict.detail).toMatch(detail);
    expect(verdict.ok).toBe(ok);
    expect(warnings).toEqual([]);
  });

  it("of a port where nobody listens says ECONNREFUSED", async () => {
    const port = await serve(() => {});
    servers.pop()?.close();
    worker().want([spec("it", port)]);
    expect(await verdictOf("it")).toMatchObject({
      ok: false,
      detail: `no connection to 127.0.0.1:${port}: ECONNREFUSED (connection refused)`,
    });
  });

  it("of an IPv6 server", async () => {
    const port = await serve(() => {}, "::1");
    worker().want([spec("it", port, { address: "::1" })]);
    expect((await verdictOf("it")).detail).toMatch(new RegExp(`^connected to \\[::1\\]:${port} `));
  });

  it.skipIf(noLab)("of servers that no packet reaches", async () => {
    await using lab = await Lab.create();
    const [here, there] = [await lab.namespace("here"), await lab.namespace("there")];
    const near = { namespace: here, interface: "eth0", addresses: ["10.9.0.1/24"] };
    await lab.veth(near, { namespace: there, interface: "eth0" });
    worker({ command: ["/usr/bin/nsenter", `--net=/proc/${here.pid}/ns/net`, ...workerCommand] }).want([
      spec("no route", 80, { address: "10.10.0.1" }),
      spec("silence", 80, { address: "10.9.0.2", timeout: 400 }),
    ]);
    expect(await verdictOf("no route")).toMatchObject({
      ok: false,
      detail: "no connection to 10.10.0.1:80: ENETUNREACH (network is unreachable)",
    });
    expect(await verdictOf("silence")).toMatchObject({
      detail: "no connection to 10.9.0.2:80 within 400 ms",
    });
  });

  it("is tried one at a time, and about once in an interval", async () => {
    const times = { slow: [] as number[], quick: [] as number[] };
    const note = (kind: "slow" | "quick") => (socket: Socket) => {
      times[kind].push(performance.now());
      socket.resume();
    };
    worker().want([
      spec("slow", await serve(note("slow")), { ...http, timeout: 300 }),
      spec("quick", await serve(note("quick"))),
    ]);
    await until("some attempts of both", () => times.slow.length >= 6 && times.quick.length >= 6);
    const median = (all: readonly number[]): number => {
      const gaps = all.slice(1).map((at, index) => at - (all[index] ?? at));
      return gaps.sort((one, other) => one - other)[Math.floor(gaps.length / 2)] ?? 0;
    };
    expect(median(times.slow)).toBeGreaterThan(280);
    expect(median(times.quick)).toBeGreaterThan(80);
  });
});

describe("the worker process", () => {
  it("runs while there is something to check, and not otherwise", async () => {
    const subject = worker();
    expect(subject.pid).toBeUndefined();
    subject.want([]);
    expect(subject.pid).toBeUndefined();
    subject.want([spec("a", await serve(() => {}))]);
    await verdictOf("a");
    const pid = subject.pid;
    subject.want([]);
    await until("it has gone", () => !existsSync(`/proc/${pid}`));
    subject.want([spec("b", await serve(() => {}))]);
    await verdictOf("b");
    expect(warnings).toEqual([]);
  });

  it.skipIf(!isRoot)("is nobody, can become nobody else, and holds nothing but its channel", async () => {
    const subject = worker();
    subject.want([spec("a", await serve(() => {}))]);
    await verdictOf("a");
    const status = readFileSync(`/proc/${subject.pid}/status`, "latin1");
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Groups:\t\s*$/m);
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const inherited = readdirSync(`/proc/${subject.pid}/fd`).filter((fd) => Number(fd) <= 3);
    expect(inherited).toEqual(["0", "1", "2", "3"]);
  });

  it("that is killed is told and started again, and its checks go on", async () => {
    const subject = worker();
    subject.want([spec("a", await serve(() => {}))]);
    await verdictOf("a");
    const killed = subject.pid;
    process.kill(killed ?? 0, "SIGKILL");
    await until("it was told", () => warnings.length > 0);
    expect(warnings).toEqual([
      "Worker ended by SIGKILL; the last verdicts stand, starting it again in 0.1 s",
    ]);
    verdicts.length = 0;
    await verdictOf("a");
    expect(subject.pid).not.toBe(killed);
  });

  it("that hangs is replaced", async () => {
    const subject = worker({ patience: 3000 });
    subject.want([spec("a", await serve(() => {}))]);
    await verdictOf("a");
    process.kill(subject.pid ?? 0, "SIGSTOP");
    await until("it was told", () => warnings.length > 0);
    expect(warnings).toEqual([
      "Worker said nothing for 3 s; the last verdicts stand, starting it again in 0.1 s",
    ]);
    verdicts.length = 0;
    await verdictOf("a");
  });

  it("ends by itself when the daemon is gone", async () => {
    const subject = worker();
    subject.want([spec("a", await serve(() => {}))]);
    await verdictOf("a");
    const { pid } = subject;
    await subject.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it.each([
    ["rubbish", "echo rubbish >&3; sleep 60", "said what is no verdict"],
    [
      "a verdict of no form",
      `echo '{"id":7,"ok":true,"detail":""}' >&3; sleep 60`,
      "said what is no verdict",
    ],
    ["a line without an end", "yes | tr -d '\\n' >&3", "said what is no verdict"],
    ["too much", `yes '{"alive":true}' >&3`, "said more than it can have to say"],
    ["its last words", "echo 'out of luck' >&2; exit 3", "ended with 3 (out of luck)"],
  ])("that says %s is taken for broken", async (_, script, why) => {
    worker({ command: ["/bin/sh", "-c", script] }).want([spec("a", 9)]);
    await until("it was told", () => warnings.length > 0);
    expect(warnings[0]).toBe(`Worker ${why}; the last verdicts stand, starting it again in 0.1 s`);
    expect(verdicts).toEqual([]);
  });

  it("that tells verdicts of other checks is not believed", async () => {
    const lie = `echo '{"id":"b","ok":true,"detail":""}' >&3; echo '{"id":"a","ok":true,"detail":"lie"}' >&3; sleep 60`;
    worker({ command: ["/bin/sh", "-c", lie] }).want([spec("a", 9)]);
    await verdictOf("a");
    expect(verdicts).toEqual([{ id: "a", ok: true, detail: "lie" }]);
  });

  it("that cannot be started is tried again after growing pauses", async () => {
    worker({ command: ["/no/such/worker"] }).want([spec("a", 9)]);
    await until("three tries", () => warnings.length >= 3);
    expect(warnings.slice(0, 3)).toEqual(
      ["0.1", "0.2", "0.4"].map(
        (pause) =>
          `Worker cannot be started: child: run /no/such/worker: ENOENT (No such file or directory); the last verdicts stand, starting it again in ${pause} s`,
      ),
    );
  });
});
