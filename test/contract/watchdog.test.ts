// The watchdog addon against real kernels: what this machine refuses, and everything else on softdog in a User-mode Linux guest
// (Documentation/watchdog/watchdog-api.rst).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWatchdog } from "../../native/watchdog/index.ts";
import { available, type GuestRun, modulesFolder, runGuest } from "../support/user-mode-linux.ts";

const folder = mkdtempSync(join(tmpdir(), "watchdog-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("opening what is no watchdog", () => {
  const file = join(folder, "file");
  writeFileSync(file, "as it was");
  const notAWatchdog = "ENOTTY (Inappropriate ioctl for device): not a watchdog device";
  const refusals = [
    ["a device that is not there", join(folder, "none"), -2, "ENOENT (No such file or directory)"],
    ["a character device of another kind", "/dev/null", -25, notAWatchdog],
    ["an ordinary file", file, -25, notAWatchdog],
    ["a folder", folder, -21, "EISDIR (Is a directory)"],
  ] as const;

  it.each(refusals)("is refused for %s", (_case, path, errno, words) => {
    const code = words.slice(0, words.indexOf(" "));
    const message = `watchdog: open ${path}: ${words}`;
    expect(() => openWatchdog(path)).toThrow(expect.objectContaining({ code, errno, message }));
  });

  it("writes nothing to it", () => {
    expect(() => openWatchdog(file)).toThrow("ENOTTY");
    expect(readFileSync(file, "utf8")).toBe("as it was");
  });

  it("is refused for a path that C would cut off", () => {
    expect(() => openWatchdog("/dev/null\0")).toThrow(RangeError);
  });
});

const reason = available();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("softdog", () => {
  let run: GuestRun;
  beforeAll(async () => {
    run = await runGuest("test/support/native-guest.ts", ["watchdog", modulesFolder()]);
  });

  /** The guest's finding that has `key`; a failing look-up shows all the guest said. */
  const finding = (key: string): Record<string, unknown> => {
    const line = run.lines.find((one) => key in one);
    if (line === undefined) throw new Error(`the guest did not report "${key}":\n${run.console}`);
    return line;
  };

  it("tells its identity, its options and its timeout", () => {
    expect(finding("info")).toEqual({
      loaded: "loaded",
      info: {
        identity: "Software Watchdog",
        firmwareVersion: 0,
        options: ["SETTIMEOUT", "MAGICCLOSE", "KEEPALIVEPING"],
        magicClose: true,
        canSetTimeout: true,
      },
      timeout: 20,
      bootStatus: [],
    });
  });

  it("cannot be opened twice", () => {
    const words = "open /dev/watchdog1: EBUSY (Device or resource busy)";
    expect(finding("second")).toMatchObject({ second: { code: "EBUSY", message: `watchdog: ${words}` } });
  });

  it("takes another timeout, and keeps the old one if the new one is out of range", () => {
    const words = "set the timeout of /dev/watchdog1 to 100000 s: EINVAL (Invalid argument)";
    expect(finding("accepted")).toEqual({
      accepted: 15,
      tooLong: { code: "EINVAL", message: `watchdog: ${words}` },
    });
    expect(finding("kept")).toMatchObject({ kept: 15 });
  });

  it("does not tell the time left, which it cannot", () => {
    expect(finding("timeLeft")).toMatchObject({ timeLeft: null });
  });

  it("stops by magic close, and the handle is of no more use", () => {
    const words = "pet /dev/watchdog1: EBADF (Bad file descriptor): it was closed before";
    expect(finding("closed")).toEqual({
      outlived: "disarm",
      closed: { code: "EBADF", message: `watchdog: ${words}` },
    });
  });

  it("is not held by a child process", () => {
    expect(finding("heldByChild")).toEqual({ heldByChild: false });
  });

  it("leaves the machine running while it is petted", () => {
    expect(run.lines).toContainEqual({ outlived: "pet" });
  });

  it("resets the machine after it was abandoned", () => {
    expect(finding("abandoned")).toMatchObject({ closed: { code: "EBADF" } });
    expect(run.lines).not.toContainEqual({ outlived: "abandon" });
    expect(run.console).toContain("softdog: Initiating system reboot");
    expect(run.lines.filter((line) => "broken" in line)).toEqual([]);
  });

  it("has an older driver beside it, whose fixed timeout is said in words", () => {
    const words = "EOPNOTSUPP (Operation not supported): the driver's timeout is fixed";
    expect(finding("legacy")).toMatchObject({
      legacy: {
        info: { identity: "UML Hardware Watchdog" },
        setTimeout: {
          code: "EOPNOTSUPP",
          message: `watchdog: set the timeout of /dev/watchdog to 5 s: ${words}`,
        },
        timeLeft: null,
      },
    });
  });
});
