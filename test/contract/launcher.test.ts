// The launcher (native/launcher) as PID 1 and as the front of a program. What PID 1 asks of the kernel is compared with
// the transcripts in test/golden/launcher-*.txt: their "> " lines are the script, the rest is what must come of it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pack } from "../../image/binary/pack.ts";
import { root, smallParts, transcriptLauncher } from "../support/binary-build.ts";

const golden = join(root, "test/golden");
const transcripts = readdirSync(golden).filter((name) => /^launcher-.*\.txt$/.test(name));
const folder = mkdtempSync(join(tmpdir(), "pulsebox-launcher-"));
const file = join(folder, "pulsebox");
let transcriber = "";

beforeAll(async () => {
  transcriber = await transcriptLauncher();
  await pack(await smallParts(), file);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("as PID 1", () => {
  test.each(transcripts)("%s", async (name) => {
    const expected = readFileSync(join(golden, name), "utf8");
    const title = expected.slice(0, expected.indexOf("\n") + 1);
    const script = expected.split("\n").filter((line) => line.startsWith("> "));
    const input = `${script.map((line) => line.slice(2)).join("\n")}\n`;
    const { stdout } = spawnSync("sh", ["-c", 'exec "$0" 2>&1', transcriber], { input, encoding: "utf8" });
    expect(title + stdout).toBe(expected);
  });

  test("of a namespace it reaps orphans, restarts ha, and goes down in order", async () => {
    const box = startInNamespace();
    try {
      const ha = /ha runs: parent 1, leads its session: yes, blocks signals: no/g;
      await vi.waitFor(() => expect(box.output()).toMatch(ha), 10_000);
      const init = onlyChild(box.process.pid);
      process.kill(onlyChild(init), "SIGKILL");
      await vi.waitFor(() => expect(box.output().match(ha)).toHaveLength(2), 10_000);
      process.kill(init, "SIGTERM");
      await box.ended;
    } finally {
      box.process.kill("SIGKILL");
    }
    expect(box.output().split("\n")).toEqual([
      "init succeeds",
      "ha runs: parent 1, leads its session: yes, blocks signals: no",
      "pulsebox: ha died of signal 9 (Killed); starting it again in 100 ms (1 of 5 within 60 s)",
      "ha runs: parent 1, leads its session: yes, blocks signals: no",
      "pulsebox: signal 15 (Terminated): rebooting as soon as everything has ended, in 30 s at the latest",
      "ha ends in order",
      "pulsebox: ha ended with exit code 0",
      "pulsebox: rebooting",
      "",
    ]);
  });
});

describe("in front of a program", () => {
  const start = (args: string[], env: Record<string, string>) =>
    spawnSync(file, args, { encoding: "utf8", env });

  test("hands on arguments, environment and exit code, and keeps the file's own path", () => {
    const { status, stdout } = start(["first", "", "two words"], { A: "1", EMPTY: "" });
    expect(stdout.split("\n")).toEqual([
      "argument first",
      "argument ",
      "argument two words",
      "variable A=1",
      "variable EMPTY=",
      expect.stringMatching(/^variable PULSEBOX_ADDONS=sample=\d+$/),
      `file ${file}`,
      "",
    ]);
    expect(status).toBe(7);
  });

  test("lets no library of the host in, and replaces the addons of an outer start", () => {
    const environment = {
      LD_PRELOAD: "/nonexistent.so",
      LD_LIBRARY_PATH: "/tmp",
      PULSEBOX_ADDONS: "sample=0",
    };
    const { stderr, stdout } = start([], environment);
    expect(stderr).toBe("");
    expect(stdout).not.toContain("LD_");
    expect(stdout.match(/PULSEBOX_ADDONS=sample=\d{3}\n/g)).toHaveLength(1);
  });

  test("works with a low limit of open files", () => {
    const { status } = spawnSync("sh", ["-c", `ulimit -n 32; exec ${file}`], { encoding: "utf8" });
    expect(status).toBe(7);
  });

  test("says what is wrong where /proc is missing", () => {
    const { status, stderr } = spawnSync(
      "unshare",
      [...namespaces, "sh", "-c", `mount -t tmpfs none /proc && exec ${file}`],
      {
        encoding: "utf8",
      },
    );
    expect(stderr).toBe(
      "pulsebox: cannot open /proc/self/exe (is /proc mounted?): ENOENT (No such file or directory)\n",
    );
    expect(status).toBe(111);
  });
});

/** Without root, a user namespace gives the right to the others. */
const namespaces = process.getuid?.() === 0 ? ["-m"] : ["-Urm"];

function startInNamespace() {
  // Both streams go to one pipe, so that their order is that of writing, as on a console.
  const command = ["exec unshare", ...namespaces, "-fp", "--mount-proc", file, "2>&1"].join(" ");
  const box: ChildProcess = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  box.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ended = new Promise((resolve) => box.on("close", resolve));
  return { process: box, output: () => text, ended };
}

function onlyChild(pid: number | undefined): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  if (!/^\d+$/.test(children)) throw new Error(`process ${pid} has not one child but "${children}"`);
  return Number(children);
}
