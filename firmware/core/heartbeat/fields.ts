// Reading a message's fields as what they must be. A reader collects every fault and goes on with a value of the right
// type, so that one pass reports everything that is wrong; whoever reads discards the result when `faults` is not empty.

import { bytes, fieldValue, LIMITS, type Message, text } from "./message.ts";

export interface FieldReader {
  readonly faults: readonly string[];
  has(name: string): boolean;
  /** Any text; the empty string when it is absent. */
  text(name: string): string;
  oneOf<const T extends string>(name: string, allowed: readonly [T, ...T[]]): T;
  hex(name: string, least: number, most: number): number;
  decimal(name: string, least: number, most: number): number;
  nodeName(name: string): string;
  /** Node names separated by single blanks; heartbeat's own lists end in a blank, and an empty one is a blank. */
  nodeNames(name: string): readonly string[];
  /** A word of haresources: anything printable without blanks. */
  word(name: string): string;
  uuid(name: string): Uint8Array;
}

/** heartbeat compares names in lower case; ping nodes are named by address or by group. */
const NODE_NAME = /^[a-z0-9][a-z0-9._:-]*$/;
const WORD = /^[!-~]{1,1024}$/;

export function isNodeName(name: string): boolean {
  return name.length < LIMITS.nodeName && NODE_NAME.test(name);
}

export function fieldReader(message: Message): FieldReader {
  const faults: string[] = [];
  const refuse = <T>(name: string, allowed: string, instead: T): T => {
    const value = fieldValue(message, name);
    const shown = typeof value === "string" ? `"${excerpt(value)}"` : value ? "binary" : "absent";
    faults.push(`${name} is ${shown}; allowed: ${allowed}`);
    return instead;
  };
  const number = (name: string, digits: RegExp, base: number, least: number, most: number): number => {
    const value = text(message, name) ?? "";
    const parsed = digits.test(value) ? Number.parseInt(value, base) : Number.NaN;
    if (parsed >= least && parsed <= most) return parsed;
    return refuse(
      name,
      `${base === 16 ? "hex " : ""}${least.toString(base)} to ${most.toString(base)}`,
      least,
    );
  };
  const names = (name: string): readonly string[] => {
    const list = (text(message, name) ?? refuse(name, "node names", ""))
      .split(" ")
      .filter((each) => each !== "");
    return list.length <= LIMITS.nodes && list.every(isNodeName)
      ? list
      : refuse(name, `at most ${LIMITS.nodes} node names`, []);
  };
  return {
    faults,
    has: (name) => fieldValue(message, name) !== undefined,
    text: (name) => text(message, name) ?? refuse(name, "text", ""),
    oneOf: (name, allowed) => {
      const value = text(message, name);
      return allowed.find((each) => each === value) ?? refuse(name, allowed.join(", "), allowed[0]);
    },
    hex: (name, least, most) => number(name, /^[0-9a-f]{1,16}$/, 16, least, most),
    decimal: (name, least, most) => number(name, /^[0-9]{1,16}$/, 10, least, most),
    nodeName: (name) => {
      const value = text(message, name) ?? "";
      return isNodeName(value) ? value : refuse(name, `a lower-case node name of < ${LIMITS.nodeName}`, "");
    },
    nodeNames: names,
    word: (name) => {
      const value = text(message, name) ?? "";
      return WORD.test(value) ? value : refuse(name, "a word of 1 to 1024 printable characters", "");
    },
    uuid: (name) => {
      const value = bytes(message, name);
      return value?.length === LIMITS.uuid ? value : refuse(name, `${LIMITS.uuid} bytes`, new Uint8Array());
    },
  };
}

/** Faults end up in a log: printable ASCII only, and not much of it. */
function excerpt(value: string): string {
  return value.slice(0, 40).replace(/[^ -~]/g, "?");
}
