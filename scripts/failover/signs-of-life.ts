// When a box last showed on either cable that its daemon lives: tcpdump(8) with the kernel's own time stamps, for heartbeat's
// port, VRRP and CARP alike. From there a contender's detection time counts, not from the moment of the power cut.

import type { Namespace } from "../../test/support/netns.ts";

export class SignsOfLife {
  /** By the number of the box, on the clock of performance.now(). */
  readonly #seen: ReadonlyMap<number, number[]> = new Map([
    [1, []],
    [2, []],
  ]);

  private constructor() {}

  /** Resolves when it listens; it ends with the laboratory. */
  static async listen(lan: Namespace): Promise<SignsOfLife> {
    const signs = new SignsOfLife();
    const options = ["--immediate-mode", "-n", "-l", "-tt", "-i", "any"];
    const listener = lan.spawn(["tcpdump", ...options, "udp port 694 or ip proto 112"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rest = "";
    listener.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) signs.#note(line);
    });
    await new Promise((resolve) => listener.stderr?.once("data", resolve));
    listener.stderr?.resume();
    return signs;
  }

  /** The last one of that box before `before`; NaN when there is none. */
  last(box: 1 | 2, before = Number.POSITIVE_INFINITY): number {
    return this.#seen.get(box)?.findLast((at) => at < before) ?? Number.NaN;
  }

  #note(line: string): void {
    const [, at, box] = /^(\d+\.\d+) .*\bIP 10\.7[78]\.0\.([12])[. ]/.exec(line) ?? [];
    if (at !== undefined) this.#seen.get(Number(box))?.push(Number(at) * 1000 - performance.timeOrigin);
  }
}
