// What is known of the cluster while heartbeat's files are read: the values of a cluster file, still as text, and what had no
// place in it.

import type { Diagnostic } from "../config/diagnostics.ts";
import type { Place } from "./places.ts";

export interface Draft {
  cluster: string;
  readonly nodes: string[];
  /** Of all nodes, in the order in which they are named. */
  readonly interfaces: Set<string>;
  /** What ucast names. */
  readonly peers: { readonly interface: string; readonly address: string }[];
  readonly places: Place[];
  /** Keys of `heartbeat` with values that need no quotes. */
  readonly settings: Map<string, string>;
  /** "bcast: eth0", as the file has them. */
  readonly media: string[];
  readonly keys: { readonly id: string; readonly method: string; readonly key?: string }[];
  sendWith: string | undefined;
  readonly ping: string[];
  readonly pingGroups: Map<string, readonly string[]>;
  ipfail: boolean;
  readonly respawn: { readonly user: string; readonly command: readonly string[] }[];
  readonly groups: { readonly node: string; readonly words: readonly string[] }[];
  readonly diagnostics: Diagnostic[];
}

export function emptyDraft(): Draft {
  return {
    cluster: "heartbeat",
    nodes: [],
    interfaces: new Set(),
    peers: [],
    places: [],
    settings: new Map(),
    media: [],
    keys: [],
    sendWith: undefined,
    ping: [],
    pingGroups: new Map(),
    ipfail: false,
    respawn: [],
    groups: [],
    diagnostics: [],
  };
}
