// What one more supervised service costs in memory that cannot be shared.
//
// Summed over runsvdir and its runsvs (not the services): the difference between 1 and 100 services, by service.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import type { Suite } from '../programs.ts';
import { sleep } from '../../lib/wait.ts';
import { makeWorld } from '../world.ts';

const LIMIT = 0.75;
const GOAL = 0.5;
const FEW = 1;
const MANY = 100;
/** From the last service's first byte until its supervisor has told of it and sleeps. */
const SETTLE_MS = 500;

const KEYS = ['Private_Dirty', 'Pss', 'Rss'] as const;
type Key = (typeof KEYS)[number];
type Memory = Readonly<Record<Key, number>>;

const field = (text: string, key: string): number => Number(new RegExp(`^${key}: *(\\d+) kB`, 'm').exec(text)?.[1]);

const memoryOf = (pids: readonly number[]): Memory => {
  const sum: Record<Key, number> = { Private_Dirty: 0, Pss: 0, Rss: 0 };
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    for (const key of KEYS) sum[key] += field(text, key);
  }
  return sum;
};

/** The heap image lies by itself below everything else (see the Makefile). */
const kindOf = (start: number, path: string): string => {
  if (path.startsWith('[')) return path;
  if (path === '') return 'anonymous';
  if (start >= 0x10000000 && start < 0x18000000) return 'heap image';
  return path.slice(path.lastIndexOf('/') + 1);
};

/** Private dirty memory of one process by kind of mapping. */
const breakdown = (pid: number): string => {
  const sums = new Map<string, number>();
  let kind = '';
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
    const head = /^([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line);
    if (head !== null) kind = kindOf(Number.parseInt(head[1] ?? '', 16), head[2] ?? '');
    const dirty = /^Private_Dirty: *(\d+)/.exec(line)?.[1];
    if (dirty !== undefined) sums.set(kind, (sums.get(kind) ?? 0) + Number(dirty));
  }
  return [...sums]
    .filter(([, kB]) => kB > 0)
    .map(([name, kB]) => `${name} ${kB}`)
    .join(', ');
};

const supervised = async (context: Context, suite: Suite, count: number, log: boolean): Promise<Memory> => {
  const dir = join(context.dir, `${suite.name}-${count}-${log ? 'log' : 'plain'}`);
  const world = makeWorld(context.tools, dir, count, log);
  const keeper = await context.keep.start({ suite, program: 'runsvdir', args: [world.scan] });
  await keeper.ask(`bytes ${log ? 2 * count : count}`);
  await sleep(SETTLE_MS);
  const runsvs = childrenOf(keeper.pid);
  if (runsvs.length !== count) throw new Error(`${runsvs.length} runsv for ${count} services`);
  const memory = memoryOf([keeper.pid, ...runsvs]);
  const one = runsvs[count >> 1] ?? 0;
  if (count === MANY) {
    context.note(`one runsv ${log ? 'with log ' : ''}(${suite.name}), private dirty kB: ${breakdown(one)}`);
    if (!log) context.note(`runsvdir with ${count} (${suite.name}), private dirty kB: ${breakdown(keeper.pid)}`);
  }
  await keeper.close();
  return memory;
};

const slopes = async (context: Context, suite: Suite, log: boolean): Promise<Memory> => {
  const few = await supervised(context, suite, FEW, log);
  const many = await supervised(context, suite, MANY, log);
  const slope = (key: Key): number => (many[key] - few[key]) / (MANY - FEW);
  return { Private_Dirty: slope('Private_Dirty'), Pss: slope('Pss'), Rss: slope('Rss') };
};

const rowsFor = async (context: Context, log: boolean): Promise<readonly Row[]> => {
  const c = await slopes(context, context.c, log);
  const ours = await slopes(context, context.ours, log);
  const row = (key: Key, name: string): Row => ({
    name: `${name} of one more service${log ? ' with log' : ''}`,
    unit: 'kB',
    c: { value: c[key] },
    ours: { value: ours[key] },
    limit: null,
  });
  const dirty = { ...row('Private_Dirty', 'private dirty'), limit: LIMIT, goal: GOAL };
  return [dirty, row('Pss', 'proportional share'), row('Rss', 'resident')];
};

export const memory: Figure = {
  name: 'memory',
  title: 'memory of each further service',
  measure: async (context) => [...(await rowsFor(context, false)), ...(await rowsFor(context, true))],
};
