// `sv status NAME`, the whole process: what scripts, health checks and people at terminals wait for.
//
// Against a service under C runsv and against one under ours, since each sv must serve both.
import { join } from 'node:path';
import { environmentOf } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { suitesOf } from '../model.ts';
import type { Suite } from '../programs.ts';
import { has } from '../programs.ts';
import { measureRuns, type Run } from '../runs.ts';
import { measured } from '../statistics.ts';
import { makeWorld } from '../world.ts';

const LIMIT = 0.38;
const GOAL = 0.33;

const rowsOf = (what: string, c: readonly Run[], ours: readonly Run[]): readonly Row[] => {
  const row = (name: string, unit: Row['unit'], of: (run: Run) => number): Row => ({
    name: `${what}, ${name}`,
    unit,
    c: measured(c.map(of)),
    ours: measured(ours.map(of)),
    limit: null,
  });
  return [
    { ...row('wall', 'us', (run) => run.wallUs), limit: LIMIT, goal: GOAL },
    row('user+sys', 'us', (run) => run.cpuUs),
    row('page faults', 'count', (run) => run.faults),
  ];
};

const against = async (context: Context, supervisor: Suite): Promise<readonly Row[]> => {
  const world = makeWorld(context.tools, join(context.dir, supervisor.name), 1);
  const keeper = await context.keep.start({ suite: supervisor, program: 'runsvdir', args: [world.scan] });
  await keeper.ask('bytes 1');
  const name = world.names[0] ?? '';
  const [c = [], ours = [], floor = []] = await measureRuns(context.tools, {
    commands: [...suitesOf(context).map((suite) => [join(suite.bin, 'sv'), 'status', name]), [context.tools.floor]],
    rounds: context.quick ? 300 : 1000,
    env: { ...environmentOf(supervisor), SVDIR: world.scan },
  });
  const failed = [...c, ...ours].filter((run) => run.status !== 0).length;
  if (failed > 0) throw new Error(`${failed} runs of sv status failed`);
  const least = measured(floor.map((run) => run.wallUs));
  context.note(
    `an empty static program beside it: median ${least.value.toFixed(0)} us, least ${least.min?.toFixed(0)} us`,
  );
  await keeper.close();
  return rowsOf(`status of ${supervisor.name === 'c' ? 'C' : 'our'} runsv`, c, ours);
};

export const status: Figure = {
  name: 'status',
  title: '`sv status NAME`, whole process',
  skipReason: ({ ours }) => (has(ours, 'sv') ? null : 'ours has no sv'),
  measure: async (context) => [...(await against(context, context.c)), ...(await against(context, context.ours))],
};
