// svc and svok, BusyBox's being the reference: bytes sent, exit statuses, and what happens where nobody supervises.
//
// Messages are BusyBox's own and are not compared, only whether there is one.
// Read next: ../fake.ts.
import { FakeService, made } from '../fake.ts';
import type { Case } from '../model.ts';
import { proc } from '../../lib/proc.ts';
import type { Finished } from '../processes.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const SINGLE = ['-u', '-d', '-o', '-p', '-c', '-h', '-a', '-i', '-t', '-k', '-x'];
const SEVERAL = ['-dx', '-xd', '-x -d', '-tc', '-ud', '-du', '-kt', '-ptx'];

function noteQuietly(world: World, key: string, { end, out, err }: Finished): void {
  world.note(key, `${end}, ${out + err === '' ? 'silent' : 'says something'}`);
}

/** The bytes that one call sends to a service that is paused and wanted otherwise, so that no command is needless. */
async function sent(world: World, line: string): Promise<void> {
  const dir = `s${line.replaceAll(/[ -]/g, '_')}`;
  const fake = new FakeService(world, dir, made('run', { want: '?', paused: 1 }));
  noteQuietly(world, line, await world.run('svc', [...line.split(' '), `./${dir}`]));
  world.note(`${line} sends`, fake.received());
}

const bytes: Case = {
  name: 'svc/bytes',
  title: 'svc sends the bytes of its letters',
  uses: ['svc'],
  needs: ['busybox'],
  differs: [
    {
      id: 'svc-order',
      lines: { '-du sends': 'du', '-kt sends': 'kt', '-tc sends': 'tc' },
    },
  ],
  async run(world) {
    for (const line of [...SINGLE, ...SEVERAL]) await sent(world, line);
  },
};

const needless: Case = {
  name: 'svc/needless',
  title: 'svc sends what the status seems to make needless',
  uses: ['svc'],
  needs: ['busybox'],
  differs: [{ id: 'svc-always-sends', lines: { 'up got': 'u' } }],
  async run(world) {
    const up = new FakeService(world, 'up', made('run', { want: 'u' }));
    const down = new FakeService(world, 'down', made('down', { want: 'd' }));
    noteQuietly(world, 'up', await world.run('svc', ['-u', './up']));
    noteQuietly(world, 'down', await world.run('svc', ['-d', './down']));
    world.note('up got', up.received());
    world.note('down got', down.received());
  },
};

const lookup: Case = {
  name: 'svc/lookup',
  title:
    'services are looked up as sv does, several at once, and one that cannot be reached is reported: exit status 1',
  uses: ['svc', 'svok'],
  needs: ['busybox'],
  async run(world) {
    const one = new FakeService(world, 'services/one', made('run'));
    const two = new FakeService(world, 'services/two', made('run'));
    world.mkdir('services/empty');
    world.env['SVDIR'] = world.path('services');
    noteQuietly(world, 'names', await world.run('svc', ['-h', 'one', 'two']));
    noteQuietly(world, 'paths', await world.run('svc', ['-a', './services/one', `${world.dir}/services/two`]));
    for (const names of ['none', 'empty', 'none two', 'one none two']) {
      noteQuietly(world, names, await world.run('svc', ['-i', ...names.split(' ')]));
    }
    world.note('one got', one.received());
    world.note('two got', two.received());
    noteQuietly(world, 'svok', await world.run('svok', ['./services/two']));
    noteQuietly(world, 'svok none', await world.run('svok', ['none']));
  },
};

const usage: Case = {
  name: 'svc/usage',
  title: 'wrong calls of svc and svok exit with 1',
  uses: ['svc', 'svok'],
  needs: ['busybox'],
  async run(world) {
    for (const line of ['', '-z s', '-u', 's', '-uz s', '--']) {
      const words = line.split(' ').filter((word) => word !== '');
      noteQuietly(world, `svc ${line}`, await world.run('svc', words));
    }
    noteQuietly(world, 'svok', await world.run('svok', []));
  },
};

/** open or openat, as x86 and arm number them. */
const OPENING = /^(2|257|56) /;

const left: Case = {
  name: 'svc/left',
  title: 'svok answers where runsv has ended',
  uses: ['svok'],
  needs: ['busybox', 'root'],
  differs: [{ id: 'svok-answers', lines: { svok: 'exit 100' } }],
  async run(world) {
    const fake = new FakeService(world, 's', made('down'));
    fake.leave();
    const asked = world.start('svok', ['./s']);
    const answer = await until('an answer, or waiting for a reader', () => {
      if (asked.end() !== undefined) return asked.end();
      return OPENING.test(proc(asked.pid, 'syscall')) && proc(asked.pid, 'comm') !== 'node\n' ? 'hangs' : undefined;
    });
    world.note('svok', answer);
  },
};

const real: Case = {
  name: 'svc/real',
  title: 'a service is taken down, up and away',
  uses: ['svc', 'svok', 'runsv'],
  needs: ['busybox'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('stays') });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    noteQuietly(world, 'svok', await world.run('svok', ['./s']));
    noteQuietly(world, 'down', await world.run('svc', ['-d', './s']));
    await steps.inState(world, 's', 'down');
    noteQuietly(world, 'up', await world.run('svc', ['-u', './s']));
    await steps.up(world, 's', 2);
    noteQuietly(world, 'away', await world.run('svc', ['-dx', './s']));
    world.note('runsv', await runsv.ended());
  },
};

export const cases: readonly Case[] = [bytes, needless, lookup, usage, left, real];
