// Runs as PID 1 of a User-mode Linux guest and holds the port Watchdog to a real timer (softdog): the timeout asked for, the one
// kept when the driver refuses, petting past the timeout, and the end of the timer. Writes a JSON line for each finding.

import { writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openDeviceWatchdog } from "../../firmware/adapters/device-watchdog.ts";
import { loadModule, reboot } from "../../native/process/index.ts";

const modules = process.argv[2] ?? "";
/** The guest's first watchdog is User-mode Linux's own. */
const device = "/dev/watchdog1";

function report(finding: Record<string, unknown>): void {
  writeSync(1, `${JSON.stringify(finding)}\n`);
}

loadModule(join(modules, "kernel/drivers/watchdog/softdog.ko"), "soft_margin=20 nowayout=0");
const refusing = openDeviceWatchdog(device, 100_000);
report({ refused: refusing.timeout, identity: refusing.identity });
refusing.disarm();

const watchdog = openDeviceWatchdog(device, 1);
report({ accepted: watchdog.timeout });
for (let pets = 0; pets < 6; pets++) {
  watchdog.pet();
  await delay(250);
}
report({ outlived: "petting" });
watchdog.disarm();
await delay(1500);
report({ outlived: "disarming" });
reboot("poweroff");
