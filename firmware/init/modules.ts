// Which kernel modules this hardware asks for, and in which order: the fixed ones first, then those whose
// modules.alias pattern matches a device's modalias, each after what it depends on (depmod(8), modprobe(8)).

import type { ModuleIndex } from "../ports/box.ts";

const patternSyntax = /[.+^${}()|\\]/g;

/** An fnmatch(3) pattern as modules.alias has them: `*`, `?` and `[…]` are special, all else is literal. */
export function aliasPattern(pattern: string): RegExp {
  const literal = pattern.replace(patternSyntax, "\\$&");
  return new RegExp(`^${literal.replace(/\*/g, ".*").replace(/\?/g, ".")}$`);
}

/** Finds modules by modalias; compiles each pattern once because coldplug asks again on every pass. */
export function createMatcher(index: ModuleIndex): (modalias: string) => readonly string[] {
  const byBus = new Map<string, { pattern: RegExp; module: string }[]>();
  for (const [alias, module] of index.aliases) {
    const bus = alias.slice(0, alias.indexOf(":") + 1);
    const rows = byBus.get(bus) ?? [];
    rows.push({ pattern: aliasPattern(alias), module });
    byBus.set(bus, rows);
  }
  return (modalias) => {
    const rows = byBus.get(modalias.slice(0, modalias.indexOf(":") + 1)) ?? [];
    return rows.filter((row) => row.pattern.test(modalias)).map((row) => row.module);
  };
}

/** `names` and everything they need, each once, dependencies first; names outside the index are left out. */
export function loadOrder(index: ModuleIndex, names: readonly string[]): readonly string[] {
  const order = new Set<string>();
  for (const name of names) {
    const row = index.modules[name];
    if (row === undefined) continue;
    for (const dependency of row.deps) order.add(dependency);
    order.add(name);
  }
  return [...order].filter((name) => index.modules[name] !== undefined);
}
