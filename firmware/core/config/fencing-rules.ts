// Rules for `nodes.<name>.fencing`: one way to fence, a password that comes from one place, a controller that is not the node
// itself, and what an operator should know before the first partition.

import type { Inspection, Rule } from "./inspection.ts";
import { formatIp } from "./ip.ts";
import { quote } from "./quote.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";

type Fencing = NonNullable<NonNullable<Remainder["nodes"]>[string]["fencing"]>;

function fencings({ file }: Inspection): readonly (readonly [string, Fencing, Path])[] {
  return Object.entries(file.nodes ?? {}).flatMap(([node, { fencing }]) =>
    fencing === undefined ? [] : [[node, fencing, ["nodes", node, "fencing"]] as const],
  );
}

const oneWay: Rule = (inspection) => {
  const { error, intact } = inspection;
  for (const [node, { command, ipmi }, path] of fencings(inspection)) {
    if (command !== undefined && ipmi !== undefined) {
      error([...path, "ipmi"], `${node} is fenced by a command already: command or ipmi, not both`);
    } else if (command === undefined && ipmi === undefined && intact(...path)) {
      error(path, `nothing says how ${node} is fenced: command or ipmi`);
    }
    const program = command?.[0];
    if (program === undefined || program.startsWith("/")) continue;
    error([...path, "command", 0], `${quote(program)} is not an absolute path: it would be searched nowhere`);
  }
};

const onePassword: Rule = (inspection) => {
  const { error, intact } = inspection;
  for (const [, { ipmi }, path] of fencings(inspection)) {
    if (ipmi === undefined) continue;
    const { password, password_file: file } = ipmi;
    const at = [...path, "ipmi"];
    if (password !== undefined && file !== undefined) {
      error([...at, "password_file"], "the password is given already: password or password_file, not both");
    } else if (password === undefined && file === undefined && intact(...at)) {
      error(at, "ipmi lacks password or password_file");
    }
    if (file !== undefined && !file.startsWith("/")) {
      error([...at, "password_file"], `${quote(file)} is not an absolute path`);
    }
  }
};

const ownController: Rule = (inspection) => {
  const { interfaces, vips, error, line } = inspection;
  for (const [node, { ipmi }, path] of fencings(inspection)) {
    if (ipmi === undefined) continue;
    const at = [...path, "ipmi", "address"];
    const owner = interfaces.find(({ subnet }) => subnet && formatIp(subnet.address) === ipmi.address);
    const vip = vips.find(({ ip }) => formatIp(ip) === ipmi.address);
    if (owner !== undefined) {
      const where = line([...owner.path, "address"]);
      error(
        at,
        `${ipmi.address} is ${owner.node} itself (${where}); the controller of ${node} has an address of its own`,
      );
    } else if (vip !== undefined) {
      error(at, `${ipmi.address} is a service address (${line(vip.path)}), not the controller of ${node}`);
    }
  }
};

/** Neither is wrong, and both surprise at the worst moment. */
const surprises: Rule = (inspection) => {
  const { file, intact, warning } = inspection;
  const names = Object.keys(file.nodes ?? {});
  const fenced = fencings(inspection);
  const [first] = fenced;
  if (first === undefined || !intact("nodes")) return;
  for (const name of names) {
    if (fenced.some(([node]) => node === name)) continue;
    warning(
      ["nodes", name],
      `${name} has no fencing, ${first[0]} has: the groups of a silent ${name} are taken over without`,
    );
  }
  const delays = new Set(fenced.map(([, { delay = 0 }]) => delay));
  if (fenced.length === names.length && names.length > 1 && delays.size === 1) {
    const message = `in a partition ${fenced.map(([node]) => node).join(" and ")} would fence each other at the same moment`;
    warning(first[2], `${message}: give the one that is to survive a delay`);
  }
};

export const fencingRules: readonly Rule[] = [oneWay, onePassword, ownController, surprises];
