// Bringing a box up, as data: the steps in their order are this file's contents page. The sequence ends when the ha
// process has all it needs; until there is a good cluster file the box stays passive and says what it waits for.

import type { NodeConfig } from "../core/config/cluster.ts";
import type { BoxFacts } from "../core/config/identity.ts";
import type { BootNetwork, Box, ModuleIndex, Pause } from "../ports/box.ts";
import type { Log } from "../ports/log.ts";
import type { Link, Outcome } from "../ports/network.ts";
import { type Coldplug, createColdplug } from "./coldplug.ts";
import { type AcceptedFile, lookForClusterFile } from "./find-cluster-file.ts";

export interface BootPorts {
  readonly box: Box;
  readonly network: BootNetwork;
  readonly log: Log;
  readonly pause: Pause;
  /** Read afresh at every look: cards and addresses may appear late. */
  facts(): BoxFacts;
  links(): readonly Link[];
}

interface Boot extends BootPorts {
  readonly coldplug: Coldplug;
  file?: AcceptedFile;
}

interface BootStep {
  readonly title: string;
  run(boot: Boot): Promise<void> | void;
}

/** How often a passive box looks again, and how often it repeats why it waits, in milliseconds. */
const lookInterval = 1000;
const remindInterval = 60_000;
/** How long a slow card or USB bus may take to show an interface that the cluster file names, in milliseconds. */
const interfaceWait = 10_000;

export const bootSequence: readonly BootStep[] = [
  { title: "kernel settings", run: applyKernelSettings },
  { title: "hardware", run: (boot) => void boot.coldplug.settle() },
  { title: "cluster file", run: waitForClusterFile },
  {
    title: "watchdog",
    run: (boot) => accepted(boot).config.heartbeat.watchdog && boot.coldplug.ensureWatchdog(),
  },
  { title: "network", run: bringUpNetwork },
  { title: "hand over", run: (boot) => must(boot, boot.box.handOver(accepted(boot).text)) },
];

/** Runs the whole sequence. Throws only when the box cannot go on at all; PID 1 then starts the sequence again. */
export async function bringUp(ports: BootPorts, index: ModuleIndex): Promise<NodeConfig> {
  const boot: Boot = { ...ports, coldplug: createColdplug(ports.box, index, ports.log) };
  for (const step of bootSequence) {
    boot.log.write("debug", `Boot step: ${step.title}`);
    await step.run(boot);
  }
  return accepted(boot).node;
}

function accepted(boot: Boot): AcceptedFile {
  if (boot.file === undefined)
    throw new Error("boot sequence: no cluster file was accepted before this step");
  return boot.file;
}

function must(boot: Boot, outcome: Outcome): void {
  if (outcome.ok) return;
  boot.log.write("CRIT", outcome.error);
  throw new Error(outcome.error);
}

function say(boot: Boot, outcome: Outcome): void {
  if (!outcome.ok) boot.log.write("ERROR", outcome.error);
}

/** Values a director needs: a secondary address survives the removal of the primary one, and ARP answers only for the interface asked. */
const kernelSettings: readonly (readonly [string, string])[] = [
  ["net.ipv4.conf.all.promote_secondaries", "1"],
  ["net.ipv4.conf.default.promote_secondaries", "1"],
  ["net.ipv4.conf.all.arp_ignore", "1"],
];

function applyKernelSettings(boot: Boot): void {
  for (const [name, value] of kernelSettings) say(boot, boot.box.setSysctl(name, value));
  say(boot, boot.network.setLinkUp("lo"));
}

async function waitForClusterFile(boot: Boot): Promise<void> {
  let told = "";
  let waited = 0;
  for (;;) {
    boot.coldplug.settle();
    const look = lookForClusterFile(boot.box, boot.facts());
    const words = look.refusals.join("\n");
    if (look.accepted !== undefined) {
      if (words !== "") boot.log.write("WARN", words);
      if (look.warnings !== undefined) boot.log.write("WARN", look.warnings);
      boot.file = look.accepted;
      const { medium, node, by, config } = look.accepted;
      boot.log.write(
        "info",
        `Cluster ${config.cluster}: this box is node ${node.name} (by ${by}), cluster file from ${medium.name}`,
      );
      return;
    }
    if (words !== told || waited >= remindInterval) {
      boot.log.write(
        "ERROR",
        `This box is passive: it has no usable cluster file.\n${words}\n${describeBox(boot)}`,
      );
      told = words;
      waited = 0;
    }
    await boot.pause.pause(lookInterval);
    waited += lookInterval;
  }
}

function describeBox(boot: Boot): string {
  const rows = boot
    .links()
    .filter((link) => link.name !== "lo")
    .map((link) => `  ${link.name} ${link.mac} ${link.carrier ? "link up" : "no link"}`);
  const cards =
    rows.length > 0 ? `Network cards of this box:\n${rows.join("\n")}` : "No network card was found.";
  return `${cards}\nWaiting for a medium labelled CONFIG with a good cluster.yaml (looked for every second).`;
}

async function bringUpNetwork(boot: Boot): Promise<void> {
  const { node } = accepted(boot);
  say(boot, boot.box.setHostName(node.name));
  const missing = await waitForInterfaces(boot, node);
  for (const name of missing) {
    const found = boot
      .links()
      .map((link) => `${link.name} (${link.mac})`)
      .join(", ");
    boot.log.write(
      "ERROR",
      `Interface ${name} of node ${node.name} does not exist on this box; found: ${found}`,
    );
  }
  for (const { name, address, gateway } of node.interfaces) {
    if (missing.includes(name)) continue;
    say(boot, boot.network.setLinkUp(name));
    if (address !== undefined)
      say(boot, boot.network.addAddress(name, address.address, address.prefixLength));
    if (gateway !== undefined) say(boot, boot.network.addDefaultRoute(gateway, name));
  }
}

async function waitForInterfaces(boot: Boot, node: NodeConfig): Promise<readonly string[]> {
  for (let waited = 0; ; waited += lookInterval) {
    const names = new Set(boot.links().map((link) => link.name));
    const missing = node.interfaces.map((row) => row.name).filter((name) => !names.has(name));
    if (missing.length === 0 || waited >= interfaceWait) return missing;
    await boot.pause.pause(lookInterval);
    boot.coldplug.settle();
  }
}
