// What people and scrapers ask of a whole machine: `sv list`, `list --json` and `metrics` of many services under our runsvdir.
//
// C's sv has none of them: each is measured beside its `sv status` of the same services, the most that it can tell.
import { join } from 'node:path';
import { environmentOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { has } from '../programs.ts';
import { measureRuns, type Run } from '../runs.ts';
import { measured } from '../statistics.ts';
import { makeWorld } from '../world.ts';

const VERBS: readonly (readonly string[])[] = [['list'], ['list', '--json'], ['metrics']];

const rowsOf = (what: string, c: readonly Run[], ours: readonly Run[]): readonly Row[] => {
  const row = (name: string, of: (run: Run) => number): Row => ({
    name: `${what}, ${name}`,
    unit: 'ms',
    c: measured(c.map((run) => of(run) / 1000)),
    ours: measured(ours.map((run) => of(run) / 1000)),
    limit: null,
  });
  return [row('wall', (run) => run.wallUs), row('user+sys', (run) => run.cpuUs)];
};

export const list: Figure = {
  name: 'list',
  title: '`sv list` and its kin, beside C `sv status` of the same services',
  skipReason: ({ ours }) => (has(ours, 'sv') ? null : 'ours has no sv'),
  measure: async (context: Context) => {
    const count = context.quick ? 300 : 1000;
    const world = makeWorld(context.tools, context.dir, count);
    const keeper = await context.keep.start({ suite: context.ours, program: 'runsvdir', args: [world.scan] });
    await keeper.ask(`bytes ${count}`);
    const ours = join(context.ours.bin, 'sv');
    const commands = [[join(context.c.bin, 'sv'), 'status', ...world.names], ...VERBS.map((words) => [ours, ...words])];
    const runs = await measureRuns(context.tools, {
      commands,
      rounds: context.quick ? 15 : 40,
      env: { ...environmentOf(context.ours), SVDIR: world.scan },
    });
    await keeper.close();
    const failed = runs.flat().filter((run) => run.status !== 0).length;
    if (failed > 0) throw new Error(`${failed} runs failed`);
    const [c = [], ...each] = runs;
    return VERBS.flatMap((words, at) => rowsOf(`${words.join(' ')} of ${count}`, c, each[at] ?? []));
  },
};
