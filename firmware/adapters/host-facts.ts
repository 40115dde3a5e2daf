// What this box is, for finding its own entry in the cluster file: hardware addresses, addresses, the serial number of the
// board (SMBIOS, as /sys/class/dmi/id shows it) and the host name.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { listAddresses, listLinks } from "../../native/ipalias/index.ts";
import type { BoxFacts } from "../core/config/identity.ts";

/** What board makers leave in the field instead of a serial number. */
const filler =
  /^(none|n\/?a|not (specified|applicable|available)|default string|to be filled.*|system serial number|unknown|0+|x+|\.+|-+)?$/i;

export function hostFacts(): BoxFacts {
  const serial = boardSerial(readBoardSerial());
  return {
    macs: listLinks()
      .filter((link) => !link.loopback && link.mac !== "")
      .map((link) => ({ interface: link.name, mac: link.mac })),
    addresses: listAddresses()
      .filter((address) => address.scope === "global")
      .map((address) => address.address),
    ...(serial !== undefined && { serial }),
    hostName: hostname(),
  };
}

/** The serial number in `text`; undefined when the maker left it out. */
export function boardSerial(text: string): string | undefined {
  const serial = text.trim();
  return filler.test(serial) ? undefined : serial;
}

/** Empty on machines without SMBIOS and for those who may not read it. */
function readBoardSerial(): string {
  try {
    return readFileSync("/sys/class/dmi/id/product_serial", "latin1");
  } catch {
    return "";
  }
}
