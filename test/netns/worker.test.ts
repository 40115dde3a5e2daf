// A failover service that the worker checks for a real daemon: its server is left running by the script that started it, a
// worker that is killed costs nothing, and a server that dies is found by the check and started again.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ClusterLab, type Director } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("a service checked by the worker");

const folder = mkdtempSync(join(tmpdir(), "pulsebox-worker-"));
let lab: ClusterLab | undefined;

afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
  if (serverOf() > 0) process.kill(serverOf(), "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The server is a child of the shell, in its process group and with its standard output: no setsid, no nohup. */
const script = `#!/bin/sh
cd ${folder}
case "$1" in
start) python3 -m http.server 8080 --bind 10.77.0.50 2> log & echo $! > pid ;;
stop) [ ! -s pid ] || kill "$(cat pid)"; rm -f pid; exit 0 ;;
esac
`;

const serverOf = (): number =>
  existsSync(join(folder, "pid")) ? Number(readFileSync(join(folder, "pid"), "utf8")) : 0;

function workerOf(director: Director): number | undefined {
  const words = (file: string): string[] => {
    try {
      return readFileSync(file, "latin1").split(/[ \0]/);
    } catch {
      return []; // it has just gone
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => words(`/proc/${pid}/stat`)[3] === String(director.pid));
  const found = own.find((pid) => words(`/proc/${pid}/cmdline`).includes("worker"));
  return found === undefined ? undefined : Number(found);
}

test.skipIf(why)("a service is checked by the worker, whatever becomes of it", async () => {
  writeFileSync(join(folder, "www"), script, { mode: 0o755 });
  lab = await ClusterLab.create({
    initdead: "1s",
    resources: ["{ node: director1, group: [10.77.0.50/24, www] }"],
    failover: [
      "www:",
      `  start: [${folder}/www, start]`,
      `  stop: [${folder}/www, stop]`,
      '  check: { port: 8080, send: "GET / HTTP/1.0\\r\\n\\r\\n", expect: 200 OK, interval: 200ms, timeout: 1s, fall: 2 }',
    ],
  });
  const { director1, client, vip } = lab;
  const answers = async (): Promise<boolean> => {
    const { stdout } = await client.exec([
      "bash",
      "-c",
      `exec 3<>/dev/tcp/${vip}/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3`,
    ]);
    return stdout.includes("200 OK");
  };
  await director1.start();
  await until("the service answers", answers);
  // Before a service has answered its check for the first time, it has the time of a start.
  // The second attempt begins when the verdict of the first was told.
  await until("the service was checked twice", () => {
    return (readFileSync(join(folder, "log"), "utf8").match(/^10\.77\.0\.1 .* 200 /gm) ?? []).length >= 2;
  });

  const [worker = 0, server] = [workerOf(director1), serverOf()];
  process.kill(worker, "SIGKILL");
  await director1.said(/WARN: Worker ended by SIGKILL; the last verdicts stand, starting it again in 1 s/);
  await until("another worker runs", () => ![undefined, worker].includes(workerOf(director1)));
  expect(await answers()).toBe(true);
  expect(serverOf()).toBe(server);

  process.kill(server, "SIGKILL");
  await director1.said(/check: no connection to 10\.77\.0\.50:8080: ECONNREFUSED \(connection refused\)/);
  await until("the service answers again", answers);
  expect(serverOf()).not.toBe(server);

  const last = workerOf(director1);
  expect(await director1.end("SIGTERM")).toBe(0);
  expect(existsSync(join(folder, "pid"))).toBe(false);
  await until("the worker has gone", () => !existsSync(`/proc/${last}`));
});
