// A new service: from the link in the scan directory until its ./run runs.
import { join } from 'node:path';
import type { Keeper } from '../keeper.ts';
import type { Context, Figure, Row, SideName } from '../model.ts';
import { suitesOf } from '../model.ts';
import type { Suite } from '../programs.ts';
import { measured } from '../statistics.ts';
import { sleep } from '../../lib/wait.ts';
import { makeWorld, type World } from '../world.ts';

const LIMIT = 0.1;
/** The reference looks every five seconds. */
const PERIOD_MS = 5000;

interface Stage {
  readonly suite: Suite;
  readonly world: World;
  readonly keeper: Keeper;
}

const setUp = async (context: Context, suite: Suite, reps: number): Promise<Stage> => {
  const world = makeWorld(context.tools, join(context.dir, suite.name), reps + 1, false, 1);
  const keeper = await context.keep.start({ suite, program: 'runsvdir', args: [world.scan] });
  await keeper.ask('bytes 1');
  return { suite, world, keeper };
};

const pickUp = async ({ world, keeper }: Stage, name: string): Promise<number> => {
  await keeper.ask('forget');
  await keeper.ask(`link ${join(world.services, name)} ${join(world.scan, name)}`);
  return (await keeper.ask('bytes 1')) / 1e6;
};

const measure = async (context: Context): Promise<readonly Row[]> => {
  const reps = context.quick ? 3 : 8;
  const stages: Stage[] = [];
  for (const suite of suitesOf(context)) stages.push(await setUp(context, suite, reps));
  const samples: Record<SideName, number[]> = { c: [], ours: [] };
  for (let rep = 1; rep <= reps; rep++) {
    // phases spread evenly over the reference's period, so that no luck is in it
    await sleep((PERIOD_MS * (rep - 0.5)) / reps);
    for (const stage of stages) samples[stage.suite.name].push(await pickUp(stage, stage.world.names[rep] ?? ''));
  }
  for (const stage of stages) await stage.keeper.close();
  const row = { name: 'new link until ./run runs', unit: 'ms', limit: LIMIT } as const;
  return [{ ...row, c: measured(samples.c), ours: measured(samples.ours) }];
};

export const pickup: Figure = { name: 'pickup', title: 'picking up a new service', measure };
