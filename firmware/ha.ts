// `pulsebox ha`: wires the core, the runtime and the adapters of this box into the heartbeat daemon, and takes it apart again.
// Nothing outside is touched before the cluster file is good, this box has found itself in it and no other daemon runs here.

import { constants } from "node:os";
import { setFlagsFromString } from "node:v8";
import { adjustOom, lockMemory, setRealtime } from "../native/process/index.ts";
import { isBox } from "./adapters/box-process.ts";
import { ChildPrograms } from "./adapters/child-programs.ts";
import { ConsoleLog } from "./adapters/console-log.ts";
import { openDeviceWatchdog } from "./adapters/device-watchdog.ts";
import { fencingFaults } from "./adapters/fencing-check.ts";
import { FileJournal } from "./adapters/file-journal.ts";
import { FileStore } from "./adapters/file-store.ts";
import { heartbeatMedia } from "./adapters/heartbeat-media.ts";
import { hostFacts } from "./adapters/host-facts.ts";
import { IcmpPinger } from "./adapters/icmp-pinger.ts";
import { MachineReset, mayReset } from "./adapters/machine-reset.ts";
import { OperatorSocket } from "./adapters/operator-socket.ts";
import { outcomeOf, words } from "./adapters/outcome.ts";
import { ownCommand } from "./adapters/own-command.ts";
import { PacketArp } from "./adapters/packet-arp.ts";
import { RtnetlinkAddresses } from "./adapters/rtnetlink-addresses.ts";
import { tellServiceManager } from "./adapters/service-notice.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import { SystemRandom } from "./adapters/system-random.ts";
import { WorkerChecks } from "./adapters/worker-checks.ts";
import type { HaOptions, Streams } from "./console/cli.ts";
import type { BoxFacts } from "./core/config/identity.ts";
import type { NodeSetup } from "./core/event.ts";
import {
  createNode,
  managedAddresses,
  type NodeState,
  nextWake,
  takeSnapshot,
  wantedAddresses,
} from "./core/node.ts";
import { plan } from "./core/plan.ts";
import { rehearse } from "./core/rehearsal.ts";
import { step } from "./core/step.ts";
import { type OwnEntry, readOwnEntry } from "./own-entry.ts";
import type { Journal } from "./ports/journal.ts";
import type { Reset } from "./ports/reset.ts";
import type { Watchdog } from "./ports/watchdog.ts";
import { reloadClusterFile } from "./reload.ts";
import type { NodePorts } from "./runtime/node-ports.ts";
import { Runtime } from "./runtime/runtime.ts";
import { stateDirectory } from "./state-area.ts";

/** The lowest of SCHED_RR: above everything of an ordinary box, below the kernel's own threads. */
const realtimePriority = 1;
/** The kernel's memory killer takes anything else first. */
const neverKill = -1000;
/** sysexits.h: internal software error. */
const defect = 70;

const endingSignals = ["SIGTERM", "SIGINT"] as const;

export async function runDaemon(options: HaOptions, version: string, streams: Streams): Promise<number> {
  const facts = hostFacts();
  const own = await readOwnEntry(options.config, options.node, facts, streams);
  if (own === undefined) return 1;
  const box = isBox();
  const log = new ConsoleLog({ box, debug: options.debug });
  const door = new OperatorSocket(options.socket);
  let runtime: Runtime<NodeState> | undefined;
  await door.open((request, answer) => {
    if (runtime === undefined) return;
    if (request.command === "reload") void reloadClusterFile(options.config, runtime, answer);
    else runtime.request(request, answer);
  });
  log.write(
    "info",
    `pulsebox ${version}: node ${own.node.name} of cluster ${own.config.cluster}, found by ${own.by}`,
  );
  const begin = (): Running => {
    const { setup, ports, store } = equip(own, facts, options, box, log);
    beReady(own, setup, log);
    if (options.realtime) becomeUrgent(log);
    const ended = new Promise<void>((stopped) => {
      const crashed = (report: string): void => crash(report, ports.journal, log);
      runtime = new Runtime(logicOf(own, setup), ports, { stopped, crashed });
    });
    process.on("uncaughtException", (error) => runtime?.fail(error));
    endOnSignals(() => runtime?.stop(), ports.watchdog, log);
    if (runtime !== undefined) reloadOnSignal(options.config, runtime, log);
    runtime?.start();
    return { ports, store, ended };
  };
  const { ports, store, ended } = await begun(begin, door, log);
  tellServiceManager("READY=1", `STATUS=node ${own.node.name} of cluster ${own.config.cluster}`);
  await ended;
  await store.close();
  await takeApart(ports, door, log);
  return 0;
}

