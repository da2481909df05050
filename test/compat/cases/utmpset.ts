// utmpset: which record of utmp it changes, and how, and what it adds to wtmp.
// Read next: ../jail.ts (it works on /run/utmp and /var/log/wtmp, so it gets both of its own).
import { existsSync, readFileSync, statSync } from 'node:fs';
import { boot, layOut } from '../jail.ts';
import type { Case } from '../model.ts';
import * as steps from '../steps.ts';
import type { World } from '../world.ts';

const NEEDS = ['namespaces'] as const;
const SIZE = 384;
const TIME_AT = 340;

interface Login {
  readonly line: string;
  readonly user: string;
  readonly type?: number;
}

/** A record of glibc's on a machine with records of 384 bytes, every field filled. */
function record({ line, user, type = 7 }: Login): Buffer {
  const bytes = Buffer.alloc(SIZE, 0x5a);
  bytes.writeInt16LE(type, 0);
  bytes.writeInt32LE(4711, 4);
  for (const [text, at, size] of [
    [line, 8, 32],
    ['id', 40, 4],
    [user, 44, 32],
    ['host', 76, 256],
  ] as const) {
    bytes.fill(0, at, at + size).write(text, at, 'latin1');
  }
  bytes.writeInt32LE(1000, TIME_AT);
  bytes.writeInt32LE(999, TIME_AT + 4);
  return bytes;
}

/** The bytes of a file, record by record, with runs shortened; the time as how far it is from now. */
function shown(path: string): string {
  if (!existsSync(path)) return 'none';
  const bytes = readFileSync(path);
  const records: string[] = [];
  for (let at = 0; at < bytes.length; at += SIZE) records.push(one(bytes.subarray(at, at + SIZE)));
  return records.join('\n');
}

function one(bytes: Buffer): string {
  if (bytes.length < SIZE) return `${bytes.length} bytes`;
  const sec = bytes.readInt32LE(TIME_AT);
  const now = Date.now() / 1000;
  const masked = Buffer.from(bytes).fill(0xee, TIME_AT, TIME_AT + 4);
  const hex = masked.toString('hex').replaceAll(/((?:..)+?)\1{7,}/g, '$1*');
  return `${hex} time ${sec === 1000 ? 'old' : Math.abs(now - sec) < 60 ? 'now' : sec}`;
}

async function inJail(world: World, line: string): Promise<string> {
  world.mkdir('log');
  const text = `exec >/dev/console 2>&1; PATH=${world.bin}:$PATH; ${line}`;
  const mounts = [`${world.path('log')}=/var/log`];
  const jail = boot(world, { file: '/bin/sh', argv: ['sh', '-c', text], mounts });
  await jail.ended();
  return jail.console();
}

async function set(world: World, key: string, args: string): Promise<void> {
  world.note(key, await inJail(world, `utmpset ${args}; echo "exit $?"`));
  world.note(`${key}: utmp`, shown(world.path('run/utmp')));
  world.note(`${key}: wtmp`, shown(world.path('log/wtmp')));
}

function withUtmp(world: World, logins: readonly Login[]): void {
  layOut(world, {});
  world.write('run/utmp', Buffer.concat(logins.map(record)).toString('latin1'));
}

const LOGINS: readonly Login[] = [
  { line: 'tty1', user: '' },
  { line: 'tty10', user: 'ten' },
  { line: 'tty1', user: 'root' },
  { line: 'tty1', user: 'again', type: 8 },
  { line: 'x'.repeat(31), user: 'long' },
];

const usage: Case = {
  name: 'utmpset/usage',
  title: 'options are read the classic way, and no line is usage',
  uses: ['utmpset'],
  async run(world) {
    for (const args of [[], ['-w'], ['-x', 'tty1'], ['-V'], ['-wV', 'tty1'], ['--'], ['-wx']]) {
      steps.noteRun(world, `utmpset ${args.join(' ')}`, await world.run('utmpset', args));
    }
    steps.noteRun(world, 'with a path', await world.run('utmpset', [], { argv0: '/some/where/utmpset' }));
  },
};

