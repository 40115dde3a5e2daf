// `npm run bench:programs`: how long the daemon's only thread stands still when a resource script is started, and how long the
// script then takes to its end, beside node:child_process. What stands still sends no heartbeat.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { figuresOf, inWords, table } from "./failover/figures.ts";
import { buildAddons } from "./native.ts";

const runs = 200;
const program = "/bin/true";

/** Starts `program`; the promise is its end. */
type Start = () => Promise<unknown>;

await buildAddons();
const { ChildPrograms } = await import("../firmware/adapters/child-programs.ts");
const programs = new ChildPrograms();
const starts: Readonly<Record<string, Start>> = {
  "pulsebox (native/child)": () =>
    new Promise((resolve) => programs.run(program, { command: [program] }, resolve)),
  "node:child_process": () => once(spawn(program, { stdio: ["ignore", "pipe", "pipe"] }), "close"),
};

const rows = [["", "still, µs", "to its end, µs"]];
for (const [name, start] of Object.entries(starts)) {
  const [still, whole]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    const ended = start();
    still.push((performance.now() - began) * 1000);
    await ended;
    whole.push((performance.now() - began) * 1000);
  }
  rows.push([name, inWords(figuresOf(still)), inWords(figuresOf(whole))]);
}
console.log(`${program}, ${runs} runs each: median (least-most)`);
console.log(table(rows));
await programs.close();
