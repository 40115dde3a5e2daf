// Two boxes in network namespaces for the tests of one file, which act in the left one and hear what reaches the right one.

import { afterAll, beforeAll } from "vitest";
import { Lab, type Namespace } from "./netns.ts";

export class TwoBoxes {
  readonly left: Namespace;
  readonly right: Namespace;
  readonly #lab: Lab;

  constructor(lab: Lab, left: Namespace, right: Namespace) {
    this.#lab = lab;
    this.left = left;
    this.right = right;
  }

  /** Joins their interfaces of this name; addresses in prefix notation. */
  async cable(name: string, left: readonly string[], right: readonly string[]): Promise<void> {
    await this.#lab.veth(
      { namespace: this.left, interface: name, addresses: left },
      { namespace: this.right, interface: name, addresses: right },
    );
  }
}

/**
 * Makes them and has `furnish` lay their cables before the first test, and takes them away after the last one; the result gives
 * them to the tests. With a reason `why` not, nothing is made.
 */
export function useTwoBoxes(
  why: string | undefined,
  furnish: (boxes: TwoBoxes) => Promise<void> = async () => {},
): () => TwoBoxes {
  let lab: Lab | undefined;
  let boxes: TwoBoxes | undefined;
  beforeAll(async () => {
    if (why !== undefined) return;
    lab = await Lab.create();
    boxes = new TwoBoxes(lab, await lab.namespace("left"), await lab.namespace("right"));
    await furnish(boxes);
  });
  afterAll(() => lab?.dispose());
  return () => {
    if (boxes === undefined) throw new Error(`there are no boxes: ${why ?? "it is before the first test"}`);
    return boxes;
  };
}
