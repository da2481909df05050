// Two lists one behind the other. Element by element, as the engine's own ways take ten times as long, and most lists are
// empty or have one element.

/** `one` and behind it `other`; neither is changed, and either may be the result. */
export const joined = <T>(one: readonly T[], other: readonly T[]): readonly T[] => {
  if (other.length === 0) return one;
  if (one.length === 0) return other;
  const all: T[] = [];
  for (let at = 0; at < one.length; at++) all[at] = one[at] as T;
  for (let at = 0; at < other.length; at++) all[one.length + at] = other[at] as T;
  return all;
};
