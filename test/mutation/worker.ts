// Runs the tests of one bundle with one mutant at a time, in a thread that can be ended where a mutant loops for ever.
import { runInThisContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import type { Case } from './vitest.ts';

interface Job {
  readonly code: string;
  readonly from: number;
  readonly to: number;
}

const world = globalThis as unknown as { __cases: Case[]; __mutant: (id: number) => boolean };
const { code, from, to } = workerData as Job;
let active = -1;
let hits = new Set<number>();
world.__mutant = (id) => {
  hits.add(id);
  return id === active;
};

const load = (): readonly Case[] => {
  world.__cases = [];
  runInThisContext(code);
  return world.__cases;
};

const passes = ({ body }: Case): boolean => {
  try {
    body();
    return true;
  } catch {
    return false;
  }
};

/** Which tests reach which mutant; null: it is reached while the modules are loaded, so that any test may see it. */
const reach = (cases: readonly Case[], atLoad: ReadonlySet<number>): ReadonlyMap<number, readonly number[] | null> => {
  const reached = new Map<number, number[] | null>([...atLoad].map((id) => [id, null]));
  for (const [n, test] of cases.entries()) {
    hits = new Set();
    if (!passes(test)) throw new Error(`fails without a mutant: ${test.name}`);
    for (const id of hits) if (reached.get(id) !== null) reached.set(id, [...(reached.get(id) ?? []), n]);
  }
  return reached;
};

const cases = load();
const reached = reach(cases, hits);

const survives = (id: number): boolean => {
  const tests = reached.get(id);
  if (tests === undefined) return true;
  active = id;
  try {
    return tests === null ? load().every(passes) : tests.every((n) => passes(cases[n] as Case));
  } catch {
    return false;
  } finally {
    active = -1;
  }
};

for (let id = from; id < to; id++) {
  parentPort?.postMessage({ id, state: 'begun' });
  parentPort?.postMessage({ id, state: survives(id) ? 'survived' : 'killed' });
}
