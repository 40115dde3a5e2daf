// What bringing a box up needs of the machine: hardware found, kernel modules, media that may hold the cluster file,
// host name, and the place where the ha process finds its file. Names and layouts are those of Linux sysfs.

import type { Outcome } from "./network.ts";

/** A file system labelled CONFIG that may hold a cluster file. */
export interface ConfigMedium {
  /** As an operator would name it: "/dev/sda3", "CD /dev/sr0". */
  readonly name: string;
  /** The block device, and where on it the file system begins and how long it is, in bytes. */
  readonly device: string;
  readonly offset: number;
  readonly size: number;
}

export type ReadResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: string };

export interface Box {
  /** The modalias of every device the kernel found, in the order of the device paths, so that cards are probed slot by slot. */
  modaliases(): readonly string[];
  /** finit_module(2) of a path; a module that is loaded already, or that finds no hardware, is no failure. */
  loadModule(path: string): Outcome;
  /** Whether a watchdog device exists. */
  hasWatchdog(): boolean;
  configMedia(): readonly ConfigMedium[];
  /** The text of cluster.yaml on the medium; the medium is released again, so that it may be pulled out. */
  readClusterFile(medium: ConfigMedium): ReadResult;
  setHostName(name: string): Outcome;
  /** Writes below /proc/sys; `name` as sysctl(8) spells it. */
  setSysctl(name: string, value: string): Outcome;
  /** Puts the accepted cluster file where the ha process reads it. */
  handOver(clusterFile: string): Outcome;
}

/** Raising interfaces at boot. */
export interface BootNetwork {
  setLinkUp(name: string): Outcome;
  addAddress(name: string, address: string, prefixLength: number): Outcome;
  addDefaultRoute(gateway: string, name: string): Outcome;
}

/** The board's data that the image was built with. */
export interface ModuleIndex {
  /** Loaded first, in this order. */
  readonly always: readonly string[];
  readonly modules: Readonly<Record<string, { readonly path: string; readonly deps: readonly string[] }>>;
  /** Pattern of modules.alias, and the module it asks for. */
  readonly aliases: readonly (readonly [string, string])[];
  /** In order of preference; the software one last. */
  readonly watchdogs: readonly { readonly module: string }[];
}

export interface Pause {
  /** Resolves after `milliseconds`. */
  pause(milliseconds: number): Promise<void>;
}
