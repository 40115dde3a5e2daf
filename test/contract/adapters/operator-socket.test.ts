// The operator's door as a unix socket: several requests on a connection, answers that come late, and who is let in.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OperatorSocket, parseRequest } from "../../../firmware/adapters/operator-socket.ts";
import { askDaemon } from "../../../firmware/console/operator-client.ts";
import type { Snapshot } from "../../../firmware/core/snapshot.ts";
import type { DoorRequest, OperatorAnswer } from "../../../firmware/ports/operator.ts";

const root = new URL("../../..", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: only root may become somebody whom the daemon refuses");

const snapshot = { cluster: "rack7" } as Snapshot;

let directory: string;
let path: string;
let doors: OperatorSocket[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pulsebox-door-"));
  path = join(directory, "run", "ha.sock");
  doors = [];
});

afterEach(async () => {
  await Promise.all(doors.map((door) => door.close()));
  rmSync(directory, { recursive: true });
});

type Ask = (request: DoorRequest, answer: (answer: OperatorAnswer) => void) => void;

async function opened(ask: Ask = (_, answer) => answer({ snapshot })): Promise<OperatorSocket> {
  const door = new OperatorSocket(path);
  await door.open(ask);
  doors.push(door);
  return door;
}

async function connected(): Promise<{ socket: Socket; line: () => Promise<unknown> }> {
  const socket = connect(path);
  await once(socket, "connect");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return { socket, line: async () => JSON.parse(String((await lines.next()).value)) };
}

test("a request is answered, also much later and after another one", async () => {
  const waiting: ((answer: OperatorAnswer) => void)[] = [];
  await opened((request, answer) => {
    if (request.command === "status") answer({ snapshot });
    else waiting.push(answer);
  });
  const { socket, line } = await connected();
  socket.write('{"command":"standby","scope":"local"}\n{"command":"sta');
  socket.write('tus"}\n');
  expect(await line()).toEqual({ snapshot });
  waiting[0]?.({ error: "refused", snapshot });
  expect(await line()).toEqual({ error: "refused", snapshot });
  socket.end();
});

test("an operator who leaves before the answer does not hurt", async () => {
  let late: ((answer: OperatorAnswer) => void) | undefined;
  await opened((request, answer) => {
    if (request.command === "status") answer({ snapshot });
    else late = answer;
  });
  const { socket } = await connected();
  socket.write('{"command":"takeover"}\n');
  while (late === undefined) await new Promise(setImmediate);
  socket.destroy();
  await once(socket, "close");
  late({ snapshot });
  expect(await askDaemon(path, { command: "status" })).toEqual({ snapshot });
});

test("the socket belongs to its owner alone", async () => {
  await opened();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a socket that a dead daemon left is replaced, a live one is not", async () => {
  const first = await opened();
  await expect(new OperatorSocket(path).open(() => {})).rejects.toThrow(
    `another pulsebox ha runs on this box: it answers at ${path}`,
  );
  expect(await askDaemon(path, { command: "status" })).toEqual({ snapshot });
  await first.close();
  doors = [];
  leaveBehind(path);
  await opened();
  expect(await askDaemon(path, { command: "status" })).toEqual({ snapshot });
});

/** A bound socket file that nobody listens to, as a killed process leaves it. */
function leaveBehind(name: string): void {
  const listen = `require("net").createServer().listen(${JSON.stringify(name)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["--eval", listen]);
  expect(statSync(name).isSocket()).toBe(true);
}

test("who may not make the socket is told who may", async () => {
  // sysfs lets nobody make a folder, not even root.
  await expect(new OperatorSocket("/sys/pulsebox/ha.sock").open(() => {})).rejects.toThrow(
    /^the operator socket \/sys\/pulsebox\/ha\.sock cannot be made: E(PERM|ACCES|ROFS): .*: run as root, or with a --socket and a --state that this user may write$/,
  );
});

test("who asks a daemon that hangs is told so, and who moves groups waits for it", async () => {
  let move: ((answer: OperatorAnswer) => void) | undefined;
  await opened((request, answer) => {
    if (request.command === "takeover") move = answer;
  });
  const moved = askDaemon(path, { command: "takeover", scope: "all" }, 50);
  await expect(askDaemon(path, { command: "status" }, 50)).rejects.toThrow(
    `no pulsebox ha answers at ${path}: nothing within 0.05 s: it hangs, and its log says more`,
  );
  move?.({ snapshot });
  expect(await moved).toEqual({ snapshot });
});

test("who asks a daemon that was killed is told so", async () => {
  mkdirSync(join(directory, "run"));
  leaveBehind(path);
  await expect(askDaemon(path, { command: "status" })).rejects.toThrow(
    `no pulsebox ha answers at ${path}: ECONNREFUSED (it was killed or has crashed: its log says more; start its service)`,
  );
});

test.skipIf(!isRoot)("who may not ask the daemon is told who may", async () => {
  await opened();
  chmodSync(directory, 0o755);
  const program = `
    import { askDaemon } from ${JSON.stringify(join(root, "firmware/console/operator-client.ts"))};
    process.setuid(65534);
    await askDaemon(${JSON.stringify(path)}, { command: "status" }).catch(({ message }) => console.log(message));`;
  const argv = ["--input-type=module", "--eval", program];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  expect(String(said)).toBe(
    `no pulsebox ha answers at ${path}: EACCES (only its own user may ask it: become root)\n`,
  );
});

test("a file in the way that is no socket is left alone", async () => {
  const blocked = join(directory, "blocked");
  writeFileSync(blocked, "precious");
  await expect(new OperatorSocket(blocked).open(() => {})).rejects.toThrow(
    `${blocked} is a file and no socket`,
  );
  expect(readFileSync(blocked, "latin1")).toBe("precious");
});

test("a flood without a line's end is cut off", async () => {
  await opened();
  const { socket, line } = await connected();
  socket.on("error", () => {});
  socket.write("x".repeat(100_000));
  expect(await line()).toEqual({ error: "the request is longer than 4096 characters" });
  await once(socket, "close");
});

test.each([
  ['{"command":"status"}', { command: "status" }],
  ['{"command":"takeover"}', { command: "takeover", scope: "all" }],
  ['{"command":"standby","scope":"foreign"}', { command: "standby", scope: "foreign" }],
  ["[]", { error: 'the request is no object with a "command"' }],
  ["null", { error: 'the request is no object with a "command"' }],
  [
    '{"command":7}',
    { error: "command 7 is not one of status, why, takeover, standby, fenced, cleanup, reload, forget" },
  ],
  ['{"command":"fenced","node":"director2"}', { command: "fenced", node: "director2" }],
  ['{"command":"fenced"}', { error: "node undefined is not a node's name" }],
  ['{"command":"why"}', { command: "why", last: 20 }],
  ['{"command":"why","last":3}', { command: "why", last: 3 }],
  ['{"command":"why","last":"3"}', { error: 'last "3" is not a whole number above 0' }],
  ['{"command":"standby","scope":null}', { error: "scope null is not one of all, local, foreign" }],
])("the line %s is understood", (line, request) => {
  expect(parseRequest(line)).toEqual(request);
});
