// The outside world of one node, as the runtime is given it: real adapters in the daemon, fakes in tests.

import type { Checks } from "../ports/checks.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Log } from "../ports/log.ts";
import type { Medium } from "../ports/medium.ts";
import type { Addresses, Arp } from "../ports/network.ts";
import type { Pinger } from "../ports/pinger.ts";
import type { Programs } from "../ports/programs.ts";
import type { Reset } from "../ports/reset.ts";
import type { Memory } from "../ports/store.ts";
import type { Watchdog } from "../ports/watchdog.ts";

export interface NodePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly journal: Journal;
  readonly media: readonly Medium[];
  readonly addresses: Addresses;
  readonly arp: Arp;
  readonly programs: Programs;
  readonly memory: Memory;
  /** Absent when there are no ping nodes. */
  readonly pinger?: Pinger;
  /** Absent when nothing is to be checked. */
  readonly checks?: Checks;
  /** Absent when this process may not restart its machine. */
  readonly reset?: Reset;
  /** Absent when the box has none to pet. */
  readonly watchdog?: Watchdog;
}