interface Running {
  readonly ports: NodePorts;
  readonly store: FileStore;
  /** Resolves when the orderly end is over. */
  readonly ended: Promise<void>;
}

/** What a start that fails has opened, the door first, would keep alive a process that answers nobody. */
async function begun(begin: () => Running, door: OperatorSocket, log: ConsoleLog): Promise<Running> {
  try {
    return begin();
  } catch (error) {
    log.write("CRIT", `Not started: ${words(error)}`);
    await Promise.all([door.close(), log.close()]);
    process.exit(1);
  }
}

/** What a take-over runs is compiled now, and kept although it is not run for months. */
function beReady({ config }: OwnEntry, setup: NodeSetup, log: ConsoleLog): void {
  setFlagsFromString("--no-flush-bytecode");
  try {
    log.write("debug", `Rehearsal: ${rehearse(config, setup)}`);
  } catch (error) {
    log.write("WARN", `Rehearsal: ${words(error)}`);
  }
}

function logicOf({ config }: OwnEntry, setup: NodeSetup) {
  return {
    initial: createNode(config, setup),
    step,
    nextWake,
    wantedAddresses,
    plan,
    managed: managedAddresses(config),
    takeSnapshot,
  };
}

function equip(
  { config, node }: OwnEntry,
  facts: BoxFacts,
  options: HaOptions,
  box: boolean,
  log: ConsoleLog,
): { setup: NodeSetup; ports: NodePorts; store: FileStore } {
  const clock = new SystemClock();
  const warn = (text: string): void => log.write("WARN", text);
  const state = stateOf(options, facts, box);
  const replaces = options.state === undefined && !box;
  const store = new FileStore({ ...state, warn, ...(replaces && { heartbeat: "/var/lib/heartbeat" }) });
  const configured = node.interfaces.flatMap(({ address }) =>
    address === undefined ? [] : [address.address],
  );
  const media = heartbeatMedia(config.heartbeat, new Set([...configured, ...facts.addresses]));
  for (const line of fencingFaults(config.nodes, node.name)) log.write("ERROR", line);
  const peers = config.nodes.map(({ name }) => name).filter((name) => name !== node.name);
  const kept = keptBy(store, peers, clock.now().wall, state.directory);
  const addresses = new RtnetlinkAddresses(warn);
  // After everything that may end this start: a watchdog that nobody pets resets the machine.
  const watchdog = openWatchdog(config.heartbeat.watchdog, config.heartbeat.deadtime, log);
  const setup: NodeSetup = {
    self: node.name,
    ...kept,
    media: media.setups,
    resettable: watchdog !== undefined || mayReset(),
  };
  const arp = new PacketArp((mac) => addresses.links().some((link) => link.mac === mac));
  const journal = new FileJournal({ directory: state.directory, warn });
  const ports = {
    clock,
    random: new SystemRandom(),
    log,
    journal,
    media: media.media,
    addresses,
    arp,
    programs: new ChildPrograms(),
    checks: new WorkerChecks({ command: ownCommand("worker"), warn }),
    ...(mayReset() && { reset: afterRecording(journal, new MachineReset()) }),
    memory: store,
  };
  const { ping, pingGroups } = config.heartbeat;
  const asks = ping.length + pingGroups.length > 0;
  return {
    setup,
    store,
    ports: { ...ports, ...(watchdog && { watchdog }), ...(asks && { pinger: new IcmpPinger() }) },
  };
}

/** Who this node is to its peers, from its earlier starts. Without a generation that is kept it would not be believed again. */
function keptBy(
  store: FileStore,
  peers: readonly string[],
  wall: number,
  directory: string,
): Pick<NodeSetup, "uuid" | "generation" | "positions"> {
  try {
    const [uuid, generation] = [store.uuid(), store.nextGeneration(wall)];
    return { uuid, generation, positions: store.positions(peers) };
  } catch (error) {
    throw new Error(
      `the state directory ${directory} cannot be used: ${words(error)}; --state names another one`,
    );
  }
}

