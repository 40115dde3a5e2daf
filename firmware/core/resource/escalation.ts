// What happens when an item cannot be stopped. Nobody else may run what still runs here, so the node either resets itself,
// as heartbeat's ResourceManager does ("Reboot required!"), after which the others may take everything, or it keeps the group
// where it is until somebody has helped (stop_failed in the cluster file).

import { abortHandover } from "../heartbeat/handshake.ts";
import { NO_CLAIM } from "../heartbeat/ownership.ts";
import { log, setSelf, type Turn } from "../turn.ts";
import { recordFailure, wordsOf } from "./failure.ts";
import { type ItemPlace, itemAt, setItem } from "./item-turn.ts";
import { RESOURCE_WORDS } from "./log-words.ts";
import { NONE } from "./sides.ts";

export function selfFenceOrBlock(turn: Turn, place: ItemPlace, reason: string): void {
  const { config, resource, item } = itemAt(turn, place);
  const reset = config.stopFailed === "reboot";
  if (reset && turn.state.setup.resettable) {
    recordFailure(turn, place, reason, "reset");
    fence(turn, `${resource.word} cannot be stopped (${reason})`);
    return;
  }
  if (reset) log(turn, RESOURCE_WORDS.cannotReset());
  recordFailure(turn, place, reason, "block");
  log(turn, RESOURCE_WORDS.stuck(wordsOf(turn, place.index), resource.word, reason));
  setItem(turn, place, { ...item, phase: "stuck", reason });
  abortHandover(turn, `${resource.word} cannot be stopped`);
}

/** The last thing that this node does. */
function fence(turn: Turn, reason: string): void {
  log(turn, RESOURCE_WORDS.fencing(reason));
  const { handover: _, ending: __, ...rest } = turn.state;
  turn.state = {
    ...rest,
    claim: NO_CLAIM,
    acquiring: { sides: NONE, cause: "start" },
    announcements: new Map(),
  };
  setSelf(turn, { phase: "fenced" });
  turn.actions.push({ type: "self-fence", reason });
}
