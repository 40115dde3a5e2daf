// The process addon against real kernels. What would change this machine happens in child processes in namespaces of their own
// (unshare(1)), modules and loop devices in a User-mode Linux guest. Effects are read back from /proc, findmnt and chrt.

import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as native from "../../native/process/index.ts";
import { available, type GuestRun, modulesFolder, runGuest } from "../support/user-mode-linux.ts";

const isRoot = process.getuid?.() === 0;
const rootMissing = "only root may lock memory, schedule in real time and become another user";
if (!isRoot) console.warn(`skipped: ${rootMissing}`);

const addon = new URL("../../native/process/index.ts", import.meta.url).pathname;
const prelude = `
  import { spawnSync, spawn } from "node:child_process";
  import { once } from "node:events";
  import { readFileSync, writeFileSync } from "node:fs";
  import * as native from ${JSON.stringify(addon)};
  const failure = (action) => { try { action(); return "no error"; } catch (error) { return error.message; } };
  const said = (...argv) => spawnSync(argv[0], argv.slice(1), { encoding: "utf8" }).stdout.trim();
  const status = (field) => new RegExp("^" + field + ":[ \\\\t]*(.*)$", "m").exec(readFileSync("/proc/self/status", "utf8"))[1];
  const report = (finding) => console.log(JSON.stringify(finding));
`;

/** Runs `program` under this Node behind `enter` ("unshare …"). */
function run(program: string, ...enter: string[]): SpawnSyncReturns<string> {
  const [command = "", ...args] = [
    ...enter,
    process.execPath,
    "--input-type=module",
    "-e",
    prelude + program,
  ];
  return spawnSync(command, args, { encoding: "utf8" });
}

