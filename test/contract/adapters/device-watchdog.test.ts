// The port Watchdog on softdog in a User-mode Linux guest: if the adapter let the timer run out, the guest would end before it
// could report.

import { expect, test } from "vitest";
import { available, modulesFolder, runGuest } from "../../support/user-mode-linux.ts";

const why = available();
if (why !== undefined) console.warn(`watchdog adapter: skipped, ${why}`);

test.skipIf(why)(
  "keeps the driver's timeout when it refuses, outlives the timeout by petting, and stops the timer",
  async () => {
    const run = await runGuest("test/support/watchdog-guest.ts", [modulesFolder()]);
    expect(run.lines, run.console).toEqual([
      { refused: 20, identity: "Software Watchdog" },
      { accepted: 1 },
      { outlived: "petting" },
      { outlived: "disarming" },
    ]);
  },
);
