// The port Programs: one table for the fake and for real children, then what only real children can show (processes left
// running, groups, identity, descriptors, priority, leaks).

import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChildPrograms } from "../../../firmware/adapters/child-programs.ts";
import type { Program, ProgramOutcome } from "../../../firmware/core/program.ts";
import type { Programs } from "../../../firmware/ports/programs.ts";
import { FakePrograms } from "../../support/fake-ports.ts";
import { until } from "../../support/until.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: only root may start programs as another user");

interface End {
  readonly outcome: ProgramOutcome;
  readonly output: string;
}

/** What a shell does with `script`. */
const shell = (script: string): Program => ({ command: ["/bin/sh", "-c", script] });

/** Runs a program to its outcome. */
function end(programs: Programs, program: Program, id = "one"): Promise<End> {
  return new Promise((resolve) =>
    programs.run(id, program, (outcome, output) => resolve({ outcome, output })),
  );
}

interface Subject {
  readonly programs: Programs;
  /** Lets what `waiting` started end by itself, with this code. */
  finish(id: string, code: number): void;
  /** A program that waits for `finish`. */
  waiting(id: string): Program;
  killed(id: string): void;
  dispose(): void;
}

function real(): Subject {
  const folder = mkdtempSync(join(tmpdir(), "pulsebox-programs-"));
  return {
    programs: new ChildPrograms({ grace: 300 }),
    waiting: (id) =>
      shell(`while [ ! -s ${folder}/${id} ]; do sleep 0.01; done; exit $(cat ${folder}/${id})`),
    finish: (id, code) => writeFileSync(join(folder, id), `${code}\n`),
    killed: () => {},
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

function fake(): Subject {
  const programs = new FakePrograms();
  return {
    programs,
    waiting: (id) => ({ command: [id] }),
    finish: (id, code) => programs.end(id, { kind: "exit", code }),
    killed: (id) => programs.end(id, { kind: "killed" }),
    dispose: () => {},
  };
}

describe.each([
  ["fake", fake],
  ["child processes", real],
] as const)("programs: %s", (_, make) => {
  let subject: Subject;
  beforeEach(() => {
    subject = make();
  });
  afterEach(async () => {
    await subject.programs.close();
    subject.dispose();
  });

  it("calls back once with the exit code, and not before `run` has returned", async () => {
    const outcomes: ProgramOutcome[] = [];
    subject.programs.run("one", subject.waiting("one"), (outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([]);
    subject.finish("one", 7);
    await until("the outcome is there", () => outcomes.length > 0);
    subject.programs.kill("one");
    await Promise.resolve();
    expect(outcomes).toEqual([{ kind: "exit", code: 7 }]);
  });

  it("keeps runs apart by their ids, and an id is free again after its end", async () => {
    const { programs } = subject;
    const ends = [
      end(programs, subject.waiting("a"), "a"),
      end(programs, subject.waiting("b"), "b"),
    ] as const;
    subject.finish("b", 2);
    subject.finish("a", 1);
    expect((await ends[0]).outcome).toEqual({ kind: "exit", code: 1 });
    expect((await ends[1]).outcome).toEqual({ kind: "exit", code: 2 });
    const again = end(programs, subject.waiting("c"), "a");
    subject.finish(make === fake ? "a" : "c", 3);
    expect((await again).outcome).toEqual({ kind: "exit", code: 3 });
  });

  it("tells a program that was killed from one that ended by itself", async () => {
    const ended = end(subject.programs, subject.waiting("one"));
    subject.programs.kill("one");
    subject.killed("one");
    expect((await ended).outcome).toEqual({ kind: "killed" });
  });

  it("ignores the killing of what does not run, and calls nobody back after it was closed", async () => {
    const { programs } = subject;
    programs.kill("nobody");
    const outcomes: ProgramOutcome[] = [];
    programs.run("one", subject.waiting("one"), (outcome) => outcomes.push(outcome));
    await programs.close();
    if (make === fake) subject.finish("one", 0);
    expect(outcomes).toEqual([]);
  });
});

describe("child processes", () => {
  it("looks a name up in the directories given, in their order, and nowhere else", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulsebox-search-"));
    const search = ["first", "second"].map((name) => join(folder, name));
    const script = (directory: string, name: string, mode: number): void => {
      mkdirSync(join(folder, directory), { recursive: true });
      writeFileSync(join(folder, directory, name), `#!/bin/sh\necho ${directory} "$@"\n`, { mode });
    };
    script("first", "both", 0o755);
    script("second", "both", 0o755);
    script("first", "data", 0o644);
    script("second", "data", 0o755);
    mkdirSync(join(folder, "first", "true"));
    const programs = new ChildPrograms();
    try {
      const run = (name: string) => end(programs, { command: [name, "a b", "start"], search });
      expect(await run("both")).toMatchObject({ output: "first a b start" });
      expect(await run("data")).toMatchObject({ output: "second a b start" });
      expect((await run("true")).outcome).toEqual({
        kind: "error",
        error: `ENOENT: no executable true in ${search.join(" or ")}`,
      });
      expect((await end(programs, { command: ["/bin/true"], search })).outcome).toEqual({
        kind: "exit",
        code: 0,
      });
    } finally {
      await programs.close();
      rmSync(folder, { recursive: true });
    }
  });

  let programs: ChildPrograms;
  beforeEach(() => {
    programs = new ChildPrograms({ grace: 300 });
  });
  afterEach(() => programs.close());

  const said = async (script: string): Promise<string> => (await end(programs, shell(script))).output;

  it.each<readonly [string, Program, ProgramOutcome, string]>([
    ["success", shell("exit 0"), { kind: "exit", code: 0 }, ""],
    ["an exit code", shell("echo no >&2; exit 100"), { kind: "exit", code: 100 }, "no"],
    ["a signal", shell("kill -SEGV $$"), { kind: "signal", signal: "SIGSEGV" }, ""],
    [
      "a program that is not there",
      { command: ["/usr/lib/site/agent"] },
      { kind: "error", error: "child: run /usr/lib/site/agent: ENOENT (No such file or directory)" },
      "",
    ],
    [
      "a name that is nowhere in PATH",
      { command: ["no-such-program"] },
      {
        kind: "error",
        error:
          "child: run no-such-program: ENOENT (No such file or directory): it is in none of the directories of PATH",
      },
      "",
    ],
    [
      "a file that may not be executed",
      { command: ["/etc/passwd"] },
      { kind: "error", error: "child: run /etc/passwd: EACCES (Permission denied)" },
      "",
    ],
    [
      "a folder",
      { command: ["/etc"] },
      { kind: "error", error: "child: run /etc: EACCES (Permission denied)" },
      "",
    ],
    [
      "a user that nobody is",
      { command: ["/bin/true"], user: "nosuchuser" },
      {
        kind: "error",
        error:
          'child: run /bin/true as user nosuchuser: EINVAL (Invalid argument): /etc/passwd has no user "nosuchuser"',
      },
      "",
    ],
    ["a name in PATH", { command: ["echo", "a b", "$c"] }, { kind: "exit", code: 0 }, "a b $c"],
  ])("reports %s", async (_, program, outcome, output) => {
    expect(await end(programs, program)).toEqual({ outcome, output });
  });

  it("names the interpreter as what is missing, and a text without one as no program", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulsebox-programs-"));
    const script = join(folder, "script");
    writeFileSync(script, "#!/usr/bin/no-such-interpreter\n", { mode: 0o755 });
    expect((await end(programs, { command: [script] })).outcome).toEqual({
      kind: "error",
      error: `child: run ${script}: ENOENT (No such file or directory): the file is there, but not the interpreter that it names`,
    });
    writeFileSync(script, "exit 0\n");
    expect((await end(programs, { command: [script] })).outcome).toMatchObject({
      error: expect.stringMatching(/ENOEXEC .*neither a program of this machine nor a script/),
    });
    rmSync(folder, { recursive: true });
  });

  it("keeps the end of what was printed, however much it was", async () => {
    const { output, outcome } = await end(
      programs,
      shell("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end"),
    );
    expect(outcome).toEqual({ kind: "exit", code: 0 });
    expect(output).toMatch(/^x{1900,2000}\nthe end$/);
  });

  it.skipIf(!isRoot)("runs as a user by name or number, with that user's groups only", async () => {
    const id = async (user: string): Promise<string> =>
      (await end(programs, { command: ["id"], user })).output;
    expect(await id("nobody")).toBe("uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)");
    expect(await id("65534")).toBe("uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)");
    expect(await id("4001")).toBe("uid=4001 gid=4001 groups=4001");
  });

  it.skipIf(!isRoot)("says what a user may not execute", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulsebox-programs-"));
    const { outcome } = await end(programs, { command: [`${folder}/agent`], user: "nobody" });
    const error = `child: run ${folder}/agent as user nobody: EACCES (Permission denied)`;
    expect(outcome).toEqual({ kind: "error", error });
    rmSync(folder, { recursive: true });
  });

  it("leaves running what a program has started, and goes on reading what that prints", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulsebox-programs-"));
    // Each counts what it has printed without dying of it.
    const daemon = (number: number) =>
      `(while echo x; do echo x >>${folder}/${number}; sleep 0.01; done) & echo $!`;
    const script = [1, 2, 3].map(daemon).join("; ");
    const { outcome, output } = await end(programs, shell(`${script}; exit 3`));
    expect(outcome).toEqual({ kind: "exit", code: 3 });
    const daemons = output
      .split("\n")
      .filter((line) => line !== "x")
      .map(Number);
    expect(daemons).toHaveLength(3);
    for (const number of [1, 2, 3]) {
      const printed = () => statSync(join(folder, `${number}`), { throwIfNoEntry: false })?.size ?? 0;
      const before = printed();
      await until("it goes on printing", () => printed() > before + 20);
    }
    for (const pid of daemons) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("ends what takes too long, with its whole group: SIGTERM, then SIGKILL", async () => {
    const stubborn =
      "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.05; done' & echo $$; wait";
    const started = performance.now();
    const { outcome, output } = await end(programs, { ...shell(`${stubborn}; wait; wait`), timeout: 600 });
    expect(outcome).toEqual({ kind: "timeout" });
    expect(performance.now() - started).toBeGreaterThan(880);
    const pids = output.split("\n").map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });

  it("gives the others of its group the same time to end in order", async () => {
    const orderly =
      "sh -c 'trap \"sleep 0.1; echo ended in order; exit\" TERM; echo ready; while :; do sleep 0.01; done' & wait";
    const { outcome, output } = await end(programs, { ...shell(orderly), timeout: 600 });
    expect(outcome).toEqual({ kind: "timeout" });
    expect(output).toMatch(/^ready\n(Terminated\n)?ended in order$/);
  });

  it("ends a program that was killed before it had even started", async () => {
    const ended = end(programs, shell("sleep 60"));
    programs.kill("one");
    expect((await ended).outcome).toEqual({ kind: "killed" });
  });

  it("has nothing of the daemon: no descriptor, no signal, no terminal, no priority, no protection", async () => {
    expect(await said("ls /proc/self/fd | sort -n | tr '\\n' ' '")).toBe("0 1 2 3"); // 3 is the folder that ls reads
    expect(await said("readlink /proc/self/fd/0")).toBe("/dev/null");
    const status = await said("cat /proc/self/status");
    expect(status).toMatch(/SigBlk:\s0{16}\n/);
    expect(status).toMatch(/SigIgn:\s0{16}\n/);
    expect(status).toMatch(/VmLck:\s+0 kB/);
    expect(await said("cut -d' ' -f1,5,6,7 /proc/$$/stat")).toMatch(/^(\d+) \1 \1 0$/);
    expect(await said("chrt -p $$")).toContain("SCHED_OTHER");
    expect(await said("cat /proc/self/oom_score_adj")).toBe("0");
    expect(Number(await said("ulimit -n"))).toBeLessThanOrEqual(1024);
    expect(await said("env | sort | cut -d= -f1 | tr '\\n' ' '")).toBe("HOME LANG LC_ALL PATH PWD");
  });

  it("leaves no descriptor and no zombie after a thousand quick runs", async () => {
    const opened = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round++) {
      const runs = Array.from({ length: 50 }, (_, each) =>
        end(programs, { command: [each % 5 === 0 ? "/no/such" : "/bin/true"] }, `${round}.${each}`),
      );
      await Promise.all(runs);
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(opened + 2);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim();
    for (const pid of children.split(" ").filter(Boolean)) {
      expect(readFileSync(`/proc/${pid}/stat`, "latin1")).not.toMatch(/\) Z /);
    }
  });

  it("leaves the start to the thread pool: nobody waits for it, however long that has other work", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulsebox-programs-"));
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    // Opening a pipe waits until its other end is opened, too: none of the four threads is free.
    const busy = Array.from({ length: 4 }, () => openFile(pipe, "r"));
    const before = children();
    const ended = end(programs, { command: ["/bin/true"] });
    const meanwhile = children();
    const otherEnd = openSync(pipe, "r+");
    for (const each of busy) await (await each).close();
    closeSync(otherEnd);
    expect(meanwhile).toEqual(before);
    expect((await ended).outcome).toEqual({ kind: "exit", code: 0 });
    rmSync(folder, { recursive: true });
  });
});

/** The processes that any thread of this one has started, ended ones until they are collected (proc(5)). */
function children(): readonly string[] {
  return readdirSync("/proc/self/task")
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, "latin1").split(" "))
    .filter(Boolean)
    .sort();
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
