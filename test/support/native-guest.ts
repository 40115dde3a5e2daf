// Runs as PID 1 of a User-mode Linux guest and exercises the addons watchdog and process on its kernel: modules, softdog
// (Documentation/watchdog/watchdog-parameters.rst), a FAT file system behind a loop device, power-off. Writes one JSON line for
// each finding; native-guest.test.ts judges them. Arguments: scenario, folder of the guest's modules, further paths.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { attachLoop, loadModule, mount, reboot, sync, unmount } from "../../native/process/index.ts";
import { openWatchdog } from "../../native/watchdog/index.ts";

const [, , scenario = "", modules = "", ...paths] = process.argv;
/** The guest's first watchdog is User-mode Linux's own, which has none of the newer calls; softdog becomes the second. */
const softdog = "/dev/watchdog1";

function report(finding: Record<string, unknown>): void {
  writeSync(1, `${JSON.stringify(finding)}\n`);
}

/** Code and message of the error that `action` throws; a null code if it throws none. */
function failure(action: () => unknown): { code: unknown; message: string } {
  try {
    action();
    return { code: null, message: "no error" };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { code, message };
  }
}

function load(name: string, parameters = ""): "loaded" | "already" {
  return loadModule(join(modules, "kernel", name), parameters);
}

/** A timer that was to stop is proved by outliving its timeout: nothing else could stop the guest's end. */
async function watchdog(): Promise<void> {
  const loaded = load("drivers/watchdog/softdog.ko", "soft_margin=20 nowayout=0");
  const first = openWatchdog(softdog);
  report({ loaded, info: first.info(), timeout: first.timeout(), bootStatus: first.bootStatus() });
  report({ second: failure(() => openWatchdog(softdog)), timeLeft: first.timeLeft() ?? null });
  report({ accepted: first.setTimeout(15), tooLong: failure(() => first.setTimeout(100_000)) });
  report({ kept: first.timeout(), legacy: legacy() });

  const child = spawn("/bin/sleep", ["1000"], { stdio: "ignore" });
  await once(child, "spawn");
  first.setTimeout(1);
  first.disarm();
  await delay(1_500);
  report({ outlived: "disarm", closed: failure(() => first.pet()) });

  const second = openWatchdog(softdog);
  report({ heldByChild: false });
  child.kill("SIGKILL");
  for (let tick = 0; tick < 6; tick++) {
    second.pet();
    await delay(250);
  }
  report({ outlived: "pet" });
  second.abandon();
  report({ abandoned: performance.timeOrigin + performance.now(), closed: failure(() => second.abandon()) });
  await delay(20_000);
  report({ outlived: "abandon" });
}

/** User-mode Linux's own driver: nothing but open, pet and close. */
function legacy(): Record<string, unknown> {
  const opened = openWatchdog("/dev/watchdog");
  const info = opened.info();
  const findings = {
    info,
    setTimeout: failure(() => opened.setTimeout(5)),
    timeLeft: opened.timeLeft() ?? null,
  };
  opened.pet();
  opened.abandon();
  return findings;
}

function modulesAndLoop(): void {
  const [garbage = "", image = "", offset = "0"] = paths;
  report({ first: load("drivers/block/loop.ko", "max_loop=4"), second: load("drivers/block/loop.ko") });
  report({
    missing: failure(() => load("fs/none.ko")),
    garbage: failure(() => loadModule(garbage)),
    needsFat: failure(() => load("fs/fat/vfat.ko")),
  });
  for (const name of ["nls/nls_cp437.ko", "nls/nls_iso8859-1.ko", "fat/fat.ko", "fat/vfat.ko"])
    load(`fs/${name}`);

  const part = attachLoop({ file: image, offset: Number(offset), sizeLimit: 0, readOnly: true });
  mount({ source: "none", target: "/mnt", type: "tmpfs", flags: [] });
  mount({ source: part.device, target: "/mnt", type: "vfat", flags: ["ro", "nosuid", "nodev", "noexec"] });
  report({ device: part.device, text: readFileSync("/mnt/cluster.yaml", "utf8") });
  part.detach();
  report({
    detachedTwice: failure(() => part.detach()),
    stillMounted: readFileSync("/mnt/cluster.yaml", "utf8"),
  });
  unmount("/mnt");
  report({ freed: readFileSync("/sys/block/loop0/size", "latin1").trim() });
}

mount({ source: "proc", target: "/proc", type: "proc", flags: ["nosuid", "nodev", "noexec"] });
mount({ source: "sysfs", target: "/sys", type: "sysfs", flags: ["nosuid", "nodev", "noexec"] });
try {
  if (scenario === "watchdog") await watchdog();
  else modulesAndLoop();
} catch (error) {
  report({ broken: error instanceof Error ? error.stack : String(error) });
}
sync();
reboot("poweroff");
