// What the contract tests of native/ipalias share: before each test a box in a network namespace with a cable to another one, and
// a process in it that has the addon loaded. What the addon did is read back with ip(8), and the other way round.

import { afterEach, beforeEach } from "vitest";
import { Lab, type Namespace, reasonToSkip } from "../support/netns.ts";
import { loadIn, type Remote } from "../support/remote.ts";
import type * as BoxModule from "./ipalias-box.ts";
import type { Change } from "./ipalias-box.ts";

export type Box = Remote<typeof BoxModule, Change>;

/** Why these tests cannot run here; printed once for each file. */
export const reason = reasonToSkip("ipalias addon");

export const vip = { interface: "eth0", address: "192.168.140.150", prefixLength: 24 };

const module = new URL("ipalias-box.ts", import.meta.url);

/** What a test has at hand. The box's `eth0` is 02:00:00:00:00:0a, up, without addresses; the peer's end is `eth0` too. */
export class BoxUnderTest {
  readonly remote: Box;
  readonly namespace: Namespace;
  readonly peer: Namespace;

  constructor(namespace: Namespace, peer: Namespace, remote: Box) {
    this.namespace = namespace;
    this.peer = peer;
    this.remote = remote;
  }

  /** Runs ip(8) in the box with the words of `line`. */
  ip(line: string): Promise<string> {
    return this.namespace.run(["ip", ...line.split(" ")]);
  }

  /** What `ip -j` says. */
  async ipJson<T>(line: string): Promise<T> {
    return JSON.parse(await this.ip(`-j ${line}`));
  }

  async sysctl(setting: string): Promise<void> {
    await this.namespace.run(["sysctl", "-qw", setting]);
  }

  /** The addon in a process without any capability. */
  powerless(): Promise<Box> {
    return loadIn(this.namespace, module, ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
  }
}

/** Makes a new box before each test of the file; the function returned gives the current one. */
export function useBox(): () => BoxUnderTest {
  let lab: Lab | undefined;
  let box: BoxUnderTest | undefined;
  beforeEach(async () => {
    lab = await Lab.create();
    const [here, peer] = [await lab.namespace("here"), await lab.namespace("peer")];
    await here.run(["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
    const end = { namespace: here, interface: "eth0", mac: "02:00:00:00:00:0a" };
    await lab.veth(end, { namespace: peer, interface: "eth0" });
    box = new BoxUnderTest(here, peer, await loadIn(here, module));
  });
  afterEach(async () => {
    await lab?.dispose();
  });
  return () => {
    if (box === undefined) throw new Error("there is no box outside a test");
    return box;
  };
}
