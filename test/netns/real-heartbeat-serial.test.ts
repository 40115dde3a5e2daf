// One node of ours and one of Debian's heartbeat 3.0.6 with nothing between them but a serial cable (two ptys and a relay at
// 19200 baud). heartbeat's serial medium writes classic frames, as ours does.

import { afterEach, beforeEach, expect, test } from "vitest";
import { beside, whyNotBeside } from "../support/beside.ts";
import { NullModem } from "../support/null-modem.ts";
import { until } from "../support/until.ts";

const why = whyNotBeside();
const options = { media: "serial" } as const;

let nullModem: NullModem;
beforeEach(() => {
  nullModem = new NullModem({ baud: 19_200 });
});
afterEach(() => nullModem.dispose());

test.skipIf(why)(
  "started together; the real node loses its power and comes back, then ours does",
  async () => {
    await beside({ name: "serial: power cut", options, nullModem }, async (cluster) => {
      const { first, second, ours } = cluster;
      nullModem.cut();
      await second.cutPower();
      await cluster.holdsAll(first);
      nullModem.join();
      await second.powerOn();
      await cluster.settled("local");
      if (first.software.isOurs) expect(ours.log).toContain("Link director2:/dev/shm/ttyS1 up.");
      nullModem.cut();
      await first.cutPower();
      nullModem.release(0);
      await cluster.holdsAll(second);
      nullModem.join();
      await first.powerOn();
      await cluster.settled("local");
    });
  },
);

test.skipIf(why)("clean stops, and moves by the operators of both nodes", async () => {
  await beside({ name: "serial: stop and move", options, nullModem }, async (cluster) => {
    const { first, second } = cluster;
    await second.software.stop();
    await cluster.holdsAll(first);
    await second.software.start();
    await cluster.settled("local");
    await first.software.stop();
    await cluster.holdsAll(second);
    // Whoever stops in order is dead a deadtime later all the same; so that each run has this line.
    await until("its silence is noticed", async () => /director1: is dead/.test(await second.software.log()));
    await first.software.start();
    await cluster.settled("local");
    await first.software.operate("standby", "all");
    await cluster.settled("none");
    await second.software.operate("standby", "foreign");
    await cluster.settled("local");
  });
});
