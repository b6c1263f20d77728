/** Whether two lists hold the same values in the same order. */
export const sameList = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length === other.length && one.every((value, at) => value === other[at]);

/** Whether two maps hold the same values under the same keys. */
export const sameValues = <Key, T>(one: ReadonlyMap<Key, T>, other: ReadonlyMap<Key, T>): boolean =>
  one.size === other.size && [...one].every(([key, value]) => other.has(key) && other.get(key) === value);
