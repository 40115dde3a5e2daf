// What must be true of the services that resource scripts start and stop, against the ground truth: what really runs on
// which box.
//
//   start order     nothing is started before all that comes before it in its group is there
//   stop order      nothing is stopped before all that comes after it in its group is gone
//   one at a time   no item has two programs at once
//   started twice   nothing is started that runs on the other box, while the nodes hear each other
//   service         every service runs on exactly one box when nothing has happened for a while

import type { ClusterConfig, ResourceConfig } from "../../../firmware/core/config/cluster.ts";
import { isProgram } from "../../../firmware/core/resource/group-state.ts";
import type { Box } from "./box.ts";
import type { Call } from "./programs.ts";

interface Broken {
  readonly rule: string;
  readonly detail: string;
}

export class ServiceRules {
  readonly #config: ClusterConfig;

  constructor(config: ClusterConfig) {
    this.#config = config;
  }

  /** The rule that a call breaks; `others` are the boxes with which this one has been in touch for a while. */
  broken(box: Box, others: readonly Box[], word: string, call: Call): Broken | undefined {
    if (box.programs.isBusy(word)) return { rule: "one at a time", detail: `${box.name} ${word} ${call}` };
    if (call === "start") return this.#brokenStart(box, word) ?? startedTwice(box, others, word);
    return call === "stop" ? this.#brokenStop(box, word) : undefined;
  }

  #brokenStart(box: Box, word: string): Broken | undefined {
    const before = this.#around(word).before;
    // What has died by itself is noticed only when it is asked, and what somebody removed when the kernel tells.
    const missing = before.filter((each) => !isHere(box, each) && !isBelieved(box, each));
    return (
      missing[0] && { rule: "start order", detail: `${box.name} starts ${word} before ${missing[0].word}` }
    );
  }

  #brokenStop(box: Box, word: string): Broken | undefined {
    const left = this.#around(word).after.find((each) => isHere(box, each));
    return left && { rule: "stop order", detail: `${box.name} stops ${word} before ${left.word}` };
  }

  /** A service that does not run on exactly one box. */
  lost(boxes: readonly Box[]): string | undefined {
    if (!boxes.some((box) => box.running)) return undefined;
    for (const word of boxes[0]?.programs.words ?? []) {
      const places = boxes.filter((box) => box.programs.running.has(word)).map(({ name }) => name);
      if (places.length !== 1) return `${word} runs on ${places.join(" and ") || "nobody"}`;
    }
    return undefined;
  }

  #around(word: string): { before: readonly ResourceConfig[]; after: readonly ResourceConfig[] } {
    for (const { resources } of this.#config.resources) {
      const at = resources.findIndex((resource) => isProgram(resource) && resource.word === word);
      if (at >= 0) return { before: resources.slice(0, at), after: resources.slice(at + 1) };
    }
    throw new Error(`no group has ${word}`);
  }
}

function startedTwice(box: Box, others: readonly Box[], word: string): Broken | undefined {
  if (box.state?.claim.alone === true) return undefined;
  const there = others.find(
    ({ running, paused, programs }) => running && !paused && programs.running.has(word),
  );
  return (
    there && { rule: "started twice", detail: `${box.name} starts ${word}, which runs on ${there.name}` }
  );
}

function isBelieved(box: Box, resource: ResourceConfig): boolean {
  if (resource.kind !== "address") return box.programs.died.has(resource.word);
  return box.state?.kernel.addresses.some(({ address }) => address === resource.address) === true;
}

function isHere(box: Box, resource: ResourceConfig): boolean {
  return resource.kind === "address"
    ? box.kernel.has(resource.address)
    : box.programs.running.has(resource.word);
}
