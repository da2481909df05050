// 10,000 services, where C runit takes 1000: each is supervised, or refused with a line that names it.
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { childrenOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { sleep } from '../../lib/wait.ts';
import { GROWN_MS } from '../waiting.ts';
import { makeWorld } from '../world.ts';

const COUNT = 10000;
/** A supervisor and its service, page tables and kernel stacks included. */
const BYTES_EACH = 600 * 1024;
const TIMEOUT_MS = 300000;
const SIGHUP = 1;

const numberIn = (path: string): number => Number(readFileSync(path, 'latin1'));

const processLimit = (): number => {
  const soft = /^Max processes +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
};

const skipReason = ({ quick }: Context): string | null => {
  if (quick) return 'left out of a quick run';
  const needed = 2 * COUNT + 2000;
  if (numberIn('/proc/sys/kernel/pid_max') < needed) return 'kernel.pid_max is too small';
  if (numberIn('/proc/sys/kernel/threads-max') < needed) return 'kernel.threads-max is too small';
  if (processLimit() < needed) return 'ulimit -u is too small';
  return freemem() < COUNT * BYTES_EACH ? 'too little memory' : null;
};

const measure = async (context: Context): Promise<readonly Row[]> => {
  const world = makeWorld(context.tools, context.dir, COUNT);
  const keeper = await context.keep.start({ suite: context.ours, program: 'runsvdir', args: [world.scan] });
  const startNs = await keeper.ask(`bytes ${COUNT}`, TIMEOUT_MS).catch((error: unknown) => {
    context.note(`not all came up: ${String(error)}`);
    return Number.NaN;
  });
  const running = childrenOf(keeper.pid).length;
  const refusals = keeper
    .said()
    .split('\n')
    .filter((line) => line !== '');
  context.note(
    `${running} taken on, ${refusals.length} lines of refusal${refusals[0] === undefined ? '' : `: ${refusals[0]}`}`,
  );
  if (running + new Set(refusals).size < COUNT)
    throw new Error(`${COUNT - running} not taken on, and not all were told`);
  await sleep(GROWN_MS);
  await keeper.ask(`kill ${SIGHUP}`);
  const stopNs = await keeper.ask('gone', TIMEOUT_MS);
  await keeper.close();
  return [
    { name: `start of ${COUNT}`, unit: 'ms', c: null, ours: { value: startNs / 1e6 }, limit: null },
    { name: `stop of ${COUNT}`, unit: 'ms', c: null, ours: { value: stopNs / 1e6 }, limit: null },
  ];
};

export const many: Figure = { name: 'many', title: '10,000 services, ours alone', optional: true, skipReason, measure };
