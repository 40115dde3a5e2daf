// Heartbeats over a serial null-modem cable (two ptys and a relay): alone between two of our daemons, and beside a network.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ClusterLab } from "../support/cluster.ts";
import { available } from "../support/netns.ts";
import { NullModem, plugSerial } from "../support/null-modem.ts";

const why = available();
if (why !== undefined) console.warn(`serial media between daemons: skipped, ${why}`);

const device = "/dev/shm/ttyS1";

/** A cluster whose directors have a null-modem cable between them as well. */
async function wired(cable: NullModem, media: readonly string[]): Promise<ClusterLab> {
  const lab = await ClusterLab.create({ media, keepalive: "200ms", deadtime: "1s" });
  await plugSerial(lab.director1.namespace, device, cable.paths[0]);
  await plugSerial(lab.director2.namespace, device, cable.paths[1]);
  return lab;
}

describe.skipIf(why)("two daemons with nothing but a serial cable at 19200 baud", () => {
  let lab: ClusterLab;
  let cable: NullModem;

  beforeAll(async () => {
    cable = new NullModem({ baud: 19_200 });
    lab = await wired(cable, [`serial: ${device}`]);
    await lab.start();
  });

  afterAll(async () => {
    await lab?.dispose();
    cable?.dispose();
  });

  test("hear each other, and the preferred owner has the address", async () => {
    await lab.settled(lab.director1);
    expect(await lab.director1.addresses()).toContain(lab.vip);
    expect(lab.director2.log).toContain("Link director1:/dev/shm/ttyS1 up.");
  });
});
