// Which text in the board's serial number field is a serial number, with what board makers really leave there.

import { expect, test } from "vitest";
import { boardSerial } from "../../firmware/adapters/host-facts.ts";

test.each([
  "",
  "None",
  "N/A",
  "Not Specified",
  "To be filled by O.E.M.",
  "To Be Filled By O.E.M",
  "Default string",
  "System Serial Number",
  "0",
  "0000000000",
  "xxxxxxxx",
  "........",
  " \n",
])("%j is no serial number", (text) => {
  expect(boardSerial(text)).toBeUndefined();
});

test.each(["KPHTX42\n", "23A0001", "VMware-56 4d 0a", "0A1"])("%j is a serial number", (text) => {
  expect(boardSerial(text)).toBe(text.trim());
});
