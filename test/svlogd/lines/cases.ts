// Nothing lost, nothing doubled: counted lines go in while things happen to svlogd, and are counted in its files.
//
// Promises: runs with any svlogd; the pipe stays when svlogd goes, as runsv keeps it. Each case also tells whether C
// svlogd is known to lose lines in it, which shows that the count would find a loss. Read next: count.ts, writer.pl.
import { rmSync, writeFileSync } from 'node:fs';
import { Random } from '../../sim/random.ts';
import type { Session } from '../session.ts';
import { sleep } from '../../lib/wait.ts';
import { exact, withGaps } from './count.ts';

const LINES = 12_000;
const WRITING_MS = 1_500;

export interface LinesCase {
  readonly title: string;
  readonly needs?: 'root';
  /** C svlogd 2.1.2 fails it. */
  readonly cLoses?: true;
  /** What was wrong. */
  run(session: Session, seed: number): Promise<readonly string[]>;
}

interface Flow {
  readonly options?: readonly string[];
  readonly config: string;
  readonly dirs?: readonly string[];
  /** Happens while the lines are being written; must leave svlogd running. */
  readonly meanwhile?: (session: Session, random: Random) => Promise<void>;
  readonly kills?: number;
  /** The writer writes whole lines, as most services do. */
  readonly pieces?: 'whole';
}

/** The log without its stamps. */
const bare = (log: string): string => log.replace(/^@[0-9a-f]{24} /gm, '').replace(/^[-0-9_T:.]{25} /gm, '');

const flow = async (session: Session, seed: number, given: Flow): Promise<readonly string[]> => {
  const dirs = given.dirs ?? ['d'];
  for (const name of dirs) session.dir(name, given.config);
  session.keep(given.options ?? [], dirs);
  await session.until('every directory open', () => dirs.every((name) => session.files(name).includes('current')));
  const writer = session.feed(LINES, seed, WRITING_MS, given.pieces);
  await given.meanwhile?.(session, new Random(seed));
  await writer;
  await session.letGo();
  const judge = (log: string): readonly string[] =>
    given.kills === undefined ? exact(LINES, log) : withGaps(LINES, log, given.kills);
  return dirs.flatMap((name) => judge(bare(session.logged(name))).map((fault) => `${name}: ${fault}`));
};

const times = async (random: Random, count: number, act: () => Promise<void> | void): Promise<void> => {
  for (let n = 0; n < count; n++) {
    await sleep(random.between(2, Math.floor((2 * WRITING_MS) / count) - 10));
    await act();
  }
};

const signalled = (signal: 'SIGHUP' | 'SIGALRM', count: number) => (session: Session, random: Random) =>
  times(random, count, () => session.kept().signal(signal));

const restarted = (count: number) => (session: Session, random: Random) =>
  times(random, count, () => session.keepAnew('SIGTERM'));

const killed = (count: number) => (session: Session, random: Random) =>
  times(random, count, () => session.keepAnew('SIGKILL'));

const everything = (session: Session, random: Random): Promise<void> =>
  times(random, 16, async () => {
    const what = random.pick(['SIGHUP', 'SIGALRM', 'SIGTERM'] as const);
    if (what === 'SIGTERM') await session.keepAnew(what);
    else session.kept().signal(what);
  });

const simple = (title: string, given: Flow, cLoses?: true): LinesCase => ({
  title: `lines: ${title}`,
  ...(cLoses === undefined ? {} : { cLoses }),
  run: (session, seed) => flow(session, seed, given),
});

const ROTATING = 's3000\nn0\n';
const FAILS_EVERY_OTHER_TIME = 'if test -e odd; then rm odd; cat; else : > odd; head -c 1000; exit 1; fi';
const DIES_EVERY_OTHER_TIME = 'if test -e odd; then rm odd; cat; else : > odd; head -c 1000; kill -9 $$; fi';

const DISK_BYTES = 4 << 20;
const FULL_MS = 2_000;

/** Writes into a file until there is no room, as anything else on that disk may do. */
const fillUp = (path: string): void => {
  for (const size of [1 << 20, 1 << 16, 4096])
    for (let n = 0; n < 64; n++) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
      } catch {
        break;
      }
    }
};

