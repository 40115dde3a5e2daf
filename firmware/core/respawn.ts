// The clients of ha.cf's respawn directive (ha.cf(5)): programs that run beside the daemon while this node is active. As in
// heartbeat 3.0.6 they start in the order of the file when the node becomes active, each is started again when it ends unless
// it ended with 100 or could not be executed, and the end of the daemon ends them one by one from the last to the first.
// Unlike heartbeat, which gives a client up that fails too often, this node tries again after a rest.

import type { RespawnConfig } from "./config/cluster.ts";
import { WORDS } from "./heartbeat/log-words.ts";
import type { ProgramOutcome } from "./program.ts";
import { earliest } from "./time.ts";
import { log, nowOf, type Turn } from "./turn.ts";

/** A client that ended so soon counts as failing, ms; more such ends in sequence than this are too many. */
const SHORT_RUN = 30_000;
const MOST_SHORT_RUNS = 10;
/** Before a client that failed starts again, and before one that failed too often does, ms. */
const PAUSE = 1_000;
const REST = 60_000;
/** "Do not start me again." */
const NO_RESPAWN = 100;

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly since: number; readonly stopping: boolean }
  | { readonly kind: "waiting"; readonly until: number }
  | { readonly kind: "over" };

export interface Client {
  readonly config: RespawnConfig;
  /** How often it was started; makes the ids of its runs. */
  readonly starts: number;
  /** Ends in sequence that came too soon. */
  readonly shortRuns: number;
  readonly phase: Phase;
}

export type Clients = readonly Client[];

export function createClients(respawn: readonly RespawnConfig[]): Clients {
  return respawn.map((config) => ({ config, starts: 0, shortRuns: 0, phase: { kind: "idle" } }));
}

/** Monotonic ms of the earliest start that is due; undefined when none is. */
export function nextClientStart(clients: Clients): number | undefined {
  return earliest(clients.flatMap(({ phase }) => (phase.kind === "waiting" ? [phase.until] : [])));
}

export function clientsRun(clients: Clients): boolean {
  return clients.some(({ phase }) => phase.kind === "running");
}

/** Starts what is to run and does not yet. */
export function startClients(turn: Turn): void {
  if (turn.state.self.phase !== "running") return;
  const now = nowOf(turn);
  for (const [index, client] of turn.state.clients.entries()) {
    const { phase, config } = client;
    if (phase.kind !== "idle" && (phase.kind !== "waiting" || now < phase.until)) continue;
    const next: Client = {
      ...client,
      starts: client.starts + 1,
      phase: { kind: "running", since: now, stopping: false },
    };
    log(turn, WORDS.startingClient(commandOf(client), config.user));
    setClient(turn, index, next);
    turn.actions.push({
      type: "run",
      id: runOf(next, index),
      program: { command: config.command, user: config.user },
    });
  }
}

/** A program has ended; it may be none of ours. */
export function onClientEnded(turn: Turn, id: string, outcome: ProgramOutcome, output: string): void {
  const index = turn.state.clients.findIndex(
    (client, at) => client.phase.kind === "running" && runOf(client, at) === id,
  );
  const client = turn.state.clients[index];
  if (client?.phase.kind !== "running") return;
  const name = commandOf(client);
  const { since, stopping } = client.phase;
  if (!stopping) log(turn, WORDS.clientEnded(name, outcome));
  const [last] = output.split("\n").slice(-1);
  if (!stopping && last) log(turn, WORDS.clientOutput(name, last));
  const stays = outcome.kind === "error" || (outcome.kind === "exit" && outcome.code === NO_RESPAWN);
  if (stays || turn.state.self.phase !== "running") {
    setClient(turn, index, { ...client, phase: { kind: "over" } });
    return;
  }
  setClient(turn, index, respawned(turn, client, nowOf(turn) - since));
}

function respawned(turn: Turn, client: Client, ran: number): Client {
  const now = nowOf(turn);
  const shortRuns = ran < SHORT_RUN ? client.shortRuns + 1 : 0;
  if (shortRuns > MOST_SHORT_RUNS) {
    log(turn, WORDS.respawningTooFast(commandOf(client), REST));
    return { ...client, shortRuns: 0, phase: { kind: "waiting", until: now + REST } };
  }
  log(turn, WORDS.respawning(commandOf(client)));
  return { ...client, shortRuns, phase: { kind: "waiting", until: shortRuns > 0 ? now + PAUSE : now } };
}

/** Ends the last one that still runs; the one before it follows when that one has ended. */
export function stopClients(turn: Turn): void {
  for (const [index, client] of [...turn.state.clients.entries()].reverse()) {
    const { phase } = client;
    if (phase.kind === "running" && phase.stopping) return;
    if (phase.kind === "running") {
      log(turn, WORDS.killingClient(commandOf(client)));
      setClient(turn, index, { ...client, phase: { ...phase, stopping: true } });
      turn.actions.push({ type: "kill", id: runOf(client, index) });
      return;
    }
    if (phase.kind !== "over") setClient(turn, index, { ...client, phase: { kind: "over" } });
  }
}

function setClient(turn: Turn, index: number, client: Client): void {
  turn.state = { ...turn.state, clients: turn.state.clients.with(index, client) };
}

/** As the log names it. */
export function commandOf({ config }: Client): string {
  return config.command.join(" ");
}

function runOf({ starts }: Client, index: number): string {
  return `respawn ${index} ${starts}`;
}
