// At the start, not at the first death: can what the cluster file wants for fencing be run on this machine at all?

import { accessSync, constants } from "node:fs";
import type { NodeConfig } from "../core/config/cluster.ts";
import { programPath } from "./child-programs.ts";
import { words } from "./outcome.ts";

/** One line for each node that could not be fenced from here, and why. */
export function fencingFaults(nodes: readonly NodeConfig[], self: string): readonly string[] {
  return nodes.flatMap(({ name, fencing }) => {
    if (name === self || fencing === undefined) return [];
    const program = fencing.kind === "ipmi" ? "ipmitool" : (fencing.command[0] ?? "");
    const faults = [missingProgram(program)];
    if (fencing.kind === "ipmi" && fencing.passwordFile !== undefined) {
      faults.push(fault(fencing.passwordFile, constants.R_OK));
    }
    return faults
      .filter((each) => each !== undefined)
      .map((each) => `Node ${name} cannot be fenced from here: ${each}`);
  });
}

function missingProgram(program: string): string | undefined {
  if (program.startsWith("/")) return fault(program, constants.X_OK);
  const places = programPath.split(":");
  const found = places.some((place) => fault(`${place}/${program}`, constants.X_OK) === undefined);
  return found ? undefined : `there is no ${program} in ${places.join(", ")}`;
}

function fault(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return words(error);
  }
}
