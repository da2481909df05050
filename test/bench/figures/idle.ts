// Doing nothing while nothing happens: wake-ups of the supervisors of 100 services.
//
// Counted twice: by the kernel (context switches in /proc/PID/status), and by strace (system calls that returned).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { suitesOf } from '../model.ts';
import { sleep } from '../../lib/wait.ts';
import { makeWorld } from '../world.ts';

const SERVICES = 100;
/** Until the start is over in all respects: no second between starts still runs. */
const SETTLE_MS = 3000;

const switchesOf = (pids: readonly number[]): number => {
  let sum = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    for (const [, count] of text.matchAll(/ctxt_switches:\s*(\d+)/g)) sum += Number(count);
  }
  return sum;
};

const hasStrace = (): boolean => spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;

/** System calls that returned within `ms`, or null where nothing could be traced. */
const callsReturned = async (pids: readonly number[], file: string, ms: number): Promise<number | null> => {
  const strace = spawn('strace', ['-f', '-qq', '-o', file, ...pids.flatMap((pid) => ['-p', String(pid)])], {
    stdio: 'ignore',
  });
  const ended = once(strace, 'exit');
  await sleep(ms);
  if (strace.exitCode !== null) return null;
  strace.kill('SIGINT');
  await ended;
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => /\) += /.test(line)).length;
};

interface Idle {
  readonly switches: number;
  readonly calls: number | null;
}

const watch = async (context: Context, pids: readonly number[], name: string): Promise<Idle> => {
  const ms = context.quick ? 10000 : 30000;
  const before = switchesOf(pids);
  await sleep(ms);
  const switches = switchesOf(pids) - before;
  return { switches, calls: hasStrace() ? await callsReturned(pids, join(context.dir, `${name}.strace`), ms) : null };
};

const measure = async (context: Context): Promise<readonly Row[]> => {
  const trees: (readonly number[])[] = [];
  for (const suite of suitesOf(context)) {
    const world = makeWorld(context.tools, join(context.dir, suite.name), SERVICES);
    const keeper = await context.keep.start({ suite, program: 'runsvdir', args: [world.scan] });
    await keeper.ask(`bytes ${SERVICES}`);
    trees.push([keeper.pid, ...childrenOf(keeper.pid)]);
  }
  await sleep(SETTLE_MS);
  const [c, ours] = await Promise.all(trees.map((pids, i) => watch(context, pids, String(i))));
  await context.keep.closeAll();
  if (c === undefined || ours === undefined) throw new Error('nothing was watched');
  if (ours.calls === null) context.note('strace is missing or may not trace: only context switches were counted');
  const seconds = context.quick ? 10 : 30;
  const value = (n: number | null): { value: number } | null => (n === null ? null : { value: n });
  const row = { unit: 'count', limit: null, most: 0 } as const;
  return [
    { ...row, name: `context switches in ${seconds} s`, c: value(c.switches), ours: value(ours.switches) },
    { ...row, name: `system calls returned in ${seconds} s`, c: value(c.calls), ours: value(ours.calls) },
  ];
};

export const idle: Figure = { name: 'idle', title: `idle, ${SERVICES} services`, measure };