const fullDisk = (title: string, options: readonly string[], more: Partial<Flow>): LinesCase => ({
  title: `lines: ${title}`,
  needs: 'root',
  run(session, seed) {
    session.mount('d', DISK_BYTES);
    return flow(session, seed, {
      ...more,
      options,
      config: 's1000000\nn0\n',
      async meanwhile(_, random) {
        await sleep(random.between(100, 300));
        fillUp(session.path('d/ballast'));
        await sleep(FULL_MS);
        rmSync(session.path('d/ballast'));
      },
    });
  },
});

const longLines: LinesCase = {
  title: 'lines: long ones, cut by small files, byte for byte',
  async run(session) {
    session.dir('d', 's3000\nn0\n');
    session.keep(['-l', '100', '-b', '1024'], ['d']);
    const text = Array.from({ length: 6 }, (_, n) => `${String(n).repeat(8191)}\n`).join('');
    session.write(text);
    await session.letGo();
    return session.logged() === text ? [] : [`${text.length} bytes were written, ${session.logged().length} are there`];
  },
};

const partialEnd: LinesCase = {
  title: 'lines: the last one without newline',
  cLoses: true,
  async run(session) {
    session.dir('d', null);
    session.keep([], ['d']);
    session.write('first\nlast');
    await session.letGo();
    const log = session.logged();
    return log === 'first\nlast\n' ? [] : [`the log is ${JSON.stringify(log)}`];
  },
};

export const LINES_CASES: readonly LinesCase[] = [
  simple('one after the other', { config: 'n0\n' }),
  simple('through rotation at every 3000 bytes', { config: ROTATING }),
  simple('with a stamp on each, through rotation', { config: ROTATING, options: ['-t'] }),
  simple('with a date on each, through rotation', { config: ROTATING, options: ['-tt'] }),
  simple('into two directories', { config: ROTATING, dirs: ['d', 'e'] }),
  simple('through HUP', { config: ROTATING, meanwhile: signalled('SIGHUP', 15) }),
  simple('through ALRM', { config: 'n0\n', meanwhile: signalled('SIGALRM', 15) }),
  simple('through TERM and the next svlogd on the same pipe', { config: ROTATING, meanwhile: restarted(10) }, true),
  simple('through HUP, ALRM and TERM at random', { config: ROTATING, meanwhile: everything }, true),
  simple('through a processor', { config: 's200000\nn0\n!cat\n' }),
  simple('through a processor that fails every other time', { config: `s200000\nn0\n!${FAILS_EVERY_OTHER_TIME}\n` }),
  simple(
    'through a processor that is killed every other time',
    { config: `s200000\nn0\n!${DIES_EVERY_OTHER_TIME}\n` },
    true,
  ),
  simple('through HUP with a processor at work', {
    config: 's50000\nn0\n!sleep 0.05; cat\n',
    meanwhile: signalled('SIGHUP', 8),
  }),
  simple(
    'through TERM with a processor at work',
    { config: 's50000\nn0\n!sleep 0.05; cat\n', meanwhile: restarted(6) },
    true,
  ),
  simple('through kill -9 at any moment: one gap each, nothing doubled', {
    config: ROTATING,
    meanwhile: killed(10),
    kills: 10,
  }),
  simple('through kill -9, with a stamp', { config: ROTATING, options: ['-tt'], meanwhile: killed(10), kills: 10 }),
  simple('whole lines at a time', { config: 'n0\n', pieces: 'whole' }),
  simple('whole lines at a time, through rotation', { config: ROTATING, pieces: 'whole' }),
  simple('whole lines at a time, with a label, through rotation', {
    config: ROTATING,
    options: ['-t'],
    pieces: 'whole',
  }),
  simple('whole lines at a time, into two directories', { config: ROTATING, dirs: ['d', 'e'], pieces: 'whole' }),
  simple('whole lines at a time, through HUP, ALRM and TERM at random', {
    config: ROTATING,
    options: ['-tt'],
    meanwhile: everything,
    pieces: 'whole',
  }),
  fullDisk('a disk that is full for two seconds', [], {}),
  fullDisk('whole lines, and a disk that is full for two seconds', [], { pieces: 'whole' }),
  fullDisk('whole lines with a date, and a disk that is full for two seconds', ['-tt'], { pieces: 'whole' }),
  longLines,
  partialEnd,
];
