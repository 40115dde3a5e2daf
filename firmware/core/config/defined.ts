// Optional keys of the file on their way into the configuration: with exactOptionalPropertyTypes a key that is absent is
// not the same as one that is undefined.

/** A key that is absent stays absent: `exactOptionalPropertyTypes` tells it from undefined. */
export type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

export function defined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<
    Defined<T>
  >;
}
