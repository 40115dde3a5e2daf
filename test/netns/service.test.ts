// The one binary as a service of an ordinary Linux box: what a service manager hears of it, its unit and its init script, what its
// clients inherit, and its worker in a root that holds nothing.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WorkerChecks } from "../../firmware/adapters/worker-checks.ts";
import { initScript, systemdUnit } from "../../firmware/console/service.ts";
import { buildBinary } from "../../image/binary/build.ts";
import { ClusterLab } from "../support/cluster.ts";
import { clusterFile } from "../support/cluster-file.ts";
import { available, Lab, reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const root = resolve(import.meta.dirname, "../..");
const why = reasonToSkip(
  "the daemon as a service",
  available() ?? (process.getuid?.() === 0 ? undefined : "a service is run by root"),
);
const noVerify =
  spawnSync("systemd-analyze", ["--version"]).status === 0 ? undefined : "no systemd-analyze here";
if (noVerify !== undefined) console.warn(`the unit is not verified: ${noVerify}`);

const folder = mkdtempSync(join(tmpdir(), "pulsebox-service-"));
const binary = join(folder, "pulsebox");
let lab: ClusterLab | undefined;

beforeAll(async () => {
  if (why === undefined) await buildBinary({ root, version: "0.0.0-test", out: binary });
}, 240_000);

afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
  delete process.env.NOTIFY_SOCKET;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes each datagram that comes to a unix socket into a file; Node has no such sockets. */
const listener = `
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("ready", flush=True)
while True: print(manager.recv(4096).decode(), flush=True)
`;

describe.skipIf(why)("the binary", () => {
  test.each(["path", "name"])(
    "tells a service manager that has a %s when it is ready and when it ends",
    async (form) => {
      const unlisted = `@pulsebox-test-${process.pid}`;
      const path = form === "path" ? join(folder, "notify") : unlisted;
      lab = await ClusterLab.create({
        program: [binary],
        initdead: "1s",
        respawn: [`{ user: nobody, command: [/bin/ls, -l, /proc/self/fd] }`],
      });
      const { director1 } = lab;
      const bind = path.replace(/^@/, "\\0");
      const manager = director1.namespace.spawn(
        ["python3", "-c", listener.replace("sys.argv[1]", `"${bind}"`)],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      let heard = "";
      manager.stdout?.on("data", (text: Buffer) => {
        heard += text;
      });
      await until("the manager listens", () => heard.includes("ready\n"));
      process.env.NOTIFY_SOCKET = path;
      await director1.start();
      await until("it is told that the daemon is ready", () => heard.includes("READY=1"));
      expect(heard).toContain("STATUS=node director1 of cluster laboratory");
      await director1.holds(lab.vip);
      await director1.said(/Managed \/bin\/ls -l \/proc\/self\/fd process exited with return code 0/);
      expect(await director1.end("SIGTERM")).toBe(0);
      await until("it is told that the daemon ends", () => heard.includes("STOPPING=1"));
      manager.kill("SIGKILL");
    },
  );

  test("gives its clients nothing of its own: no addon, no socket", async () => {
    const program = join(folder, "client");
    const look = `ls -l /proc/$$/fd > ${folder}/descriptors; env > ${folder}/environment; exit 100`;
    writeFileSync(program, `#!/bin/sh\n${look}\n`, { mode: 0o755 });
    lab = await ClusterLab.create({
      program: [binary],
      initdead: "1s",
      realtime: true,
      respawn: [`{ user: root, command: [${program}] }`],
    });
    await lab.director1.start();
    await lab.director1.said(/process exited with return code 100/);
    const descriptors = readFileSync(join(folder, "descriptors"), "utf8").match(/\d+ -> .*/g) ?? [];
    const kinds = descriptors.map((each) => each.replace(/^\d+ -> /, "").replace(/\[\d+\]/, ""));
    // The script that the shell reads, its own output, and where it keeps the one that was before.
    const own = [program, join(folder, "descriptors"), "pipe:"];
    expect(kinds.toSorted()).toEqual(["/dev/null", "pipe:", ...own].toSorted());
    expect(readFileSync(join(folder, "environment"), "utf8")).not.toContain("PULSEBOX_ADDONS");
  });

  test("is started, asked and stopped by its init script", async () => {
    await using one = await Lab.create();
    const box = await one.namespace("box");
    const [script, config, state] = [
      join(folder, "init"),
      join(folder, "cluster.yaml"),
      join(folder, "state"),
    ];
    writeFileSync(script, initScript(binary), { mode: 0o755 });
    writeFileSync(config, clusterFile({ initdead: "1s" }));
    mkdirSync(state);
    await box.run(["mount", "-t", "tmpfs", "none", "/etc/default"]);
    const own = { CONFIG: config, SOCKET: `${state}/ha.sock`, PIDFILE: `${state}/pid`, LOG: `${state}/log` };
    const values = { ...own, OPTIONS: `"--node director1 --no-realtime --state ${state}"` };
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    await box.exec(["tee", "/etc/default/pulsebox"], `${lines.join("\n")}\n`);
    const call = async (action: string) => box.exec([script, action]);
    expect(await call("status")).toMatchObject({ code: 3, stdout: "pulsebox does not run.\n" });
    expect(await call("start")).toMatchObject({ code: 0, stdout: "Started pulsebox.\n", stderr: "" });
    const status = await call("status");
    expect(status.code).toBe(0);
    expect(status.stdout).toContain("director1");
    const pid = readFileSync(own.PIDFILE, "utf8");
    expect(await call("start")).toMatchObject({ code: 0 });
    expect(readFileSync(own.PIDFILE, "utf8")).toBe(pid);
    expect(await call("restart")).toMatchObject({ code: 0, stdout: "Restarted pulsebox.\n" });
    expect(readFileSync(own.PIDFILE, "utf8")).not.toBe(pid);
    expect(await call("stop")).toMatchObject({ code: 0, stdout: "Stopped pulsebox.\n" });
    expect(await call("status")).toMatchObject({ code: 3 });
    expect(await call("stop")).toMatchObject({ code: 0 });
    expect(readFileSync(own.LOG, "utf8")).toMatch(/Heartbeat shutdown complete\./);
    expect(await call("frob")).toMatchObject({ code: 2 });
  });

  test("runs its worker in a root that holds only /proc and itself", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    const place = mkdtempSync(join(folder, "root-"));
    const script = [
      'mount -t tmpfs none "$0" && mkdir "$0/proc" && touch "$0/pulsebox"',
      'mount --bind "$1" "$0/pulsebox" && mount -t proc proc "$0/proc" && mount -o remount,bind,ro "$0"',
      'exec /usr/sbin/chroot "$0" /pulsebox worker',
    ].join(" && ");
    const environment = ["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
    const warnings: string[] = [];
    const checks = new WorkerChecks({
      command: [...environment, "unshare", "--mount", "sh", "-c", script, place, binary],
      warn: (text) => warnings.push(text),
    });
    const details: string[] = [];
    checks.watch((_, __, detail) => details.push(detail));
    await until("the server listens", () => server.listening);
    const port = Object(server.address()).port as number;
    checks.want([{ id: "one", address: "127.0.0.1", port, interval: 100, timeout: 1000 }]);
    await until("a verdict", () => details.length > 0 || warnings.length > 0);
    expect(warnings).toEqual([]);
    expect(details[0]).toMatch(/^connected to 127\.0\.0\.1/);
    expect(readFileSync(`/proc/${checks.pid}/status`, "latin1")).toMatch(/^Uid:\t65534/m);
    await checks.close();
    server.close();
  });

  test("says that a worker is nothing to start by hand", () => {
    const { status, stderr } = spawnSync(binary, ["worker"], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "pulsebox: the worker is started by pulsebox ha, not by hand\n",
    });
  });

  test.skipIf(noVerify)("prints a unit that systemd understands", () => {
    const printed = spawnSync(binary, ["service"], { encoding: "utf8" }).stdout;
    expect(printed).toBe(systemdUnit(binary));
    const unit = join(folder, "pulsebox.service");
    const verify = (text: string): string => {
      writeFileSync(unit, text);
      const said = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
      return said.stderr;
    };
    expect(verify(printed)).toBe("");
    expect(verify(printed.replace("KillMode=", "KilMode="))).toContain("KilMode");
  });
});
