// What programs rely on beside the calls: variables that closures share stay shared, and each turn of a loop has its own.
//
// build/engine/patch.ts keeps a table of them for the frame that has many.
import type { Case, Spec } from './case.ts';
import { same } from './case.ts';

interface Shared {
  readonly read: () => number;
  readonly add: (by: number) => void;
}

/** A frame with more variables than have a table, which calls itself between the closures that it makes. */
const many = (from: number, depth: number, found: Shared[]): number => {
  // biome-ignore format: names, nothing else
  let [
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17,
    v18, v19, v20, v21, v22, v23, v24, v25, v26, v27, v28, v29, v30, v31, v32, v33, v34, v35,
    v36, v37, v38, v39, v40, v41, v42, v43, v44, v45, v46, v47, v48, v49, v50, v51, v52, v53,
    v54, v55, v56, v57, v58, v59, v60, v61, v62, v63, v64, v65, v66, v67, v68, v69, v70, v71,
  ] = Array.from({ length: 72 }, (_, at) => from + at) as unknown as Record<number, number> & number[];
  const first: Shared = {
    read: () => v0 as number,
    add: (by) => {
      v0 = (v0 as number) + by;
    },
  };
  found.push(first);
  const turns: (() => number)[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const own = from + turn;
    turns.push(() => own + turn);
  }
  // one that nobody keeps, and the same variable again
  let dropped: (() => number) | null = () => v1 as number;
  const before = dropped();
  dropped = null;
  const again = (): number => v1 as number;
  if (depth > 0) many(from + 1000, depth - 1, found);
  // after another frame had the table: still the same variable
  const second: Shared = {
    read: () => v0 as number,
    add: (by) => {
      v0 = (v0 as number) + by;
    },
  };
  found.push(second);
  first.add(5);
  same(
    [second.read(), first.read(), v0, again(), before],
    [from + 5, from + 5, from + 5, from + 1, from + 1],
    'shared',
  );
  same(
    turns.map((turn) => turn()),
    [from, from + 2, from + 4],
    'one for each turn',
  );
  v71 = from;
  // biome-ignore format: names, nothing else
  return [
    v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19,
    v20, v21, v22, v23, v24, v25, v26, v27, v28, v29, v30, v31, v32, v33, v34, v35, v36, v37,
    v38, v39, v40, v41, v42, v43, v44, v45, v46, v47, v48, v49, v50, v51, v52, v53, v54, v55,
    v56, v57, v58, v59, v60, v61, v62, v63, v64, v65, v66, v67, v68, v69, v70, v71,
  ].reduce((sum: number, value) => sum + (value as number), 0);
};

export const closureSpecs: readonly Spec[] = [
  {
    title: 'closures of a frame with many variables share them, also after its end, whatever ran between',
    run: (_c: Case) => {
      const found: Shared[] = [];
      for (const from of [0, 7]) {
        many(from, 3, found);
        same(found.length, 8, 'two for each frame');
        // the outermost frame has made the first and the last
        const [first, last] = [found[0], found[7]];
        last?.add(10);
        same([first?.read(), last?.read(), found[1]?.read()], [from + 15, from + 15, from + 1005], 'after the end');
        found.length = 0;
      }
    },
  },
];
