// runsvdir --one-process beside C runit, and 10,000 services of it beside as many of our runsvs.
//
// Memory and processor time are those of the supervisors alone: runsvdir, and the runsvs where there are some.
// Read next: many.ts (10,000 with runsvs), memory.ts.
import { freemem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../../lib/proc.ts';
import { sleep } from '../../lib/wait.ts';
import { childrenOf, type Keeper } from '../keeper.ts';
import type { Context, Figure, Measured, Row } from '../model.ts';
import type { Suite } from '../programs.ts';
import { measured } from '../statistics.ts';
import { GROWN_MS } from '../waiting.ts';
import { makeWorld, type World } from '../world.ts';

const START_LIMIT = 0.4;
const STOP_LIMIT = 0.4;
const CRASH_LIMIT = 0.6;
const MOST_KB = 5;
const MOST_KB_LOG = 10;
const SIGHUP = 1;
const [FEW, MANY] = [1, 201];
const CRASHING = 50;
const TEN_THOUSAND = 10_000;
const TIMEOUT_MS = 300_000;
/** A supervisor and its service, page tables and kernel stacks included. */
const BYTES_EACH = 600 * 1024;

interface Side {
  readonly suite: Suite;
  readonly name: string;
  readonly options: readonly string[];
}

const cOf = ({ c }: Context): Side => ({ suite: c, name: 'c', options: [] });
const runsvsOf = ({ ours }: Context): Side => ({ suite: ours, name: 'runsvs', options: [] });
const oneOf = ({ ours }: Context): Side => ({ suite: ours, name: 'one', options: ['--one-process'] });

const start = (context: Context, { suite, options }: Side, world: World): Promise<Keeper> =>
  context.keep.start({ suite, program: 'runsvdir', args: [...options, world.scan] });

/** The processes that supervise: runsvdir, and its children where those are runsvs. */
const supervisorsOf = ({ pid }: Keeper, { options }: Side): readonly number[] =>
  options.length === 0 ? [pid, ...childrenOf(pid)] : [pid];

interface Life {
  readonly startMs: number;
  readonly stopMs: number;
  readonly kb: number;
}

const dirtyOf = (pid: number): number =>
  Number(/^Private_Dirty: *(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const live = async (context: Context, side: Side, world: World): Promise<Life> => {
  const keeper = await start(context, side, world);
  const startNs = await keeper.ask(`bytes ${world.names.length}`, TIMEOUT_MS);
  await sleep(GROWN_MS);
  const kb = sum(supervisorsOf(keeper, side).map(dirtyOf));
  await keeper.ask(`kill ${SIGHUP}`);
  const stopNs = await keeper.ask('gone', TIMEOUT_MS);
  await keeper.close();
  return { startMs: startNs / 1e6, stopMs: stopNs / 1e6, kb };
};

const row = (name: string, unit: Row['unit'], c: Measured | null, ours: Measured, limit: number | null): Row => ({
  name,
  unit,
  c,
  ours,
  limit,
});

// ---- start and stop -----------------------------------------------------------------------------------------------

const startAndStop = async (context: Context): Promise<readonly Row[]> => {
  const count = context.quick ? 300 : 1000;
  const sides = [cOf(context), oneOf(context)] as const;
  const lives: readonly [Life[], Life[]] = [[], []];
  for (let round = 0; round < (context.quick ? 3 : 5); round++) {
    for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const world = makeWorld(context.tools, join(context.dir, `${sides[at].name}-${round}`), count);
      lives[at].push(await live(context, sides[at], world));
    }
  }
  const of = (at: 0 | 1, key: keyof Life): Measured => measured(lives[at].map((life) => life[key]));
  return [
    row(`start of ${count}`, 'ms', of(0, 'startMs'), of(1, 'startMs'), START_LIMIT),
    row(`stop of ${count}`, 'ms', of(0, 'stopMs'), of(1, 'stopMs'), STOP_LIMIT),
  ];
};

// ---- memory -------------------------------------------------------------------------------------------------------

const kbWith = async (context: Context, side: Side, count: number, log: boolean): Promise<number> => {
  const world = makeWorld(context.tools, join(context.dir, `${side.name}-${count}-${log}`), count, log);
  const keeper = await start(context, side, world);
  await keeper.ask(`bytes ${log ? 2 * count : count}`);
  await sleep(GROWN_MS);
  const kb = sum(supervisorsOf(keeper, side).map(dirtyOf));
  await keeper.close();
  return kb;
};

const memory = async (context: Context, log: boolean): Promise<Row> => {
  const slope = async (side: Side): Promise<Measured> => {
    const few = await kbWith(context, side, FEW, log);
    return { value: ((await kbWith(context, side, MANY, log)) - few) / (MANY - FEW) };
  };
  const name = `private dirty of one more service${log ? ' with log' : ''}`;
  const [c, ours] = [await slope(cOf(context)), await slope(oneOf(context))];
  return { ...row(name, 'kB', c, ours, null), most: log ? MOST_KB_LOG : MOST_KB };
};

// ---- crashes ------------------------------------------------------------------------------------------------------

/** Nanoseconds that a process has had of the processor. */
const spentNs = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]);

