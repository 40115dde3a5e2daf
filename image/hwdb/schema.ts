// The form of one board in hwdb/: what a machine is made of, where each fact comes from and how sure it is.
// This definition is the only one: hwdb/schema.json (JSON Schema 2020-12, for editors) is written from it by
// `node image/hwdb/json-schema.ts`, and a test holds the two together.
// Identifiers are the kernel's: driver names as in modules.alias, PCI ids as `lspci -n` prints them, ttyS numbers
// as 8250 probes them, DMI strings as /sys/class/dmi/id shows them.

import { z } from "zod";

/**
 * Instruction sets by what breaks without them: `p6` is i686 with MMX and CMOV, `p6-sse` adds SSE but not SSE2,
 * `sse2-32` has SSE2 but no 64-bit mode, `x86-64` is the base level of the psABI.
 */
export const Isa = z.enum(["p6", "p6-sse", "sse2-32", "x86-64"]);
export type Isa = z.infer<typeof Isa>;

const Confidence = z
  .enum(["high", "medium", "low", "guess"])
  .describe("how far the sources carry the fact; a guess has no source and may be wrong");

const provenance = {
  confidence: Confidence,
  sources: z.array(z.string()).optional().describe("keys of this file's `sources`"),
};

const fact = <Value extends z.ZodType>(value: Value) => z.strictObject({ value, ...provenance });

const Driver = z.string().regex(/^[A-Za-z0-9_]+$/, "a kernel module name, written with underscores");
const PciId = z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/, "vendor:device in lower-case hexadecimal");

const Device = z.strictObject({
  chip: z.string(),
  driver: Driver,
  pci: z.array(PciId).optional(),
  ...provenance,
});

const Identification = z.strictObject({
  vendor: z.string().describe("start of /sys/class/dmi/id/sys_vendor"),
  product: z.string().describe("start of /sys/class/dmi/id/product_name"),
  machine_types: z
    .array(z.string())
    .optional()
    .describe("IBM's four digits inside -[ ]- of the product name"),
  ...provenance,
});

const SerialPort = z.strictObject({
  device: z.string().regex(/^ttyS[0-9]+$/),
  io: z.int().min(0).max(0xffff),
  irq: z.int().min(0).max(255),
  heartbeat: z.boolean().describe("may carry heartbeats: it has a connector and is not the console"),
  ...provenance,
});

const Console = z.strictObject({
  device: z.string().regex(/^ttyS[0-3]$/),
  baud: z.union([9600, 19200, 38400, 57600, 115200].map((rate) => z.literal(rate))),
  ...provenance,
});

export const Board = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]+$/, "lower-case letters, digits, - and _ (the file's own name)"),
  title: z.string(),
  sources: z.record(z.string(), z.string()).describe("short name -> citation"),
  isa: fact(Isa),
  cpu: fact(z.string()).describe("the processor in its maker's words"),
  firmware: fact(z.array(z.enum(["bios", "uefi"])).min(1)),
  identification: z.array(Identification),
  nics: z.array(Device),
  storage: z.array(Device),
  serial: z.array(SerialPort),
  console: Console,
  watchdogs: z
    .array(z.strictObject({ module: Driver, ...provenance }))
    .min(1)
    .describe("in order of preference; softdog, which dies with the kernel, comes last"),
  modules: z
    .array(z.strictObject({ module: Driver, reason: z.string(), ...provenance }))
    .describe("modules beyond those of the lists above"),
  left_out: z
    .array(z.strictObject({ module: Driver, reason: z.string(), ...provenance }))
    .describe("drivers of this board that the image cannot carry, and why"),
  kernel_arguments: z.array(z.strictObject({ argument: z.string(), reason: z.string(), ...provenance })),
  quirks: z.array(z.strictObject({ text: z.string(), ...provenance })),
});
export type Board = z.infer<typeof Board>;

/** The JSON Schema that hwdb/schema.json must equal. */
export function boardJsonSchema(): unknown {
  return { title: "One board of the pulsebox hardware database", ...z.toJSONSchema(Board) };
}
