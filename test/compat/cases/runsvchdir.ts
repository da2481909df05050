// runsvchdir: its words, its links, and what there is between two of them.
// Read next: ../jail.ts (it works in /etc/runit, so it gets one of its own).
import { existsSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { boot, layOut } from '../jail.ts';
import type { Case } from '../model.ts';
import * as steps from '../steps.ts';
import { sleep } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NEEDS = ['namespaces'] as const;
const HOME = 'etc/runsvdir';

/** What the links are. */
function links(world: World): string {
  const names = readdirSync(world.path(HOME)).filter((name) => /^(current|previous)/.test(name));
  const shown = (name: string) =>
    lstatSync(world.path(HOME, name)).isSymbolicLink() ? readlinkSync(world.path(HOME, name)) : 'a directory';
  return names
    .sort()
    .map((name) => `${name} -> ${shown(name)}`)
    .join(', ');
}

function sets(world: World): void {
  layOut(world, {});
  for (const name of ['a', 'b', 'c']) world.mkdir(`${HOME}/${name}`);
  world.write(`${HOME}/file`, '');
}

/** Runs a line in the jail, runsvchdir first in PATH; what it says. */
async function inJail(world: World, line: string): Promise<string> {
  const text = `exec >/dev/console 2>&1; PATH=${world.bin}:$PATH; ${line}`;
  const jail = boot(world, { file: '/bin/sh', argv: ['sh', '-c', text] });
  await jail.ended();
  return jail.console();
}

async function change(world: World, key: string, args: string): Promise<void> {
  world.note(key, await inJail(world, `runsvchdir ${args}; echo "exit $?"`));
  world.note(`${key}: links`, links(world));
}

const usage: Case = {
  name: 'runsvchdir/usage',
  title: 'without a directory it is usage',
  uses: ['runsvchdir'],
  async run(world) {
    steps.noteRun(world, 'runsvchdir', await world.run('runsvchdir', []));
    steps.noteRun(world, 'with a path', await world.run('runsvchdir', [], { argv0: '/some/where/runsvchdir' }));
    steps.noteRun(world, 'a dot', await world.run('runsvchdir', ['.x']));
  },
};

const changes: Case = {
  name: 'runsvchdir/changes',
  title: 'current leads to what was named, as it was named, and previous to where current led',
  uses: ['runsvchdir'],
  needs: NEEDS,
  async run(world) {
    sets(world);
    await change(world, '1 no current', 'a');
    world.link('a', `${HOME}/current`);
    for (const [at, args] of ['a', 'b', 'b/', 'c x y', '/etc/runit/runsvdir/a', 'current', "''"].entries()) {
      await change(world, `${at + 2} ${args}`, args);
    }
  },
};

const refusals: Case = {
  name: 'runsvchdir/refusals',
  title: 'what is not there, or no directory, changes nothing',
  uses: ['runsvchdir'],
  needs: NEEDS,
  differs: [
    {
      id: 'runsvchdir-not-a-directory',
      lines: { 'a file': 'runsvchdir: fatal: file: not a directory.\nexit 111\n' },
    },
  ],
  async run(world) {
    sets(world);
    world.link('a', `${HOME}/current`);
    await change(world, 'missing', 'nope');
    await change(world, 'a file', 'file');
    await change(world, 'hidden', '.a');
    await change(world, 'an option', '-V');
    world.mkdir(`${HOME}/current.new`);
    await change(world, 'current.new in the way', 'b');
  },
};

const directory: Case = {
  name: 'runsvchdir/directory',
  title: 'a current that is a directory becomes previous',
  uses: ['runsvchdir'],
  needs: NEEDS,
  async run(world) {
    sets(world);
    world.mkdir(`${HOME}/current`);
    await change(world, 'from a directory', 'a');
  },
};

const back: Case = {
  name: 'runsvchdir/previous',
  title: 'runsvchdir previous goes back, and the next change leaves no link that leads to itself',
  uses: ['runsvchdir'],
  needs: NEEDS,
  differs: [
    {
      id: 'runsvchdir-previous',
      lines: { 'back: links': 'current -> a, previous -> b', 'on: links': 'current -> c, previous -> a' },
    },
  ],
  async run(world) {
    sets(world);
    world.link('b', `${HOME}/current`);
    world.link('a', `${HOME}/previous`);
    await change(world, 'back', 'previous');
    await change(world, 'on', 'c');
  },
};

const runsvdirVariable: Case = {
  name: 'runsvchdir/variable',
  title: 'RUNSVDIR says where to work',
  uses: ['runsvchdir'],
  needs: NEEDS,
  differs: [{ id: 'runsvchdir-variable', since231: true, lines: { led: 'b' } }],
  async run(world) {
    sets(world);
    for (const name of ['a', 'b']) world.mkdir(`elsewhere/${name}`);
    world.link('a', 'elsewhere/current');
    const line = `RUNSVDIR=${world.path('elsewhere')} runsvchdir b; readlink ${world.path('elsewhere/current')}`;
    world.note('led', (await inJail(world, line)).trim().split('\n').at(-1) ?? '');
  },
};

/** Every rename takes half a second, so that whatever is there between two of them is seen. */
const SLOW = `strace -qq -o /dev/null -e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:delay_exit=500000`;

const atomic: Case = {
  name: 'runsvchdir/always-current',
  title: 'current is there at every moment',
  uses: ['runsvchdir'],
  needs: NEEDS,
  timed: true,
  differs: [{ id: 'runsvchdir-always-current', lines: { 'was there': 'always' } }],
  async run(world) {
    sets(world);
    world.link('a', `${HOME}/current`);
    let missing = 0;
    let over = false;
    const changed = inJail(world, `${SLOW} ${world.bin}/runsvchdir b`).then(() => (over = true));
    while (!over) {
      if (!existsSync(world.path(HOME, 'current'))) missing++;
      await sleep(5);
    }
    await changed;
    world.note('was there', missing === 0 ? 'always' : 'not always');
    world.note('leads to b', statSync(world.path(HOME, 'current')).ino === statSync(world.path(HOME, 'b')).ino);
  },
};

const cutShort: Case = {
  name: 'runsvchdir/cut-short',
  title: 'a change that was killed between two renames does not keep the next one from working',
  uses: ['runsvchdir'],
  needs: NEEDS,
  differs: [
    {
      id: 'runsvchdir-cut-short',
      lines: { next: 'runsvchdir: c: now current.\nexit 0\n', 'next: links': 'current -> c, previous -> b' },
    },
  ],
  async run(world) {
    sets(world);
    world.link('a', `${HOME}/previous`);
    world.link('b', `${HOME}/current.new`);
    await change(world, 'next', 'c');
  },
};

const supervised: Case = {
  name: 'runsvchdir/runsvdir',
  title: 'runsvdir on current stops the services of one set and starts those of the other',
  uses: ['runsvchdir', 'runsvdir', 'runsv'],
  needs: NEEDS,
  async run(world) {
    sets(world);
    for (const set of ['a', 'b']) {
      const run = `echo "${set} up" >>${world.path('.record')}; trap 'echo "${set} down" >>${world.path('.record')}; exit 0' TERM; while :; do sleep .1; done`;
      steps.service(world, `${HOME}/${set}/svc-${set}`, { run });
    }
    world.link('a', `${HOME}/current`);
    const line = `runsvdir -P /etc/runit/runsvdir/current & until grep -q 'a up' ${world.path('.record')}; do sleep .1; done
runsvchdir b; until grep -q 'b up' ${world.path('.record')} && grep -q 'a down' ${world.path('.record')}; do sleep .1; done`;
    world.note('said', await inJail(world, line));
    world.note(
      'events',
      world
        .events()
        .map(({ text }) => text)
        .sort()
        .join(', '),
    );
  },
};

export const cases: readonly Case[] = [
  usage,
  changes,
  refusals,
  directory,
  back,
  runsvdirVariable,
  atomic,
  cutShort,
  supervised,
];