const pidOf = (world: World, name: string): number =>
  Number(readFileSync(join(world.services, name, 'supervise/pid'), 'latin1'));

/** Microseconds of the supervisors for one crash and the start after it, each time all services crash at once. */
const crashes = async (context: Context, side: Side): Promise<readonly number[]> => {
  const world = makeWorld(context.tools, join(context.dir, `${side.name}-crashes`), CRASHING);
  const keeper = await start(context, side, world);
  await keeper.ask(`bytes ${CRASHING}`);
  const samples: number[] = [];
  for (let round = 0; round < (context.quick ? 3 : 9); round++) {
    await sleep(GROWN_MS);
    const supervisors = supervisorsOf(keeper, side);
    const before = sum(supervisors.map(spentNs));
    await keeper.ask('forget');
    for (const name of world.names) kill(pidOf(world, name), 'SIGKILL');
    await keeper.ask(`bytes ${CRASHING}`);
    await sleep(GROWN_MS / 2);
    samples.push((sum(supervisors.map(spentNs)) - before) / 1000 / CRASHING);
  }
  await keeper.close();
  return samples;
};

const crash = async (context: Context): Promise<Row> => {
  const [c, ours] = [await crashes(context, cOf(context)), await crashes(context, oneOf(context))];
  return row('processor time of one crash and start', 'us', measured(c), measured(ours), CRASH_LIMIT);
};

// ---- idle ---------------------------------------------------------------------------------------------------------

const switchesOf = (pid: number): number =>
  sum([...readFileSync(`/proc/${pid}/status`, 'latin1').matchAll(/ctxt_switches:\s*(\d+)/g)].map(([, n]) => Number(n)));

const IDLE_SERVICES = 200;
/** Until no second between starts still runs. */
const SETTLE_MS = 3000;

const idle = async (context: Context): Promise<Row> => {
  const seconds = context.quick ? 5 : 30;
  const world = makeWorld(context.tools, join(context.dir, 'idle'), IDLE_SERVICES);
  const keeper = await start(context, oneOf(context), world);
  await keeper.ask(`bytes ${IDLE_SERVICES}`);
  await sleep(SETTLE_MS);
  const before = switchesOf(keeper.pid);
  await sleep(seconds * 1000);
  const switches = switchesOf(keeper.pid) - before;
  await keeper.close();
  return { ...row(`context switches in ${seconds} s, idle`, 'count', null, { value: switches }, null), most: 0 };
};

// ---- 10,000 -------------------------------------------------------------------------------------------------------

const MANY_START_LIMIT = 0.4;
const MANY_STOP_LIMIT = 0.3;
const MANY_MOST_KB = 60 * 1024;

const tenThousand = async (context: Context): Promise<readonly Row[]> => {
  if (context.quick) return [];
  if (freemem() < TEN_THOUSAND * BYTES_EACH) {
    context.note('10,000 services: left out, too little memory');
    return [];
  }
  const lives: Life[] = [];
  for (const side of [runsvsOf(context), oneOf(context)]) {
    const world = makeWorld(context.tools, join(context.dir, `${side.name}-ten-thousand`), TEN_THOUSAND);
    lives.push(await live(context, side, world));
  }
  const [runsvs, one] = lives as [Life, Life];
  const value = (key: keyof Life): [Measured, Measured] => [{ value: runsvs[key] }, { value: one[key] }];
  const beside = '10,000 services, beside our runsvs';
  return [
    row(`start of ${beside}`, 'ms', ...value('startMs'), MANY_START_LIMIT),
    row(`stop of ${beside}`, 'ms', ...value('stopMs'), MANY_STOP_LIMIT),
    { ...row(`private dirty of ${beside}`, 'kB', ...value('kb'), null), most: MANY_MOST_KB },
  ];
};

export const oneMemory: Figure = {
  name: 'one',
  title: 'runsvdir --one-process: memory and rest',
  measure: async (context) => [await memory(context, false), await memory(context, true), await idle(context)],
};

export const oneProcess: Figure = {
  name: 'one-times',
  title: 'runsvdir --one-process: times',
  forInformation: true,
  measure: async (context) => [...(await startAndStop(context)), await crash(context), ...(await tenThousand(context))],
};