/** Why it happened gets a tenth of a second to reach the disk, and no more, whatever the disk does. */
function afterRecording(journal: Journal, machine: Reset): Reset {
  return { reset: (failed) => void journal.close(100).then(() => machine.reset(failed)) };
}

/** The state area of a box is memory, and its uuid must come out the same after a reboot. */
function stateOf(options: HaOptions, facts: BoxFacts, box: boolean): { directory: string; macs?: string[] } {
  const directory = options.state ?? stateDirectory(box);
  const lasting = options.state !== undefined || !box;
  return lasting ? { directory } : { directory, macs: facts.macs.map(({ mac }) => mac) };
}

/** The timeout is the shortest in whole seconds above deadtime: a box that hangs is reset about when its peer takes over. */
function openWatchdog(path: string | undefined, deadtime: number, log: ConsoleLog): Watchdog | undefined {
  if (path === undefined) return undefined;
  try {
    const watchdog = openDeviceWatchdog(path, Math.max(2, Math.floor(deadtime / 1000) + 1));
    log.write("info", `Watchdog ${path} (${watchdog.identity}): timeout ${watchdog.timeout} s`);
    return watchdog;
  } catch (error) {
    log.write("ERROR", `No watchdog: ${words(error)}`);
    return undefined;
  }
}

const urgency: Readonly<Record<string, () => void>> = {
  "locked memory": () => lockMemory({ onFault: true }),
  "real-time priority": () => setRealtime(realtimePriority),
  "protection when memory runs out": () => adjustOom(neverKill),
};

/** Takes what it is permitted; what is refused is said once, and the daemon goes on without. */
function becomeUrgent(log: ConsoleLog): void {
  const refused = Object.entries(urgency).flatMap(([what, take]) => {
    const outcome = outcomeOf(take);
    return outcome.ok ? [] : [`${what} (${outcome.error})`];
  });
  if (refused.length > 0) log.write("WARN", `Running without ${refused.join(", ")}`);
}

/** The first signal asks for the orderly end, the second one ends at once and leaves everything as it is. */
function endOnSignals(stop: () => void, watchdog: Watchdog | undefined, log: ConsoleLog): void {
  let asked = false;
  for (const signal of endingSignals) {
    process.on(signal, () => {
      if (asked) {
        const reset = watchdog === undefined ? "" : `; the watchdog resets this box in ${watchdog.timeout} s`;
        log.write("CRIT", `Second ${signal}: ending at once, not in order${reset}`);
        process.exit(128 + constants.signals[signal]);
      }
      asked = true;
      log.write("info", `${signal}: handing over and ending`);
      tellServiceManager("STOPPING=1");
      stop();
    });
  }
}

function reloadOnSignal(path: string, runtime: Runtime<NodeState>, log: ConsoleLog): void {
  process.on("SIGHUP", () => {
    void reloadClusterFile(path, runtime, ({ error }) => {
      if (error !== undefined) log.write("ERROR", `SIGHUP: not reloaded: ${error}`);
    });
  });
}

/** The launcher starts the daemon again; until then the watchdog runs on unpetted. */
function crash(report: string, journal: Journal, log: ConsoleLog): void {
  log.write("CRIT", report);
  void Promise.all([journal.close(), log.close()]).finally(() => process.exit(defect));
}

async function takeApart(ports: NodePorts, door: OperatorSocket, log: ConsoleLog): Promise<void> {
  const disarmed = outcomeOf(() => ports.watchdog?.disarm());
  if (!disarmed.ok) log.write("ERROR", `The watchdog runs on: ${disarmed.error}`);
  ports.addresses.close();
  ports.arp.close();
  ports.pinger?.close();
  await Promise.all([
    door.close(),
    ports.programs.close(),
    ports.checks?.close(),
    ...ports.media.map((medium) => medium.close()),
  ]);
  await ports.journal.close();
  await log.close();
  // Handlers of signals keep no process alive, but a second signal must not be heard by a daemon that is gone.
  for (const signal of [...endingSignals, "SIGHUP"]) process.removeAllListeners(signal);
}
