// `npm start`: two directors booted from the same image with the same cluster file on a private network, a client beside
// them, the power of the active one cut, and what the client saw of it. Runs until Ctrl-C on a terminal; with `--once`,
// or where nobody watches, it ends after the story. Nothing leaves the network namespaces that it makes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { $ } from "zx";
import type { ClusterConfig, NodeConfig } from "../firmware/core/config/cluster.ts";
import { checkClusterFile } from "../firmware/core/config/cluster-file.ts";
import { ClientPing } from "../test/support/client-ping.ts";
import { type BootFrom, fastestAccelerator, Guest } from "../test/support/guest.ts";
import { GuestNetwork, type Plug } from "../test/support/guest-network.ts";
import { available } from "../test/support/netns.ts";
import { Screen, type Seat } from "./demo-screen.ts";

const clusterFile = "image/example/cluster.yaml";
const patience = 600_000;
const once = process.argv.includes("--once") || process.stdout.isTTY !== true;

interface Stand extends Seat {
  readonly node: NodeConfig;
  readonly firmware: "bios" | "uefi";
  readonly boot: BootFrom;
  readonly plugs: readonly Plug[];
}

async function builtIso(): Promise<string> {
  await $({ stdio: "inherit", verbose: false })`node scripts/image.ts --config ${clusterFile} --out dist`;
  const iso = readdirSync("dist").find((name) => name.endsWith("-generic-x86_64.iso"));
  if (iso === undefined) throw new Error("the build left no ISO in dist");
  return join("dist", iso);
}

function exampleCluster(): { config: ClusterConfig; address: string } {
  const { config } = checkClusterFile(readFileSync(clusterFile, "utf8"), clusterFile);
  const resource = config?.resources[0]?.resources.find((row) => row.kind === "address");
  if (config === undefined || resource === undefined)
    throw new Error(`${clusterFile} does not describe a virtual address`);
  return { config, address: resource.address };
}

async function stand(
  network: GuestNetwork,
  node: NodeConfig,
  how: "cd" | "usb",
  iso: string,
): Promise<Stand> {
  const { mac } = node.identity;
  if (mac === undefined) throw new Error(`node ${node.name} of ${clusterFile} has no mac to boot with`);
  const cross = mac.replace(/^(..:..:..:..):../, "$1:01");
  return {
    name: node.name,
    node,
    boots: how === "cd" ? "CD, BIOS" : "USB stick, UEFI",
    firmware: how === "cd" ? "bios" : "uefi",
    boot: { from: how, iso },
    plugs: [await network.plug("lan", mac), await network.plug("cross", cross)],
    guest: undefined,
  };
}

async function story(network: GuestNetwork, iso: string, ended: AbortSignal): Promise<void> {
  const { config, address } = exampleCluster();
  const [first, second] = config.nodes;
  if (first === undefined || second === undefined) throw new Error(`${clusterFile} does not name two nodes`);
  const seats = [await stand(network, first, "cd", iso), await stand(network, second, "usb", iso)];
  const ping = new ClientPing(network.client, address, process.getuid?.() === 0 ? 50 : 200);
  let owner: string | undefined;
  const view = {
    address,
    answering: () => performance.now() - (ping.answers.at(-1) ?? Number.NEGATIVE_INFINITY) < 1000,
    owner: () => (view.answering() ? owner : undefined),
  };
  const screen = new Screen(seats, view);
  const look = async () => {
    const rows = JSON.parse(await network.client.run(["ip", "-j", "neigh", "show", address]));
    owner = seats.find((seat) => seat.plugs[0]?.mac === rows[0]?.lladdr)?.name;
  };
  const watch = setInterval(() => void look().catch(() => {}), 500);
  const switchOn = (seat: Stand) => {
    seat.guest = Guest.start(network.rack, seat);
    screen.follow(seat);
  };
  try {
    screen.start();
    screen.tell(
      `Two directors are booting from ${iso} (${fastestAccelerator().split(",")[0]}), a client pings ${address}.`,
    );
    for (const seat of seats) switchOn(seat);
    await Promise.all(
      seats.map((seat) => seat.guest?.waitFor(/Status update for node \S+: status active/, patience)),
    );
    await ping.answered(0, patience);
    await look();
    const active = seats.find((seat) => seat.name === owner) ?? seats[0];
    if (active === undefined) return;
    screen.tell(`${active.name} owns ${address} and it answers. In five seconds its power is cut.`);
    await pause(5000, undefined, { signal: ended });
    const cut = performance.now();
    await active.guest?.powerCut();
    await ping.answered(cut + 500, patience);
    await look();
    const { length } = ping.longestBlackout(cut);
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
    screen.tell(
      `${owner} answers. The client saw a blackout of ${seconds(length)} (deadtime ${seconds(config.heartbeat.deadtime)}).`,
    );
    if (once) return;
    screen.tell(`${active.name} has power again; it will take its address back. Ctrl-C ends the demo.`);
    switchOn(active);
    await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
  } finally {
    clearInterval(watch);
    await ping.stop();
    await Promise.all(seats.map((seat) => seat.guest?.powerCut()));
    screen.stop();
  }
}

const why = available();
if (why !== undefined) {
  console.error(`The demo needs network namespaces: ${why}`);
  process.exit(1);
}
const iso = await builtIso();
const end = new AbortController();
const interrupted = new Promise<"interrupted">((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      end.abort();
      resolve("interrupted");
    });
  }
});
const network = await GuestNetwork.create("192.168.140.1/24");
try {
  const run = story(network, iso, end.signal);
  run.catch(() => {}); // the race below reports it; after an interruption its end is no news
  await Promise.race([run, interrupted]);
} finally {
  await network.dispose();
}
