// Arrows between rooms (folders of src), and cycles between files.
import type { Import } from './imports.ts';

/** Room or file -> what it imports, and how often. */
export type Arrows = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The folder of src that a file lies in; 'main' is the files at its top. */
export const roomOf = (path: string): string => {
  const [, room] = path.split('/');
  return room === undefined || room.endsWith('.ts') ? 'main' : room;
};

/** A room's folder of one subject, such as `effects/scan`; of a file that has none, the room. */
export const subjectOf = (path: string): string => path.split('/').slice(1, -1).slice(0, 2).join('/') || 'main';

/** The arrows between what `nameOf` makes of paths, without those that lead back to where they begin. */
export const arrowsBetween = (imports: readonly Import[], nameOf: (path: string) => string): Arrows => {
  const arrows = new Map<string, Map<string, number>>();
  for (const { from, to, isPackage } of imports) {
    const [start, end] = [nameOf(from), nameOf(to)];
    if (isPackage || start === end) continue;
    const ends = arrows.get(start) ?? new Map<string, number>();
    arrows.set(start, ends.set(end, (ends.get(end) ?? 0) + 1));
  }
  return arrows;
};

/** Groups in which each leads to each other (strongly connected components, Tarjan), of two members or more. */
export const cyclesIn = (arrows: Arrows): readonly (readonly string[])[] => {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (name: string): number => {
    const number = order.size;
    order.set(name, number);
    lowest.set(name, number);
    stack.push(name);
    for (const next of arrows.get(name)?.keys() ?? []) {
      const reached = order.has(next) ? (stack.includes(next) ? (order.get(next) ?? number) : number) : visit(next);
      lowest.set(name, Math.min(lowest.get(name) ?? number, reached));
    }
    if (lowest.get(name) === number) {
      const group = stack.splice(stack.indexOf(name));
      if (group.length > 1) cycles.push(group);
    }
    return lowest.get(name) ?? number;
  };
  for (const name of arrows.keys()) if (!order.has(name)) visit(name);
  return cycles;
};