/** The one finding that `program` reports. */
function finding(program: string, ...enter: string[]): Record<string, unknown> {
  const { stdout, stderr, status } = run(program, ...enter);
  if (status !== 0) throw new Error(`the child ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function unshare(...namespaces: string[]): string[] {
  return ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), ...namespaces];
}

describe.skipIf(!isRoot)("locked memory", () => {
  const smaps = `
    const mappings = readFileSync("/proc/self/smaps", "latin1").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).map((text) => ({
      backing: text.split("\\n")[0].slice(73).trim(),
      inaccessible: / ---. /.test(text),
      locked: /^VmFlags:.* lo\\b/m.test(text),
    }));`;

  it("is every mapped file, the C heap and the stack, but not V8's heap", () => {
    const found = finding(`
      const bytes = native.lockMemory({ onFault: true });
      ${smaps}
      const locked = status("VmLck");
      native.unlockMemory();
      const names = (wanted) => [...new Set(mappings.filter(wanted).map(({ backing }) => backing))];
      report({ bytes, locked, after: status("VmLck"),
        lockedNames: names((one) => one.locked),
        openFiles: names((one) => one.backing.startsWith("/") && !one.locked && !one.inaccessible) });`);
    expect(found).toMatchObject({ locked: `${Number(found.bytes) / 1024} kB`, after: "0 kB", openFiles: [] });
    const names = found.lockedNames as string[];
    expect(names).toEqual(expect.arrayContaining(["[heap]", "[stack]", realpathSync(process.execPath)]));
    expect(names).toContainEqual(expect.stringMatching(/process\.node$/));
    expect(names).not.toContain("");
  });

  it("is read in at once, or page by page as it is touched", () => {
    const resident = (onFault: boolean): number => {
      const found = finding(
        `native.lockMemory({ onFault: ${onFault} }); report({ resident: status("VmRSS") });`,
      );
      return Number.parseInt(String(found.resident), 10);
    };
    expect(resident(false)).toBeGreaterThan(resident(true) + 20_000);
  });

  it("outlives collections that give memory back to the kernel", () => {
    const found = finding(`
      import { setFlagsFromString } from "node:v8";
      import { runInNewContext } from "node:vm";
      import { Worker } from "node:worker_threads";
      native.lockMemory({ onFault: true });
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc");
      const objects = "Array.from({ length: 200000 }, (_, index) => ({ index }))";
      let kept = runInNewContext(objects).filter((_, index) => index % 97 === 0);
      await new Promise((resolve) => new Worker(objects, { eval: true }).once("exit", resolve));
      collect({ type: "major", execution: "sync", flavor: "last-resort" });
      report({ kept: kept.length });`);
    expect(found).toEqual({ kept: 2062 });
  });
});

describe.skipIf(!isRoot)("scheduling", () => {
  it("is real-time for this process, normal for its children, and normal again when asked", () => {
    const found = finding(`
      native.setRealtime(7);
      const during = native.scheduling();
      const seen = said("chrt", "-p", String(process.pid));
      const child = said("sh", "-c", "chrt -p $$");
      native.setNormal();
      report({ during, seen, child, after: native.scheduling() });`);
    expect(found).toMatchObject({
      during: { policy: "rr", priority: 7 },
      after: { policy: "other", priority: 0 },
    });
    expect(found.seen).toContain("policy: SCHED_RR|SCHED_RESET_ON_FORK");
    expect(found.child).toContain("policy: SCHED_OTHER");
  });
});

describe("mounts", () => {
  it("are made with flags and options, changed, bound and ended", () => {
    const found = finding(
      `
      const options = (target) => said("findmnt", "-rno", "FSTYPE,OPTIONS", target);
      native.mount({ source: "", target: "/mnt", type: "tmpfs", flags: ["nosuid", "nodev", "noexec"], data: "size=64k,mode=711" });
      writeFileSync("/mnt/file", "text");
      const made = options("/mnt");
      native.mount({ source: "", target: "/mnt", type: "", flags: ["remount", "ro", "nosuid", "nodev"], data: "size=64k" });
      const remounted = options("/mnt"), readOnly = failure(() => writeFileSync("/mnt/file", "other"));
      native.mount({ source: "/mnt", target: "/media", type: "", flags: ["bind"] });
      const bound = readFileSync("/media/file", "utf8");
      process.chdir("/media");
      const busy = failure(() => native.unmount("/media"));
      native.unmount("/media", { lazy: true });
      const lazily = options("/media");
      process.chdir("/");
      native.unmount("/mnt");
      report({ made, remounted, readOnly, bound, busy, lazily, again: failure(() => native.unmount("/mnt")) });`,
      ...unshare("--mount"),
    );
    expect(found.made).toMatch(/^tmpfs rw,nosuid,nodev,noexec,.*size=64k,mode=711/);
    expect(found.remounted).toMatch(/^tmpfs ro,nosuid,nodev,/);
    expect(found).toMatchObject({
      readOnly: expect.stringContaining("EROFS"),
      bound: "text",
      busy: "process: unmount /media: EBUSY (Device or resource busy)",
      lazily: "",
      again: "process: unmount /mnt: EINVAL (Invalid argument): nothing is mounted there",
    });
  });

  it("that fail say why in words", () => {
    const found = finding(
      `
      const attempt = (request) => failure(() => native.mount({ source: "", target: "/mnt", type: "tmpfs", flags: [], ...request }));
      report({
        flags: attempt({ flags: ["ro", "nosiud", "noexce"] }),
        type: attempt({ type: "nonefs", flags: ["ro"] }),
        target: attempt({ target: "/none" }),
        nul: attempt({ target: "/mnt\\0" }),
      });`,
      ...unshare("--mount"),
    );
    expect(found.flags).toMatch(
      /^process: mount none on \/mnt as tmpfs \(ro,nosiud,noexce\): EINVAL \(Invalid argument\): unknown flag "nosiud", "noexce"; allowed are bind, .*unbindable$/,
    );
    expect(found).toMatchObject({
      type: "process: mount none on /mnt as nonefs (ro): ENODEV (No such device): the kernel does not have this file system; is its module loaded?",
      target: "process: mount none on /none as tmpfs: ENOENT (No such file or directory)",
      nul: 'mount target: "/mnt\\u0000" holds a NUL character',
    });
  });
});

describe("end of the machine", () => {
  // reboot_pid_ns() in kernel/pid_namespace.c: the init of the namespace dies of SIGHUP or SIGINT, and unshare does as its child.
  it.each([
    ["restart", "SIGHUP"],
    ["poweroff", "SIGINT"],
    ["halt", "SIGINT"],
  ] as const)("by %s ends a PID namespace's init by %s", (ending, signal) => {
    const program = `native.sync(); native.reboot("${ending}"); report({ survived: true });`;
    const result = run(program, ...unshare("--pid", "--fork"));
    expect(result.stdout + result.stderr).toBe("");
    expect(result.signal).toBe(signal);
  });
});

describe("a notice to the service manager", () => {
  it.each([
    ["/tmp/no-such-folder/notify", "ENOENT (No such file or directory)"],
    ["@pulsebox-nobody-listens", "ECONNREFUSED (Connection refused)"],
    ["", "EINVAL (Invalid argument): no path of a unix socket"],
    ["@".padEnd(108, "n"), "EINVAL (Invalid argument): no path of a unix socket"],
  ])("to %j says why nobody gets it", (path, why) => {
    expect(() => native.notifyService(path, "READY=1")).toThrow(
      `process: tell the service manager at ${path}: ${why}`,
    );
  });
});

describe("host name", () => {
  it("is set in this UTS namespace, and refused when empty or too long", () => {
    const longest = "n".repeat(64);
    const found = finding(
      `
      native.setHostName("director1");
      const first = said("hostname");
      native.setHostName("${longest}");
      report({ first, second: said("hostname"), ...Object.fromEntries(["", "${longest}n"].map((name) =>
        ["length " + name.length, failure(() => native.setHostName(name))])) });`,
      ...unshare("--uts"),
    );
    const words = "EINVAL (Invalid argument): allowed are 1 to 64 bytes";
    expect(found).toEqual({
      first: "director1",
      second: longest,
      "length 0": `process: set the host name "": ${words}`,
      "length 65": `process: set the host name "${longest}n": ${words}`,
    });
  });
});

describe("ended children", () => {
  it("are collected by a PID 1 with their code or signal, orphans too", () => {
    const found = finding(
      `
      // sh leaves its children to PID 1; they end when the pipe does, which is when sh has ended.
      const ends = ["exit 3", "kill -9 $BASHPID", "kill -6 $BASHPID"].map((how) => "(read -u 3; " + how + ") &");
      const shell = spawn("bash", ["-c", "exec 3<&0; " + ends.join(" ")], { stdio: ["pipe", "ignore", "inherit"] });
      await once(shell, "exit");
      const ended = [];
      for (const deadline = Date.now() + 5000; ended.length < 3 && Date.now() < deadline; ) ended.push(...native.reap());
      report({ ended: ended.map(({ pid, ...how }) => JSON.stringify(how)).sort(), none: native.reap() });`,
      ...unshare("--pid", "--fork"),
    );
    expect(found).toEqual({
      ended: ['{"code":3}', '{"signal":"SIGABRT"}', '{"signal":"SIGKILL"}'],
      none: [],
    });
  });

  it("of node:child_process are left alone when another pid is asked for", async () => {
    const child = spawn("true", { stdio: "ignore" });
    expect(native.reap(2 ** 22)).toEqual([]);
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe.skipIf(!isRoot)("giving up root", () => {
  it("takes every id and group, for good, and each refusal afterwards says what is missing", () => {
    const found = finding(
      `
      const groups = status("Groups");
      native.setUser(65534, 65533);
      const taken = { uid: status("Uid"), gid: status("Gid"), groups: status("Groups") };
      report({ groupsBefore: groups, ...taken,
        lock: failure(() => native.lockMemory({ onFault: false })),
        realtime: failure(() => native.setRealtime(1)),
        mount: failure(() => native.mount({ source: "", target: "/mnt", type: "tmpfs", flags: [] })),
        reboot: failure(() => native.reboot("restart")),
        name: failure(() => native.setHostName("other")),
        user: failure(() => native.setUser(1000, 1000)),
        back: failure(() => process.setuid(0)) });`,
      ...["setpriv", "--groups", "4,24"],
    );
    const refusal = (attempted: string, missing: string): string =>
      `process: ${attempted}: EPERM (Operation not permitted): ${missing}`;
    expect(found).toMatchObject({
      uid: "65534\t65534\t65534\t65534",
      gid: "65533\t65533\t65533\t65533",
      groupsBefore: "4 24 ",
      groups: "",
      lock: expect.stringMatching(
        /^process: lock the memory: \/.*: ENOMEM \(Cannot allocate memory\): more than the limit \(RLIMIT_MEMLOCK\) allows without CAP_IPC_LOCK$/,
      ),
      realtime: refusal(
        "schedule as SCHED_RR with priority 1",
        "needs CAP_SYS_NICE, or a limit (RLIMIT_RTPRIO) that allows it",
      ),
      mount: refusal("mount none on /mnt as tmpfs", "needs CAP_SYS_ADMIN"),
      reboot: refusal("restart the machine", "needs CAP_SYS_BOOT"),
      name: refusal('set the host name "other"', "needs CAP_SYS_ADMIN"),
      user: refusal("become user 1000 and group 1000", "needs CAP_SETUID and CAP_SETGID"),
      back: expect.stringContaining("EPERM"),
    });
  });
});

describe("arguments out of bounds", () => {
  it.each([
    [
      "a real-time priority of 0",
      () => native.setRealtime(0),
      "real-time priority: 0 is not an integer from 1 to 99",
    ],
    ["a fraction of a priority", () => native.setRealtime(1.5), "1.5 is not an integer from 1 to 99"],
    [
      "root as the user to become",
      () => native.setUser(0, 0),
      "uid: 0 is not an integer from 1 to 4294967294",
    ],
    ["a negative pid", () => native.reap(-5), "pid: -5 is not an integer from 1 to 4194304"],
    ["an OOM score over 1000", () => native.adjustOom(1001), "1001 is not an integer from -1000 to 1000"],
    [
      "a negative loop offset",
      () => native.attachLoop({ file: "/dev/null", offset: -512, sizeLimit: 0, readOnly: true }),
      "loop offset: -512 is not an integer",
    ],
  ])("refuse %s", (_case, action, message) => {
    expect(action).toThrow(RangeError);
    expect(action).toThrow(message);
  });

  it("refuse a loop offset within a sector", () => {
    const request = { file: "/etc/hostname", offset: 513, sizeLimit: 0, readOnly: true };
    expect(() => native.attachLoop(request)).toThrow(
      "process: attach a loop device to /etc/hostname at offset 513: EINVAL (Invalid argument): offset and size limit must be multiples of 512",
    );
  });
});

describe("the OOM score", () => {
  it("is written where the kernel reads it", () => {
    const found = finding(
      'native.adjustOom(300); report({ score: readFileSync("/proc/self/oom_score_adj", "utf8") });',
    );
    expect(found).toEqual({ score: "300\n" });
  });
});

const reason = available();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("modules and loop devices", () => {
  const folder = mkdtempSync(join(tmpdir(), "process-"));
  const garbage = join(folder, "garbage.ko");
  const disk = join(folder, "disk");
  const offset = 65_536;
  let guest: GuestRun;

  beforeAll(async () => {
    writeFileSync(garbage, "this is no module");
    writeFileSync(join(folder, "cluster.yaml"), "cluster: rack7\n");
    const image = join(folder, "fat");
    for (const [command = "", ...args] of [
      ["mkfs.fat", "-C", image, "256"],
      ["mcopy", "-i", image, join(folder, "cluster.yaml"), "::cluster.yaml"],
    ]) {
      const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
    }
    writeFileSync(disk, Buffer.concat([Buffer.alloc(offset), readFileSync(image)]));
    const paths = [garbage, disk, String(offset)];
    guest = await runGuest("test/support/native-guest.ts", ["modules", modulesFolder(), ...paths]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const report = (key: string): Record<string, unknown> => {
    const line = guest.lines.find((one) => key in one);
    if (line === undefined) throw new Error(`the guest did not report "${key}":\n${guest.console}`);
    return line;
  };

  it("tell whether a module was loaded or was there already", () => {
    expect(report("first")).toEqual({ first: "loaded", second: "already" });
  });

  it("tell a missing file, a file that is no module and a missing dependency apart", () => {
    const folderOfModules = join(modulesFolder(), "kernel/fs");
    expect(report("missing")).toEqual({
      missing: {
        code: "ENOENT",
        message: `process: load module ${folderOfModules}/none.ko: ENOENT (No such file or directory)`,
      },
      garbage: {
        code: "ENOEXEC",
        message: `process: load module ${garbage}: ENOEXEC (Exec format error): not a module for this kernel`,
      },
      needsFat: {
        code: "ENOENT",
        message: `process: load module ${folderOfModules}/fat/vfat.ko: ENOENT (No such file or directory): a symbol that it needs is in no loaded module`,
      },
    });
  });

  it("read a FAT file system in the middle of a file", () => {
    expect(report("device")).toEqual({ device: "/dev/loop0", text: "cluster: rack7\n" });
  });

  it("keep a device that was detached until its last mount ends, then free it", () => {
    expect(report("detachedTwice")).toMatchObject({
      detachedTwice: { code: "EBADF" },
      stillMounted: "cluster: rack7\n",
    });
    expect(report("freed")).toEqual({ freed: "0" });
  });

  it("end with the machine powered off", () => {
    expect(guest.console).toContain("reboot: System halted");
    expect(guest.code).toBe(0);
  });
});
