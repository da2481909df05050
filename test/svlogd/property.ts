// The property test: whatever the options, configs and inputs, both leave the same behind.
//
// Promises: case N of a seed is always the same; a failing one is made small and told with a command that replays it.
// Read next: generate.ts, shrink.ts.
import type { Batch, Verdict } from './model.ts';
import { batchOf, decided } from './generate.ts';
import { compareBatch, type Sides } from './compare.ts';
import type { Place } from './play.ts';
import { shrink } from './shrink.ts';

const SPREAD = 1_000_003;

/** The command that plays one batch again. */
const replayOf = (batch: Batch): string => {
  const json = JSON.stringify(batch).replace(/['\x7f-\uffff]/g, (one) => {
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `node test/svlogd/run.ts --replay '${json}'`;
};

export const propertyCase = async (sides: Sides, seed: number, n: number, place: Place): Promise<Verdict> => {
  const batch = batchOf(seed * SPREAD + n);
  const name = `property/${n} of seed ${seed}`;
  const faults = await compareBatch(sides, batch, place);
  if (faults.length === 0) return { name, faults };
  const small = await shrink(batch, async (it) => {
    return decided(it).input === it.input && (await compareBatch(sides, it, place)).length > 0;
  });
  return { name, faults: [...(await compareBatch(sides, small, place)), `replay: ${replayOf(small)}`] };
};
