// What the service manager hears of the daemon (sd_notify(3)), where one wants to: NOTIFY_SOCKET names its socket.

import { notifyService } from "../../native/process/index.ts";
import { outcomeOf } from "./outcome.ts";

/** `lines` are assignments such as "READY=1". A manager that does not listen is no reason to stop. */
export function tellServiceManager(...lines: readonly string[]): void {
  const { NOTIFY_SOCKET: path } = process.env;
  if (path) outcomeOf(() => notifyService(path, lines.join("\n")));
}
