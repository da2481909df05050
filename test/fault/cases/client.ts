// sv, which must not say ok of what ends again and again, and must not be used by the owner of a supervise against others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { fault } from '../case.ts';
import type { Service } from '../service.ts';
import type { World } from '../world.ts';

const RUNSV = ['runsv', '/usr/bin/runsv'] as const;

const CRASHING: Readonly<Record<string, string>> = {
  'ends-at-once': 'exit 1',
  'program-missing': 'exec httpd-that-is-not-there -f -p 8080',
  'goes-into-background': 'sleep 3600 &',
  'lives-0.9-s': 'sleep 0.9',
};

const sv = (world: World, ...args: readonly string[]): Promise<string> =>
  world.start('sv', args, { foreign: true }).ended();

/** Runs sv on a service whose processes have been ending for a while, as `runsv` supervises it. */
const crashing = async (world: World, runsv: string, name: string, body: string): Promise<void> => {
  const service = world.service(`${name}-${runsv.replaceAll('/', '')}`);
  service.has('run', { text: `#!/bin/sh\n${body} 2>/dev/null\n` });
  world.start(runsv, [service.dir], { foreign: true });
  await world.supervised(service);
  const words = ['start', 'check', 'restart'];
  const ends = await Promise.all(words.map((word) => sv(world, '-w', '4', word, service.dir)));
  assert.deepEqual(ends, ['exit 1', 'exit 1', 'exit 1'], `${name} below ${runsv}: ${words.join(', ')}`);
};

const FORMS: Readonly<Record<string, (path: string, victim: string) => void>> = {
  link: (path, victim) => symlinkSync(victim, path),
  'link to a device': (path) => symlinkSync('/dev/zero', path),
  fifo: (path) => execFileSync('mkfifo', [path]),
  'regular file': (path) => writeFileSync(path, 'precious'),
  directory: (path) => mkdirSync(path),
  device: (path) => execFileSync('mknod', [path, 'c', '1', '5']),
  socket: (path) =>
    execFileSync('perl', [
      '-MIO::Socket::UNIX',
      '-e',
      `IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die`,
      path,
    ]),
  'huge file': (path) => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
  },
};

/** A supervise that looks alive but for one file. */
const spoilt = (
  world: World,
  name: string,
  form: string,
  victim: string,
): { service: Service; held: readonly number[] } => {
  const service = world.service(`${name}-${form.replaceAll(' ', '-')}`);
  const supervise = `${service.dir}/supervise`;
  mkdirSync(supervise);
  execFileSync('mkfifo', [`${supervise}/control`, `${supervise}/ok`]);
  const held = ['control', 'ok'].map((it) => openSync(`${supervise}/${it}`, constants.O_RDWR | constants.O_NONBLOCK));
  writeFileSync(
    `${supervise}/status`,
    Buffer.from('400000006a1234560000000001000000007500 01'.replace(' ', ''), 'hex'),
  );
  rmSync(`${supervise}/${name}`);
  FORMS[form]?.(`${supervise}/${name}`, victim);
  return { service, held };
};

const readAll = (fd: number): string => {
  const bytes = Buffer.alloc(100);
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch {
    return '';
  }
};

export const CLIENT = [
  {
    ...fault(
      'sv start, restart and check of services that end again and again fail, and of one that stays are ok',
      async (world) => {
        const all = RUNSV.flatMap((runsv) =>
          Object.entries(CRASHING).map(([name, body]) => crashing(world, runsv, name, body)),
        );
        await Promise.all(all);
        const good = world.service('good').has('run', 'stays');
        world.runsv(good);
        await world.up(good);
        for (const word of ['start', 'check', 'restart']) assert.equal(await sv(world, word, good.dir), 'exit 0', word);
      },
    ),
    takesMs: 240_000,
  },

  fault(
    'sv of root and the supervise of another user: nothing but a fifo is written to, and nothing hangs',
    async (world) => {
      const victim = `${world.dir}/victim`;
      execFileSync('mkfifo', [victim]);
      chmodSync(victim, 0o600);
      const reader = openSync(victim, constants.O_RDWR | constants.O_NONBLOCK);
      for (const name of ['control', 'ok', 'status']) {
        for (const form of Object.keys(FORMS)) {
          const { service, held } = spoilt(world, name, form, victim);
          const words = [['status'], ['down'], ['-w', '0', 'check'], ['-w', '0', 'stop']];
          const ends = await Promise.all(words.map((word) => sv(world, ...word, service.dir)));
          const what = `${form} for ${name}: ${ends}`;
          if (name === 'control') assert.equal(ends[1], 'exit 1', what);
          // C's sv reads 20 bytes as well, whatever follows them
          if (name === 'status' && form !== 'huge file') assert.equal(ends[0], 'exit 1', what);
          if (name === 'ok' && form.startsWith('link')) assert.equal(ends[0], 'exit 1', what);
          if (form === 'regular file')
            assert.equal(readFileSync(`${service.dir}/supervise/${name}`, 'latin1'), 'precious');
          assert.equal(readAll(reader), '', what);
          for (const fd of held) closeSync(fd);
        }
      }
      closeSync(reader);
    },
  ),
];
