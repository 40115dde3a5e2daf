// What JavaScript hands to the kernel is checked before C++ narrows it: NaN, fractions, overflows and embedded NULs are
// defects of the caller and throw, naming the parameter, the value and what is allowed (ECMA-262 ToInt32 would wrap silently).

/** Returns `value` if it is an integer within both bounds, which are allowed themselves; throws a RangeError otherwise. */
export function integerWithin(what: string, value: number, least: number, greatest: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= greatest) return value;
  throw new RangeError(`${what}: ${value} is not an integer from ${least} to ${greatest}`);
}

/** Returns `text` if C can take it as a string; throws a RangeError if it holds a NUL, at which C would cut it off. */
export function withoutNul(what: string, text: string): string {
  if (!text.includes("\0")) return text;
  throw new RangeError(`${what}: ${JSON.stringify(text)} holds a NUL character`);
}
