// The engine of runit fails: process 1 goes on where it was. C's ignores the signals that stand for it here.
// Read next: ../jail.ts, ../../../src/effects/init/checkpoint.ts.
import { boot, hears, type Jail, layOut } from '../jail.ts';
import type { Case } from '../model.ts';
import { isAlive, proc, stateOf } from '../../lib/proc.ts';
import { attempt, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NEEDS = ['namespaces'] as const;
const SAYS_SO = [{ id: 'runit-goes-on', lines: { 'life: says so': 'true' } }] as const;
/** Of the CONT that wakes a process 1 which was stopped, in whatever stage it comes. */
const TOO_LATE = '- runit: warning: signals only work in stage 2.\n';
const SAID = '- runit: warning: re-executed after an engine failure.\n';

/** Gives process 1 the time to be executed anew, which C's is not. */
const crash = async (jail: Jail): Promise<void> => {
  const before = jail.console().split(SAID).length;
  await jail.send('SIGSEGV');
  await attempt(() => jail.console().split(SAID).length > before || undefined, 500);
};

const noteRest = async (world: World, key: string, jail: Jail): Promise<void> => {
  world.note(`${key}: end`, await jail.ended());
  world.note(`${key}: console`, jail.console().replaceAll(SAID, '').replaceAll(TOO_LATE, ''));
  world.note(`${key}: says so`, jail.console().includes(SAID));
};

const inStage2: Case = {
  name: 'runit/goes-on-in-stage-2',
  title: 'process 1 whose engine fails leaves stage 2 alone, and stops the system when asked to',
  uses: ['runit'],
  needs: NEEDS,
  differs: SAYS_SO,
  async run(world) {
    const stays = `trap 'echo told; exit 0' TERM; echo ready; while :; do sleep .05; done`;
    layOut(world, { 1: 'echo one', 2: stays, 3: 'echo three' });
    const jail = boot(world);
    await hears(jail, 'ready');
    for (let times = 0; times < 3; times++) await crash(jail);
    world.write('run/runit.stopit', '', 0o100);
    await jail.send('SIGCONT');
    await noteRest(world, 'life', jail);
  },
};

const endsMeanwhile: Case = {
  name: 'runit/goes-on-with-an-end',
  title: 'the exit code of a stage that ends while the engine fails is not lost',
  uses: ['runit'],
  needs: NEEDS,
  differs: SAYS_SO,
  async run(world) {
    const gate = 'echo ready; until test -e /run/gate; do sleep .05; done; exit 100';
    layOut(world, { 1: gate, 2: 'echo never', 3: 'echo three' });
    const jail = boot(world);
    await hears(jail, 'ready');
    await crash(jail);
    await jail.send('SIGSTOP');
    const pid = await jail.pid();
    await until('it to be stopped', () => stateOf(pid) === 'T' || undefined);
    world.write('run/gate', '');
    const [stage] = proc(pid, `task/${pid}/children`).split(' ');
    await until('stage 1 to end', () => !isAlive(Number(stage)) || undefined);
    await jail.send('SIGSEGV');
    await jail.send('SIGCONT');
    await noteRest(world, 'life', jail);
  },
};

const inStage3: Case = {
  name: 'runit/goes-on-in-stage-3',
  title: 'process 1 whose engine fails in stage 3 waits for its end, and switches off',
  uses: ['runit'],
  needs: NEEDS,
  differs: SAYS_SO,
  async run(world) {
    layOut(world, { 1: ':', 2: ':', 3: 'echo ready; until test -e /run/gate; do sleep .05; done; echo over' });
    const jail = boot(world);
    await hears(jail, 'ready');
    await crash(jail);
    world.write('run/gate', '');
    await noteRest(world, 'life', jail);
  },
};

export const cases: readonly Case[] = [inStage2, endsMeanwhile, inStage3];
