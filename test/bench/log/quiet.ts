// What is not throughput: how soon a line can be read, what an idle logger holds and does. Ours against C svlogd.
//
// Promises: every logger started is ended by the end of its input, at the latest when its feeder is killed.
// Read next: feed.c (latency), model.ts.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median } from '../statistics.ts';
import { sleep } from '../../lib/wait.ts';
import type { Logger, Verdict, Work } from './model.ts';

const LATENCY_LIMIT = 1.5;
const MEMORY_LIMIT = 1.3;
/** From the start, or the last byte of a burst, until the logger sleeps again, and for good. */
const SETTLE_MS = 1500;
const TIMEOUT_MS = 60_000;
const BURST_BYTES = 8_000_000;

const exec = promisify(execFile);

export interface Pair {
  readonly feed: string;
  readonly ours: Logger;
  readonly c: Logger;
  readonly dir: string;
  readonly quick: boolean;
}

const inLog = async <T>(
  pair: Pair,
  logger: Logger,
  work: Work,
  act: (command: readonly string[], dir: string) => Promise<T>,
) => {
  const dir = join(pair.dir, 'log');
  mkdirSync(dir);
  try {
    const command = logger.command(work, dir);
    if (command === null) throw new Error(`${logger.name} cannot do ${work}`);
    return await act(command, dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
};

const latencies = (pair: Pair, logger: Logger, work: Work, count: number): Promise<readonly number[]> =>
  inLog(pair, logger, work, async (command, dir) => {
    const args = ['latency', String(count), join(dir, 'current'), ...command];
    const { stdout } = await exec(pair.feed, args, { timeout: TIMEOUT_MS });
    const numbers = stdout.trim().split('\n').map(Number);
    if (numbers.pop() !== 0) throw new Error(`${command.join(' ')}: did not exit 0`);
    return numbers.map((ns) => ns / 1000);
  });

/**
 * The median of the fastest round: a processor that idles takes some 15 µs to wake up, one that does not takes none, and which of
 * the two a whole round meets is chance.
 */
export const measureLatency = async (pair: Pair, work: Work): Promise<Verdict> => {
  const [ours, c]: [number[], number[]] = [[], []];
  const rounds = pair.quick ? 12 : 20;
  for (let round = 0; round < rounds; round++) {
    const turns = [
      async () => c.push(median(await latencies(pair, pair.c, work, 60))),
      async () => ours.push(median(await latencies(pair, pair.ours, work, 60))),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const name = `a line until it stands in current, ${work}`;
  return { name, unit: 'µs', ours: Math.min(...ours), reference: Math.min(...c), limit: LATENCY_LIMIT };
};

const dirtyKb = (pid: number): number =>
  Number(/^Private_Dirty: *(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);

const switches = (pid: number): number =>
  [...readFileSync(`/proc/${pid}/status`, 'latin1').matchAll(/ctxt_switches:\s*(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );

/** Resolves when `path` is there. */
const appears = async (path: string): Promise<void> => {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const watcher = watch(join(path, '..'), { signal: late });
  while (!existsSync(path)) await once(watcher, 'change', { signal: late });
  watcher.close();
};

interface Idle {
  readonly freshKb: number;
  readonly afterKb: number;
  readonly wakeups: number;
}

const feedBurst = async (child: ChildProcess): Promise<void> => {
  const line = `${'a line of a burst that will be over soon '.repeat(3).slice(0, 99)}\n`;
  const stdin = child.stdin;
  if (stdin === null) throw new Error('a logger without standard input');
  const block = line.repeat(1000);
  for (let sent = 0; sent < BURST_BYTES; sent += block.length) if (!stdin.write(block)) await once(stdin, 'drain');
};

const watchIdle = (pair: Pair, logger: Logger): Promise<Idle> =>
  inLog(pair, logger, '-tt', async ([program = '', ...args], dir) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    const pid = child.pid ?? 0;
    await appears(join(dir, 'current'));
    await sleep(SETTLE_MS);
    const freshKb = dirtyKb(pid);
    const nap = async (): Promise<number> => {
      const before = switches(pid);
      await sleep(pair.quick ? 2000 : 10000);
      return switches(pid) - before;
    };
    const fresh = await nap();
    await feedBurst(child);
    await sleep(SETTLE_MS);
    const afterKb = dirtyKb(pid);
    const wakeups = fresh + (await nap());
    child.stdin?.end();
    await ended;
    return { freshKb, afterKb, wakeups };
  });

export const measureIdle = async (pair: Pair): Promise<readonly Verdict[]> => {
  const c = await watchIdle(pair, pair.c);
  const ours = await watchIdle(pair, pair.ours);
  const memory = { unit: 'kB', limit: MEMORY_LIMIT };
  return [
    { ...memory, name: 'private dirty memory, idle, fresh', ours: ours.freshKb, reference: c.freshKb },
    { ...memory, name: 'private dirty memory, idle, after 8 MB', ours: ours.afterKb, reference: c.afterKb },
    // as a ratio of counts plus one: C has 0 as well, and none is what is wanted
    { name: 'wake-ups while idle (+1)', unit: '', ours: ours.wakeups + 1, reference: 1, limit: 1 },
    { name: 'wake-ups of C while idle (+1)', unit: '', ours: ours.wakeups + 1, reference: c.wakeups + 1, limit: null },
  ];
};
