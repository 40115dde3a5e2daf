// A box in a network namespace, for ipalias.test.ts: the functions of native/ipalias, and its monitor as events.

import * as ipalias from "../../native/ipalias/index.ts";

export const {
  addAddress,
  deleteAddress,
  listAddresses,
  listLinks,
  setLinkUp,
  listRoutes,
  addDefaultRoute,
  lookUpRoute,
} = ipalias;

export type Change =
  | { readonly link: ipalias.InterfaceLink }
  | { readonly changed: "addresses" | "routes" }
  | { readonly error: string };

let emit: (change: Change) => void = () => {};
let monitor: { close(): void } | undefined;

export function connect(report: (change: Change) => void): void {
  emit = report;
}

export function openMonitor(): void {
  monitor = ipalias.openMonitor({
    onLink: (link) => emit({ link }),
    onAddress: () => emit({ changed: "addresses" }),
    onRoute: () => emit({ changed: "routes" }),
    onError: (error) => emit({ error: error.message }),
  });
}

/** Twice, because both are allowed. */
export function closeMonitor(): void {
  monitor?.close();
  monitor?.close();
}

/** Makes more changes in one turn of the event loop than the monitor's receive buffer holds; ends with the address present. */
export function overrunMonitor(address: Parameters<typeof ipalias.addAddress>[0], changes: number): void {
  ipalias.addAddress(address);
  for (let change = 0; change < changes; change += 1) {
    ipalias.deleteAddress(address);
    ipalias.addAddress(address);
  }
}
