// Every fifth frame is lost in each direction beside a real heartbeat node, on the only cable that carries any. Nobody is called
// dead, moves go through, and what was lost is asked for and sent again both ways. A third station on the segment, which loses
// nothing, counts.

import { expect, test } from "vitest";
import { createAuthenticator } from "../../firmware/core/heartbeat/auth.ts";
import { decodeFrame } from "../../firmware/core/heartbeat/frame.ts";
import { text } from "../../firmware/core/heartbeat/message.ts";
import { beside, whyNotBeside } from "../support/beside.ts";
import type { Namespace } from "../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../support/node-in-namespace.ts";
import { until } from "../support/until.ts";

const why = whyNotBeside();

/** What each node numbers before anything moves: as many heartbeats as in a minute at the keepalive of 200 ms of other stories. */
const WATCHED = 300;
/** Milliseconds; the deadtime leaves a busy machine as much time as in other stories. */
const TIMES = { keepalive: 70, deadtime: 2000 } as const;

/**
 * Drops that share of what an interface receives: a classic BPF program in the direct-action mode of tc-bpf(8), whose random
 * number is the kernel's own (Linux, Documentation/networking/filter.rst, "rand"). Resolves with why it cannot be done here.
 */
async function lose(namespace: Namespace, name: string, share: number): Promise<string | undefined> {
  const kept = Math.round(share * 0xffff_ffff);
  const bytecode = `4,32 0 0 4294963256,53 0 1 ${kept},6 0 0 0,6 0 0 2`;
  for (const command of [
    ["tc", "qdisc", "add", "dev", name, "clsact"],
    ["tc", "filter", "add", "dev", name, "ingress", "bpf", "da", "bytecode", bytecode],
  ]) {
    const { code, stderr } = await namespace.exec(command);
    if (code !== 0) return `"${command.join(" ")}" ended with ${code}: ${stderr.trim()}`;
  }
  return undefined;
}

interface Count {
  /** Messages with a number of their own. */
  numbered: number;
  asked: number;
  resent: number;
}

/** Counts, for each node, what it says, what it asks for again and what it sends again. */
class Witness {
  readonly counts = new Map<string, Count>();
  readonly #seen = new Set<string>();
  readonly #auth = createAuthenticator({
    sendWith: 1,
    keys: [{ id: 1, method: "sha1", key: "laboratory1" }],
  });
  readonly #listener: NodeInNamespace;

  constructor(client: Namespace) {
    this.#listener = inNamespace(
      client,
      `import { openUdp } from "./native/udp/index.ts";
       openUdp({ form: "broadcast", interface: "eth0", port: 694 }).watch((bytes) => {
         console.log(Buffer.from(bytes).toString("hex"));
       }, () => {});
       console.log("ready");`,
    );
  }

  async start(): Promise<void> {
    await this.#listener.line("ready");
    void this.#listen();
  }

  of(node: string): Count {
    return this.counts.get(node) ?? { numbered: 0, asked: 0, resent: 0 };
  }

  stop(): void {
    this.#listener.process.kill();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) this.#count(Buffer.from(await this.#listener.line(), "hex"));
    } catch {
      return; // it was stopped
    }
  }

  #count(bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes, this.#auth);
    if (!decoded.ok) return;
    const { message } = decoded;
    const [src = "", seq, generation] = ["src", "seq", "hg"].map((name) => text(message, name));
    const count = this.of(src);
    const number = `${src} ${generation} ${seq}`;
    if (text(message, "t") === "NS_rexmit") count.asked += 1;
    else if (seq !== undefined && this.#seen.has(number)) count.resent += 1;
    else if (seq !== undefined) count.numbered += 1;
    if (seq !== undefined) this.#seen.add(number);
    this.counts.set(src, count);
  }
}

test.skipIf(why)("one frame in five is lost in each direction", async ({ skip }) => {
  let cannot: string | undefined;
  await beside({ name: "loss", options: TIMES }, async (cluster) => {
    for (const { namespace } of cluster.seats) {
      cannot ??= (await lose(namespace, "eth1", 1)) ?? (await lose(namespace, "eth0", 0.2));
    }
    if (cannot !== undefined) return;
    const witness = new Witness(cluster.client);
    await witness.start();
    const { first, second } = cluster;
    const logs = () => Promise.all(cluster.seats.map(({ software }) => software.log()));
    const before = await logs();
    const spoken = () => cluster.seats.every(({ place }) => witness.of(place.name).numbered >= WATCHED);
    await until(`each has numbered ${WATCHED} messages`, spoken, 60_000);
    await cluster.settled("local");
    for (const [index, log] of (await logs()).entries())
      expect(log.slice(before[index]?.length)).not.toMatch(/is dead|quiring|Releasing|Giving up|standby/);
    await first.software.operate("standby", "local");
    await cluster.settled("none");
    await second.software.operate("standby", "all");
    await cluster.settled("all");
    await second.software.operate("takeover", "local");
    await cluster.settled("local");
    await until("both have asked, and both have sent again", () => {
      return cluster.seats.every(
        ({ place }) => witness.of(place.name).asked > 0 && witness.of(place.name).resent > 0,
      );
    });
    witness.stop();
    console.log(`one frame in five lost: ${JSON.stringify(Object.fromEntries(witness.counts))}`);
    for (const log of await logs()) expect(log).not.toMatch(/is dead|hist queue|acked/);
  });
  if (cannot !== undefined) {
    console.warn(`loss beside a real heartbeat node: skipped, ${cannot}`);
    skip(cannot);
  }
});
