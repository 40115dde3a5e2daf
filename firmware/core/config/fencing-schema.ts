// How to fence a node, as the cluster file says it: a command of the site, or the box's management controller by IPMI
// (ipmitool(1)). What one value means for another is checked by fencing-rules.ts.

import * as z from "zod";
import { address, duration, integer, label, line, word } from "./scalars.ts";

const minute = 60_000;
const commandWords = "a list of words: the program and its arguments";

const ipmi = z.strictObject(
  {
    address: address.meta({ description: "Address of the node's management controller (BMC)" }),
    user: label.meta({ description: "User of the controller that may switch power" }),
    password: line("a password in quotes", 64).optional().meta({
      description: "That user's password; ipmitool gets it in its environment",
    }),
    password_file: line("the path of a file", 255).optional().meta({
      description: "File that holds the password instead, on each node that may have to fence",
    }),
    interface: word("an interface of ipmitool", ["lanplus", "lan"])
      .optional()
      .meta({ description: "lanplus: IPMI 2.0; lan: IPMI 1.5", default: "lanplus" }),
    cipher: integer("a cipher suite of IPMI 2.0", 1, 17).optional().meta({
      description: "Cipher suite, often 3 or 17; default: the best one that the controller offers",
    }),
    action: z
      .literal(["off", "cycle", false], { error: "off or cycle" })
      .transform((value) => (value === "cycle" ? value : "off"))
      .optional()
      .meta({
        description: "off: power off, and wait until it is; cycle: off and on again. Default: off",
      }),
  },
  { error: "a mapping with address, user and password" },
);

export const fencing = z
  .strictObject(
    {
      command: z
        .array(line("a word of a command", 1024), { error: commandWords })
        .min(1, { error: commandWords })
        .optional()
        .meta({
          description: "Program (absolute path) and arguments that fence this node; exit code 0: it is done",
        }),
      ipmi: ipmi.optional().meta({ description: "Fence by the node's management controller" }),
      timeout: duration(1000, 10 * minute)
        .optional()
        .meta({ description: "An attempt that takes longer has failed; default: 30s" }),
      delay: duration(0, minute).optional().meta({
        description:
          "Wait before fencing this node: in a partition the one with the longer delay survives; default: 0",
      }),
    },
    { error: "a mapping with command or ipmi" },
  )
  .meta({
    description: "How the other node makes sure that this one is off before it takes over its groups",
  });
