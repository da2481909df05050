// The simulation: `run.ts [--sequences N] [--first N] [--seed N]`. Plays N seeded scenarios (default 100,000) from a first one
// (default 1) on all processors, or one with all it did. Ends in `N passed, N failed`; every failure names its seed.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { summary } from '../lib/summary.ts';
import { playScan } from './scan-scenario.ts';
import { scanInvariants } from './scan-invariants.ts';
import { serviceInvariants } from './service-invariants.ts';
import { playService } from './service-scenario.ts';

const SHOWN = 10;
const TRACE = 60;
/** Every how many seeds the scan directory is played instead of a service. */
const SCAN_EVERY = 5;

interface Result {
  readonly seed: number;
  readonly failures: readonly string[];
  readonly events: readonly string[];
  readonly trace: readonly string[];
}

const play = (seed: number, trace: number): Result => {
  const story =
    seed % SCAN_EVERY === 0 ? playScan(seed, scanInvariants, trace) : playService(seed, serviceInvariants, trace);
  return { seed, failures: story.failures, events: story.events, trace: story.kernel.trace() };
};

interface Share {
  readonly from: number;
  readonly to: number;
}

/** A worker plays its share and reports the seeds that fail. */
const work = ({ from, to }: Share): void => {
  for (let seed = from; seed < to; seed++) {
    const { failures } = play(seed, 0);
    if (failures.length > 0) process.send?.({ seed, failures });
  }
};

const sharesOf = (first: number, sequences: number, workers: number): readonly Share[] =>
  Array.from({ length: workers }, (_, n) => ({
    from: first + Math.floor((sequences * n) / workers),
    to: first + Math.floor((sequences * (n + 1)) / workers),
  }));

const runShare = (share: Share, failed: (seed: number, failures: readonly string[]) => void): Promise<boolean> =>
  new Promise((resolve) => {
    const worker = fork(new URL(import.meta.url), ['--from', String(share.from), '--to', String(share.to)]);
    worker.on('message', (message: { seed: number; failures: string[] }) => failed(message.seed, message.failures));
    worker.on('close', (code) => resolve(code === 0));
  });

const runAll = async (first: number, sequences: number): Promise<number> => {
  const failing = new Map<number, readonly string[]>();
  const shares = sharesOf(first, sequences, availableParallelism());
  const startMs = performance.now();
  const ends = await Promise.all(shares.map((share) => runShare(share, (seed, what) => failing.set(seed, what))));
  for (const [seed, failures] of [...failing].slice(0, SHOWN)) console.log(`seed ${seed}: ${failures.join('; ')}`);
  const crashed = ends.filter((fine) => !fine).length;
  if (crashed > 0) console.log(`${crashed} workers crashed`);
  console.log(`${sequences} sequences in ${((performance.now() - startMs) / 1000).toFixed(1)} s; replay with SEED=n`);
  console.log(summary({ passed: sequences - failing.size, failed: failing.size + crashed, skipped: 0 }));
  return failing.size + crashed === 0 ? 0 : 1;
};

const replay = (seed: number): number => {
  const { failures, events, trace } = play(seed, TRACE);
  console.log(events.join('\n'));
  console.log(`-- the last calls\n${trace.join('\n')}`);
  for (const failure of failures) console.log(`FAILED  ${failure}`);
  console.log(summary({ passed: failures.length === 0 ? 1 : 0, failed: failures.length === 0 ? 0 : 1, skipped: 0 }));
  return failures.length === 0 ? 0 : 1;
};

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '100000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
});
if (values.from !== undefined) work({ from: Number(values.from), to: Number(values.to) });
else
  process.exitCode =
    values.seed === undefined
      ? await runAll(Number(values.first), Number(values.sequences))
      : replay(Number(values.seed));
