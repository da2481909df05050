// Joins two lists element by element: the engine's concat and spread take ten times as long, and most lists here have at
// most one element.

/** The elements of `one`, then those of `other`. Changes neither; the result may be one of them. */
export const joined = <T>(one: readonly T[], other: readonly T[]): readonly T[] => {
  if (other.length === 0) return one;
  if (one.length === 0) return other;
  const all: T[] = [];
  for (let at = 0; at < one.length; at++) all[at] = one[at] as T;
  for (let at = 0; at < other.length; at++) all[one.length + at] = other[at] as T;
  return all;
};
