// Plays the scenarios in an order drawn by chance on one cluster after the other, with an audit after each. The seed decides the
// order and every choice within; a failure says the seed, what was played before, and what both nodes logged.

import { MixedCluster } from "../mixed-cluster.ts";
import { Chance } from "../sim/chance.ts";
import { audit, auditStopped, markLogs } from "./audit.ts";
import { type Scenario, scenarios, type Times } from "./scenarios.ts";

export type Companion = "pulsebox" | "heartbeat";

/** Real heartbeat needs more patience than ours: below that it takes its neighbours for dead by itself. */
const timesBeside: Readonly<Record<Companion, Times>> = {
  pulsebox: { keepalive: 100, deadtime: 500 },
  heartbeat: { keepalive: 200, deadtime: 2000 },
};

export interface Played {
  readonly name: string;
  /** Milliseconds. */
  readonly took: number;
}

/** What can be played when the second node runs that. */
export function scenariosBeside(companion: Companion): readonly Scenario[] {
  return scenarios.filter(({ oursOnly }) => oursOnly !== true || companion === "pulsebox");
}

export class Rounds {
  readonly #companion: Companion;
  readonly #chance: Chance;
  readonly #seed: number;
  readonly #tell: (text: string) => void;
  #cluster: MixedCluster | undefined;
  #before: string[] = [];

  constructor(companion: Companion, seed: number, tell: (text: string) => void) {
    this.#companion = companion;
    this.#chance = new Chance(seed);
    this.#seed = seed;
    this.#tell = tell;
  }

  /** All scenarios in a new order. */
  order(): readonly Scenario[] {
    const left = [...scenariosBeside(this.#companion)];
    const drawn: Scenario[] = [];
    while (left.length > 0) drawn.push(...left.splice(this.#chance.integer(0, left.length - 1), 1));
    return drawn;
  }

  /** Plays one and audits; a failure ends the cluster, and the next scenario gets a new one. */
  async play(scenario: Scenario): Promise<Played> {
    const from = performance.now();
    const cluster = this.#cluster ?? (await this.#fresh());
    try {
      const marks = await markLogs(cluster);
      const stage = { cluster, times: timesBeside[this.#companion], chance: this.#chance, tell: this.#tell };
      await scenario.play(stage);
      await audit(cluster, marks, scenario.allows);
    } catch (error) {
      const story = await this.#story(scenario, cluster, error);
      await this.#abandon();
      throw new Error(story, { cause: error });
    }
    this.#before.push(scenario.name);
    return { name: scenario.name, took: performance.now() - from };
  }

  /** Stops both nodes in order, audits what they left, and ends the cluster. */
  async end(): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    try {
      await Promise.all(cluster.seats.map(({ software }) => software.stop()));
      for (const seat of cluster.seats) await auditStopped(seat);
    } finally {
      await this.#abandon();
    }
  }

  async #fresh(): Promise<MixedCluster> {
    const options = { second: this.#companion, ...timesBeside[this.#companion] } as const;
    const cluster = await MixedCluster.create(options);
    this.#cluster = cluster;
    await cluster.start();
    return cluster;
  }

  async #abandon(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    this.#before = [];
    await cluster?.dispose();
  }

  async #story(scenario: Scenario, cluster: MixedCluster, error: unknown): Promise<string> {
    return [
      `"${scenario.name}" beside ${this.#companion} failed with seed ${this.#seed}`,
      `played before: ${this.#before.join("; ") || "nothing"}`,
      error instanceof Error ? error.message : String(error),
      await cluster.logs(),
    ].join("\n");
  }
}
