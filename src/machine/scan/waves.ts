// In which order services are stopped: whoever depends on another one first.
//
// Promises: an edge that lies on a cycle is dropped, so nobody waits for himself. Lies in a cold part (../../cold-order.ts).
// Pure and total. Read first: table.ts (who waits for whom to end). Read next: ../../effects/scan/dependents.ts (who asks).
import { wayTo } from '../../formats/dependency.ts';

/** A service, and the names of those that it depends on. */
export interface Needy {
  readonly name: string;
  readonly dependencies: readonly string[];
}

/** By name: those of these services that depend on it. */
export const dependentsAmong = (services: readonly Needy[]): ReadonlyMap<string, readonly string[]> => {
  const all = new Map(services.map(({ name, dependencies }) => [name, dependencies.filter((each) => each !== name)]));
  const namesOf = (name: string): readonly string[] => all.get(name) ?? [];
  const dependents = new Map<string, string[]>();
  for (const [name, dependencies] of all) {
    for (const each of dependencies) {
      if (wayTo(each, name, namesOf) !== null) continue;
      const before = dependents.get(each);
      if (before === undefined) dependents.set(each, [name]);
      else before.push(name);
    }
  }
  return dependents;
};