const clears: Case = {
  name: 'utmpset/utmp',
  title: 'the first record of the line with a user is cleared, and nothing else',
  uses: ['utmpset'],
  needs: NEEDS,
  async run(world) {
    withUtmp(world, LOGINS);
    await set(world, '1 tty1', 'tty1');
    await set(world, '2 tty1 again', 'tty1 more words');
    await set(world, '3 none', 'tty1');
    await set(world, '4 long', 'x'.repeat(31));
    await set(world, '5 empty', "''");
  },
};

const locked: Case = {
  name: 'utmpset/locked',
  title: 'the lock of utmp, which members of its group may hold, is waited for, but not for ever',
  uses: ['utmpset'],
  needs: NEEDS,
  differs: [
    {
      id: 'utmpset-lock',
      lines: { 'held long': 'utmpset: fatal: unable to lock /var/run/utmp: timed out\nexit 111\n' },
    },
  ],
  async run(world) {
    withUtmp(world, LOGINS);
    const hold = (seconds: number): string =>
      `exec 9</var/run/utmp; flock 9; { sleep ${seconds}; } & exec 9<&-; utmpset tty1; echo "exit $?"; wait`;
    world.note('held for a moment', await inJail(world, hold(1)));
    withUtmp(world, LOGINS);
    world.note('held long', await inJail(world, hold(11)));
  },
};

const many: Case = {
  name: 'utmpset/many',
  title: 'the record is found wherever it is',
  uses: ['utmpset'],
  needs: NEEDS,
  async run(world) {
    const crowd = Array.from({ length: 500 }, (_, n): Login => ({ line: `pts/${n}`, user: 'u' }));
    withUtmp(world, crowd);
    for (const n of [0, 127, 128, 399, 499]) {
      world.note(`pts/${n}`, await inJail(world, `utmpset pts/${n}; echo "exit $?"`));
      const at = n * SIZE;
      world.note(`record ${n}`, one(readFileSync(world.path('run/utmp')).subarray(at, at + SIZE)));
    }
    world.note('size', statSync(world.path('run/utmp')).size);
  },
};

const wtmp: Case = {
  name: 'utmpset/wtmp',
  title: '-w adds a record to wtmp where somebody was logged in',
  uses: ['utmpset'],
  needs: NEEDS,
  async run(world) {
    withUtmp(world, LOGINS);
    await set(world, '1 tty10', '-w tty10');
    world.note('mode', (statSync(world.path('log/wtmp')).mode & 0o777).toString(8));
    await set(world, '2 tty10 again', '-w tty10');
    await set(world, '3 tty1', '-w -w tty1');
  },
};

const missing: Case = {
  name: 'utmpset/missing',
  title: 'a utmp that is missing or empty is reported',
  uses: ['utmpset'],
  needs: NEEDS,
  async run(world) {
    layOut(world, {});
    await set(world, 'missing', '-w tty1');
    world.write('run/utmp', '');
    await set(world, 'empty', '-w tty1');
    world.write('run/utmp', 'cut short');
    await set(world, 'cut short', 'tty1');
  },
};

const longLine: Case = {
  name: 'utmpset/long-line',
  title: 'a line that is too long for a record is refused, one that fills it is found',
  uses: ['utmpset'],
  needs: NEEDS,
  differs: [
    {
      id: 'utmpset-long-line',
      since231: true,
      lines: {
        'too long': `utmpset: fatal: unable to logout line ${'x'.repeat(33)} in utmp: name too long\nexit 111\n`,
      },
    },
  ],
  async run(world) {
    withUtmp(world, [{ line: 'x'.repeat(32), user: '' }]);
    world.note('too long', await inJail(world, `utmpset ${'x'.repeat(33)}; echo "exit $?"`));
  },
};

export const cases: readonly Case[] = [usage, clears, locked, many, wtmp, missing, longLine];
