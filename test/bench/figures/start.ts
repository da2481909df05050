// A machine's boot and shutdown: runsvdir from its start until all of 1000 ./run run, and from HUP until all is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Figure, Row, SideName } from '../model.ts';
import { suitesOf } from '../model.ts';
import type { Suite } from '../programs.ts';
import { measured } from '../statistics.ts';
import { sleep } from '../../lib/wait.ts';
import { GROWN_MS } from '../waiting.ts';
import { makeWorld, type World } from '../world.ts';

const START_LIMIT = 0.78;
const STOP_LIMIT = 1.0;
const SIGHUP = 1;

interface Life {
  readonly startMs: number;
  readonly stopMs: number;
  readonly cpuMs: number;
}

const live = async (context: Context, suite: Suite, world: World): Promise<Life> => {
  const keeper = await context.keep.start({ suite, program: 'runsvdir', args: [world.scan] });
  const startNs = await keeper.ask(`bytes ${world.names.length}`);
  await sleep(GROWN_MS);
  await keeper.ask(`kill ${SIGHUP}`);
  const stopNs = await keeper.ask('gone');
  const cpuUs = await keeper.ask('cpu');
  await keeper.close();
  return { startMs: startNs / 1e6, stopMs: stopNs / 1e6, cpuMs: cpuUs / 1000 };
};

type Lives = Readonly<Record<SideName, Life[]>>;

const rowsOf = (what: string, lives: Lives): readonly Row[] => {
  const row = (name: string, key: keyof Life, limit: number | null): Row => ({
    name: `${name}${what}`,
    unit: 'ms',
    c: measured(lives.c.map((life) => life[key])),
    ours: measured(lives.ours.map((life) => life[key])),
    limit,
  });
  return [
    row('start', 'startMs', START_LIMIT),
    row('stop', 'stopMs', STOP_LIMIT),
    row('processor time of start and stop', 'cpuMs', null),
  ];
};

/** Once in directories never supervised before, and once more in the same. */
const liveTwice = async (
  context: Context,
  suite: Suite,
  dir: string,
  count: number,
  lives: readonly [Lives, Lives],
): Promise<void> => {
  const world = makeWorld(context.tools, dir, count);
  for (const each of lives) each[suite.name].push(await live(context, suite, world));
};

/** New directories each time, removed only at the end: a file system may take long to use again what was just freed. */
const measureIn = async (context: Context, dir: string): Promise<readonly Row[]> => {
  const count = context.quick ? 300 : 1000;
  const lives: readonly [Lives, Lives] = [
    { c: [], ours: [] },
    { c: [], ours: [] },
  ];
  const reps = context.quick ? 9 : 5;
  for (let rep = 0; rep < reps; rep++) {
    const order = rep % 2 === 0 ? suitesOf(context) : [...suitesOf(context)].reverse();
    for (const suite of order) await liveTwice(context, suite, join(dir, `${suite.name}${rep}`), count, lives);
  }
  return [...rowsOf(` of ${count}, new supervise/`, lives[0]), ...rowsOf(` of ${count}, old supervise/`, lives[1])];
};

const onDisk = async (context: Context): Promise<readonly Row[]> => {
  const dir = mkdtempSync(join(context.disk ?? '', 'runitbox-bench-'));
  try {
    return (await measureIn(context, dir)).map((row) => ({ ...row, limit: null }));
  } finally {
    await context.keep.closeAll();
    rmSync(dir, { recursive: true, force: true });
  }
};

export const start: Figure = {
  name: 'start',
  title: 'starting and stopping many services',
  measure: (context) => measureIn(context, context.dir),
};

/** For information: journals and caches of the file system decide more than the programs do. */
export const startOnDisk: Figure = {
  name: 'disk',
  title: 'starting and stopping many services, directories on a disk',
  optional: true,
  forInformation: true,
  skipReason: ({ disk }) => (disk === null ? 'no directory on a disk' : null),
  measure: onDisk,
};
