// What is run to fence a node: the site's own command, or ipmitool(1) against the node's management controller (IPMI 2.0
// §28.3 Chassis Control, §28.2 Get Chassis Status). A controller acknowledges "power off" before the power is off, so
// that is looked at until it is true.

import type { FencingConfig } from "../config/cluster.ts";
import type { Program, ProgramOutcome } from "../program.ts";

/** act: end the node. verify: ask its controller whether the power is off. */
export type FenceStep = "act" | "verify";

/** What heartbeat prints between brackets: the device. A command's arguments may be secret. */
export function deviceName(fencing: FencingConfig): string {
  return fencing.kind === "ipmi" ? `ipmi ${fencing.address}` : (fencing.command[0] ?? "");
}

/** `timeout` in milliseconds. The password never is an argument: anybody may list those (proc(5), cmdline). */
export function fenceProgram(
  node: string,
  fencing: FencingConfig,
  step: FenceStep,
  timeout: number,
): Program {
  if (fencing.kind === "command") {
    return { command: fencing.command, environment: { FENCE_NODE: node }, timeout };
  }
  const { password, passwordFile, address, user, action, cipher } = fencing;
  const suite = cipher === undefined ? [] : ["-C", `${cipher}`];
  const secret = passwordFile === undefined ? ["-E"] : ["-f", passwordFile];
  const request = step === "act" ? action : "status";
  return {
    command: [
      ...["ipmitool", "-I", fencing.interface, "-H", address, "-U", user, ...secret, ...suite],
      ...["chassis", "power", request],
    ],
    ...(password !== undefined && { environment: { IPMI_PASSWORD: password } }),
    timeout,
  };
}

/** Whether a successful `act` is all there is to it. */
export function isDoneByAct(fencing: FencingConfig): boolean {
  return fencing.kind === "command" || fencing.action === "cycle";
}

/** What `chassis power status` prints of a chassis without power. */
export function saysOff(output: string): boolean {
  return /^Chassis Power is off\b/m.test(output);
}

export function succeeded(outcome: ProgramOutcome): boolean {
  return outcome.kind === "exit" && outcome.code === 0;
}

/** Why a program did not succeed, in one line. */
export function failureWords(outcome: ProgramOutcome, output: string): string {
  const last = output.trim().split("\n").at(-1)?.trim() ?? "";
  const said = last === "" ? "" : `: ${last}`;
  switch (outcome.kind) {
    case "exit":
      return `exit code ${outcome.code}${said}`;
    case "signal":
      return `ended by ${outcome.signal}${said}`;
    case "timeout":
      return `it took too long${said}`;
    case "killed":
      return "it was ended";
    case "error":
      return outcome.error;
  }
}
