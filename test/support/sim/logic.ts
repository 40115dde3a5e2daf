// The core as the simulator drives it: real, or wrapped with a planted fault to see whether the invariants notice.

import {
  createNode,
  managedAddresses,
  type NodeState,
  nextWake,
  wantedAddresses,
} from "../../../firmware/core/node.ts";
import { plan } from "../../../firmware/core/plan.ts";
import { step } from "../../../firmware/core/step.ts";

export interface Logic {
  readonly createNode: typeof createNode;
  readonly step: typeof step;
  readonly nextWake: typeof nextWake;
  readonly wantedAddresses: typeof wantedAddresses;
  readonly managedAddresses: typeof managedAddresses;
  readonly plan: typeof plan;
}

export const REAL: Logic = { createNode, step, nextWake, wantedAddresses, managedAddresses, plan };

export type { NodeState };
