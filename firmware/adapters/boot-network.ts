// The port BootNetwork through rtnetlink. Doing again what is done already is no failure: PID 1 may run the boot
// sequence a second time.

import { addAddress, addDefaultRoute, setLinkUp } from "../../native/ipalias/index.ts";
import type { BootNetwork } from "../ports/box.ts";
import { outcomeOf } from "./outcome.ts";

export const bootNetwork: BootNetwork = {
  setLinkUp: (name) => outcomeOf(() => setLinkUp(name, true)),
  addAddress(name, address, prefixLength) {
    const outcome = outcomeOf(() => addAddress({ interface: name, address, prefixLength }));
    return !outcome.ok && outcome.error.includes("EEXIST") ? { ok: true } : outcome;
  },
  addDefaultRoute: (gateway, name) => outcomeOf(() => addDefaultRoute({ gateway, interface: name })),
};
