// Log lines about resource groups and their items. Where heartbeat's ResourceManager has a line for the occasion it is its
// own; the others are ours.

import { critical, error, info, type LogLine, warning } from "../heartbeat/log-words.ts";

export const RESOURCE_WORDS = {
  running: (word: string, action: string): LogLine => info(`Running ${word} ${action}`),
  failedProgram: (word: string, action: string, how: string): LogLine => error(`${word} ${action}: ${how}`),
  cannotLocate: (word: string, why: string): LogLine =>
    error(`Cannot locate resource script ${word}: ${why}`),
  activeAtStart: (word: string): LogLine =>
    critical(`Resource ${word} is active, and should not be! Stopping it.`),
  alreadyRunning: (word: string): LogLine => info(`Resource ${word} is running already`),
  givingUp: (word: string): LogLine => critical(`Giving up resources due to failure of ${word}`),
  failed: (word: string, why: string): LogLine => error(`Resource ${word} failed: ${why}`),
  restarting: (words: readonly string[], count: number, most: number): LogLine =>
    warning(`Restarting ${words.join(", ")} in place (${count} of ${most} times within an hour)`),
  unwatched: (word: string): LogLine =>
    warning(`Status of ${word} does not say that it runs, although it was started: it is not watched`),
  retryingStop: (word: string): LogLine => info(`Retrying failed stop operation [${word}]`),
  notCompliant: (word: string): readonly LogLine[] => [
    error(`Resource script for ${word} probably not LSB-compliant.`),
    warning(`it (${word}) MUST succeed on a stop when already stopped`),
    warning("Machine reboot narrowly avoided!"),
  ],
  fencing: (reason: string): LogLine =>
    critical(
      `Resource STOP failure. Reboot required! ${reason}; this node resets itself and says nothing more`,
    ),
  stuck: (group: string, word: string, how: string): LogLine =>
    critical(
      `Group ${group} is stuck on this node: ${word} cannot be stopped (${how}). No other node may take it; stop it by hand, then run "pulsebox cleanup"`,
    ),
  cannotReset: (): LogLine =>
    error("stop_failed: reboot is not possible: this node has neither a watchdog nor the right to reboot"),
  endBlocked: (): LogLine =>
    critical(
      "Shutdown waits for the stuck group: another node would start what still runs here. A second signal ends at once",
    ),
  noTaker: (group: string, seconds: number): LogLine =>
    warning(`Nobody can take group ${group}: trying again here in ${seconds} s`),
  tryingAgain: (group: string): LogLine => info(`Trying group ${group} again`),
  handingOver: (node: string, peer: string, reason: string): LogLine =>
    warning(`Handing resources of ${node} over to ${peer}: ${reason}`),
  cleared: (group: string): LogLine => info(`The failure of group ${group} is forgotten`),
} as const;
