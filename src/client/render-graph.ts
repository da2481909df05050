// The tree of dependencies as lines of text: who waits for whom, each with its state.
//
// Promises: pure; a service is unfolded once, and is `^` where it comes again, so cycles end. Works for any depth.
// Read next: dependencies.ts.
import { visible } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';

export interface Shown {
  readonly name: Bytes;
  readonly state: Bytes;
  /** Keys of what it depends on. */
  readonly dependencies: readonly Bytes[];
}

interface Row {
  readonly tree: Bytes;
  readonly state: Bytes;
}

interface Step {
  readonly key: Bytes;
  /** What stands in front of its own name, and of those below. */
  readonly lead: Bytes;
  readonly below: Bytes;
}

const GAP = 4;
const SEEN = '^';

const widthOf = (text: Bytes): number => text.replace(/[\x80-\xbf]/g, '').length;

const stepsBelow = ({ below }: Step, keys: readonly Bytes[]): readonly Step[] =>
  keys.map((key, at) => {
    const isLast = at === keys.length - 1;
    return { key, lead: `${below}${isLast ? '`- ' : '|- '}`, below: `${below}${isLast ? '   ' : '|  '}` };
  });

/** Keys on which no other depends, in order. */
const rootsOf = (all: ReadonlyMap<Bytes, Shown>): readonly Bytes[] => {
  const needed = new Set<Bytes>();
  for (const [key, { dependencies }] of all) for (const one of dependencies) if (one !== key) needed.add(one);
  return [...all.keys()].filter((key) => !needed.has(key));
};

const rowsFrom = (root: Bytes, all: ReadonlyMap<Bytes, Shown>, seen: Set<Bytes>): readonly Row[] => {
  const rows: Row[] = [];
  const stack: Step[] = [{ key: root, lead: '', below: '' }];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const shown = all.get(step.key);
    if (shown === undefined) continue;
    const isSeen = seen.has(step.key);
    seen.add(step.key);
    rows.push({ tree: step.lead + visible(shown.name), state: isSeen ? SEEN : shown.state });
    if (!isSeen) stack.push(...[...stepsBelow(step, shown.dependencies)].reverse());
  }
  return rows;
};

/** `roots`: where to begin; null: with those on which no other depends, and then with what lies on cycles alone. */
export const graphText = (all: ReadonlyMap<Bytes, Shown>, roots: readonly Bytes[] | null): Bytes => {
  const seen = new Set<Bytes>();
  const rows: Row[] = [];
  for (const root of roots ?? rootsOf(all)) rows.push(...rowsFrom(root, all, seen));
  if (roots === null) for (const key of all.keys()) if (!seen.has(key)) rows.push(...rowsFrom(key, all, seen));
  const width = rows.reduce((most, { tree }) => Math.max(most, widthOf(tree)), 0) + GAP;
  return rows.map(({ tree, state }) => `${tree}${' '.repeat(width - widthOf(tree))}${state}\n`).join('');
};
