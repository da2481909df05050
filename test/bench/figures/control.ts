// From a command to its effect: `sv` as people and scripts call it, and one byte in supervise/control.
import { join } from 'node:path';
import { environmentOf, type Keeper } from '../keeper.ts';
import type { Context, Figure, Row, SideName } from '../model.ts';
import { suitesOf } from '../model.ts';
import { has, type Suite } from '../programs.ts';
import { measureOnce } from '../runs.ts';
import { measured } from '../statistics.ts';
import { sleep } from '../../lib/wait.ts';
import { GROWN_MS } from '../waiting.ts';
import { makeWorld, type Run, type World } from '../world.ts';

/** Ours waits 200 ms for the new process to last; C looks every 420 ms. */
const RESTART_LIMIT = 0.6;
const SERVICES = 20;

interface Stage {
  readonly suite: Suite;
  readonly world: World;
  readonly keeper: Keeper;
}

const setUp = async (context: Context, suite: Suite, run: Run): Promise<Stage> => {
  const world = makeWorld(context.tools, join(context.dir, `${suite.name}-${run}`), SERVICES, false, SERVICES, run);
  const keeper = await context.keep.start({ suite, program: 'runsvdir', args: [world.scan] });
  await keeper.ask(`bytes ${SERVICES}`);
  return { suite, world, keeper };
};

/** Microseconds of one `sv WORDS NAME`. */
const sv = async (
  context: Context,
  { suite, world }: Stage,
  name: string,
  words: readonly string[],
): Promise<number> => {
  const env = { ...environmentOf(suite), SVDIR: world.scan };
  return (await measureOnce(context.tools, [join(suite.bin, 'sv'), ...words, name], env)).wallUs;
};

type Samples = Readonly<Record<SideName, number[]>>;

const row = (name: string, unit: Row['unit'], { c, ours }: Samples, limit: number | null): Row => ({
  name,
  unit,
  c: measured(c),
  ours: measured(ours),
  limit,
});

/** Runs `act` on `count` services of each side in turn; all of them are of age. */
const onEach = async (
  stages: readonly Stage[],
  count: number,
  act: (s: Stage, name: string) => Promise<void>,
): Promise<void> => {
  await sleep(GROWN_MS);
  for (let i = 0; i < count; i++) {
    for (const stage of i % 2 === 0 ? stages : [...stages].reverse()) await act(stage, stage.world.names[i] ?? '');
  }
};

const staged = async (
  context: Context,
  body: (stages: readonly Stage[]) => Promise<readonly Row[]>,
  run: Run = 'service',
): Promise<readonly Row[]> => {
  const stages: Stage[] = [];
  for (const suite of suitesOf(context)) stages.push(await setUp(context, suite, run));
  const rows = await body(stages);
  for (const stage of stages) await stage.keeper.close();
  return rows;
};

const restartOf = (context: Context, what: string, run: Run, limit: number | null): Promise<readonly Row[]> =>
  staged(
    context,
    async (stages) => {
      const samples: Samples = { c: [], ours: [] };
      await onEach(stages, context.quick ? 8 : SERVICES, async (stage, name) => {
        samples[stage.suite.name].push((await sv(context, stage, name, ['restart'])) / 1000);
      });
      return [row(`sv restart NAME, ${what}`, 'ms', samples, limit)];
    },
    run,
  );

/** One that ends at once has sometimes been started again when C's sv looks for the first time; it looks next 0.42 s later. */
const measureRestart = async (context: Context): Promise<readonly Row[]> => [
  ...(await restartOf(context, 'which takes 10 ms to end', 'tidy', RESTART_LIMIT)),
  ...(await restartOf(context, 'which ends at once', 'service', null)),
];

const upAndDown = async (
  context: Context,
  stages: readonly Stage[],
  count: number,
): Promise<readonly [Samples, Samples]> => {
  const [down, up]: [Samples, Samples] = [
    { c: [], ours: [] },
    { c: [], ours: [] },
  ];
  const rounds = Math.ceil(count / SERVICES);
  for (let round = 0; round < rounds; round++) {
    // the reference waits in steps of 0.42 s: few samples of it tell all
    const taking = round === 0 ? stages : stages.filter(({ suite }) => suite.name === 'ours');
    await onEach(taking, SERVICES, async (stage, name) => {
      down[stage.suite.name].push((await sv(context, stage, name, ['-v', 'down'])) / 1000);
      up[stage.suite.name].push((await sv(context, stage, name, ['-v', 'up'])) / 1000);
    });
  }
  return [down, up];
};

const measureLatency = (context: Context): Promise<readonly Row[]> =>
  staged(context, async (stages) => {
    const [down, up] = await upAndDown(context, stages, context.quick ? 60 : 400);
    return [row('sv -v down NAME', 'ms', down, null), row('sv -v up NAME', 'ms', up, null)];
  });

const measureFifo = (context: Context): Promise<readonly Row[]> =>
  staged(context, async (stages) => {
    const samples: Samples = { c: [], ours: [] };
    for (let round = 0; round < (context.quick ? 3 : 15); round++) {
      await onEach(stages, SERVICES, async ({ suite, world, keeper }, name) => {
        await keeper.ask('forget');
        await keeper.ask(`poke ${join(world.services, name)}/supervise/control t`);
        samples[suite.name].push((await keeper.ask('bytes 1')) / 1e6);
      });
    }
    return [row('t in supervise/control until ./run runs again', 'ms', samples, null)];
  });

const needsSv = ({ ours }: Context): string | null => (has(ours, 'sv') ? null : 'ours has no sv');

export const restart: Figure = {
  name: 'restart',
  title: '`sv restart NAME`',
  skipReason: needsSv,
  measure: measureRestart,
};
export const latency: Figure = {
  name: 'latency',
  title: 'control by sv',
  forInformation: true,
  skipReason: needsSv,
  measure: measureLatency,
};
export const fifo: Figure = {
  name: 'fifo',
  title: 'control without sv',
  forInformation: true,
  measure: measureFifo,
};
