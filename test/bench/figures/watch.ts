// How soon `sv watch` tells of an end: from KILL to ./run until its line can be read. C's sv has no such verb.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environmentOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { has } from '../programs.ts';
import { measured } from '../statistics.ts';
import { makeWorld } from '../world.ts';

const LIMIT_MS = 5;

type Lines = AsyncIterator<string>;

/** Reads until a line holds `text`. */
const lineWith = async (lines: Lines, text: string): Promise<void> => {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`sv watch ended before ${text}`);
    if (value.includes(text)) return;
  }
};

const startWatch = (context: Context, scan: string): ChildProcess =>
  spawn(join(context.ours.bin, 'sv'), ['watch', '--json'], {
    env: { ...environmentOf(context.ours), SVDIR: scan },
    stdio: ['ignore', 'pipe', 'inherit'],
  });

export const watch: Figure = {
  name: 'watch',
  title: 'an end of ./run until `sv watch --json` tells of it',
  skipReason: ({ ours }) => (has(ours, 'sv') ? null : 'ours has no sv'),
  measure: async (context): Promise<readonly Row[]> => {
    const count = context.quick ? 20 : 100;
    const world = makeWorld(context.tools, context.dir, count);
    const keeper = await context.keep.start({ suite: context.ours, program: 'runsvdir', args: [world.scan] });
    await keeper.ask(`bytes ${count}`);
    const child = startWatch(context, world.scan);
    if (child.stdout === null) throw new Error('sv watch without a pipe');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const tookMs: number[] = [];
    try {
      for (let at = 0; at < count; at++) await lineWith(lines, '"event":"is"');
      for (const name of world.names) {
        const pid = Number(readFileSync(join(world.services, name, 'supervise/pid'), 'latin1'));
        const from = performance.now();
        process.kill(pid, 'SIGKILL');
        await lineWith(lines, `"service":"${name}"`);
        tookMs.push(performance.now() - from);
        // the next end comes when this one has settled
        await lineWith(lines, '"event":"started"');
      }
    } finally {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await keeper.close();
    }
    const row = { name: 'end until it is told', unit: 'ms', c: null, ours: measured(tookMs), limit: null } as const;
    // a quick run has neighbours, and no other side to compare with
    return [context.quick ? row : { ...row, most: LIMIT_MS }];
  },
};
