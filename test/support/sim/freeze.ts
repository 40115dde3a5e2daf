// Makes a state unchangeable, maps and sets included, so that a core which changes its input in place throws at the spot.
// What was frozen before is not looked at again: states share most of their parts.

const frozen = new WeakSet<object>();

function refuse(): never {
  throw new TypeError("a state was changed in place");
}

export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || frozen.has(value)) return;
  frozen.add(value);
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map || value instanceof Set) {
    for (const [key, each] of value.entries()) {
      deepFreeze(key);
      deepFreeze(each);
    }
    for (const name of ["set", "add", "delete", "clear"]) {
      if (name in value) Object.defineProperty(value, name, { value: refuse });
    }
    return;
  }
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
}
