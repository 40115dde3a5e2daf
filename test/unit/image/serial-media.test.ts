// Heartbeats on a serial port that is the console of the box would be read by the boot loader and mixed with the kernel's words.

import { expect, test } from "vitest";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { renderDiagnostics } from "../../../firmware/core/config/render.ts";
import { loadBoard } from "../../../image/hwdb/boards.ts";
import { serialDiagnostics } from "../../../image/serial-media.ts";

/** What is said about a cluster file whose first node names the profile. */
function said(device: string, profile: string): string {
  const text = `version: 1
cluster: rack7
nodes:
  n1: { profile: ${profile}, interfaces: { eth0: { address: 10.0.0.1/24 } } }
  n2: { interfaces: { eth0: { address: 10.0.0.2/24 } } }
heartbeat:
  deadtime: 10s
  media:
    - bcast: eth0
    - serial: ${device}
  auth: { method: sha1, key: wachtwoord }
`;
  const { config, diagnostics } = checkClusterFile(text, "cluster.yaml");
  if (config === undefined) throw new Error(renderDiagnostics(diagnostics, text));
  const found = serialDiagnostics(text, "cluster.yaml", config, loadBoard("generic-x86_64"));
  return found.length === 0 ? "" : renderDiagnostics(found, text);
}

test("the console is refused for each board that the nodes are of, with the line and a port that is free", () => {
  const text = said("/dev/ttyS0", "netfinity-5500");
  expect(text).toContain("cluster.yaml:10:15: error: netfinity-5500: /dev/ttyS0 is its console");
  expect(text).toContain(
    "error: generic-x86_64: /dev/ttyS0 is its console and carries no heartbeats; free is /dev/ttyS1",
  );
  expect(text).toContain("2 errors");
});

const fit = [
  ["the second port", "/dev/ttyS1"],
  ["a USB adapter", "/dev/ttyUSB0"],
  ["a port that the board's data does not name", "/dev/ttyS7"],
] as const;
test.each(fit)("%s may carry heartbeats", (_, device) => {
  expect(said(device, "qemu-pc")).toBe("");
});
