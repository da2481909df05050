// daemontools' svstat and svok on a supervise directory: the first 18 bytes of the status are their format.
// Read next: ../observe.ts.
import type { Case } from '../model.ts';
import { stateOf } from '../../lib/proc.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

/** A service brought into a state, as svstat and svok see it. */
function seen(name: string, title: string, layout: steps.Layout, bring: (world: World) => Promise<unknown>): Case {
  return {
    name: `daemontools/${name}`,
    title,
    uses: ['runsv'],
    needs: ['daemontools'],
    async run(world) {
      steps.service(world, 's', layout);
      await steps.supervise(world, 's');
      await bring(world);
      steps.noteRun(world, 'svstat', await world.runFile('/usr/bin/svstat', ['s']));
      steps.noteRun(world, 'svok', await world.runFile('/usr/bin/svok', ['s']));
    },
  };
}

const STAYS = steps.habit('stays');
const TELLS = steps.habit('tells-signals');

const gone: Case = {
  name: 'daemontools/gone',
  title: 'svstat and svok after runsv has ended',
  uses: ['runsv'],
  needs: ['daemontools'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    const runsv = await steps.supervise(world, 's');
    await steps.inState(world, 's', 'run');
    await steps.send(world, 's', 'x');
    await runsv.ended();
    steps.noteRun(world, 'svstat', await world.runFile('/usr/bin/svstat', ['s']));
    steps.noteRun(world, 'svok', await world.runFile('/usr/bin/svok', ['s']));
  },
};

const svc: Case = {
  name: 'daemontools/svc',
  title: "daemontools' svc brings a service down and up again",
  uses: ['runsv'],
  needs: ['daemontools'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    steps.noteRun(world, 'svc -d', await world.runFile('/usr/bin/svc', ['-d', 's']));
    await steps.noteState(world, 'down', 's', 'down');
    steps.noteRun(world, 'svc -u', await world.runFile('/usr/bin/svc', ['-u', 's']));
    await steps.up(world, 's', 2);
    await steps.noteState(world, 'up', 's', 'run');
  },
};

export const cases: readonly Case[] = [
  seen('up', 'a service that runs', { run: STAYS }, (w) => steps.inState(w, 's', 'run')),
  seen('normally-down', 'one that runs and has a down file', { run: STAYS, down: true }, async (w) => {
    await steps.send(w, 's', 'u');
    await steps.inState(w, 's', 'run');
  }),
  seen('down', 'one that is down', { run: STAYS, down: true }, (w) => steps.inState(w, 's', 'down')),
  seen('paused', 'one that is paused', { run: TELLS }, async (w) => {
    const { pid } = await steps.up(w, 's');
    await steps.send(w, 's', 'p');
    await until('stopped', () => stateOf(pid) === 'T');
    await steps.status(w, 's', 'paused', (it) => it.paused === 1);
  }),
  seen('want-down', 'one that is wanted down', { run: TELLS }, async (w) => {
    await steps.up(w, 's');
    await steps.send(w, 's', 'd');
    await steps.status(w, 's', 'wanted down', (it) => it.want === 'd' && it.term === 1);
  }),
  seen('finish', 'one in finish', { run: steps.habit('ends'), finish: TELLS }, async (w) => {
    await w.event('s finish');
    await steps.inState(w, 's', 'finish');
  }),
  gone,
  svc,
];
