// What `pulsebox service` prints, as golden files, and how a path that means something to systemd or to a shell gets into it.

import { expect, test } from "vitest";
import { initScript, systemdUnit } from "../../../firmware/console/service.ts";

test("the systemd unit is as written", async () => {
  await expect(systemdUnit("/usr/sbin/pulsebox")).toMatchFileSnapshot(
    "../../golden/console/pulsebox.service",
  );
});

test("the init script is as written", async () => {
  await expect(initScript("/usr/sbin/pulsebox")).toMatchFileSnapshot("../../golden/console/pulsebox.init");
});

test.each([
  [
    "/opt/pulsebox-0.2+b1/pulsebox",
    "ExecStart=/opt/pulsebox-0.2+b1/pulsebox ha",
    "PROGRAM=/opt/pulsebox-0.2+b1/pulsebox",
  ],
  ["/opt/my box/pulsebox", 'ExecStart="/opt/my box/pulsebox" ha', "PROGRAM='/opt/my box/pulsebox'"],
  ["/opt/50%/$HOME", "ExecStart=/opt/50%%/$$HOME ha", "PROGRAM='/opt/50%/$HOME'"],
  ["/opt/it's", 'ExecStart="/opt/it\'s" ha', "PROGRAM='/opt/it'\\''s'"],
])("the program %s is named so that nobody misreads it", (program, unit, script) => {
  expect(systemdUnit(program).split("\n")).toContain(unit);
  expect(initScript(program).split("\n")).toContain(script);
});
