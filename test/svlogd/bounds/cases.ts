// What svlogd opens, keeps and waits for has bounds: ours alone, for C has none of them. Read next: planted.ts, shared.ts.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { LinesCase } from '../lines/cases.ts';
import type { Session } from '../session.ts';
import { same } from '../streams/reading.ts';
import { PLANTED } from './planted.ts';
import { SHARED } from './shared.ts';

/** User and system time of a process and its children that ended, in seconds. */
const secondsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const costs = (title: string, most: number, act: (session: Session) => Promise<number>): LinesCase => ({
  title: `bounds: ${title}`,
  async run(session) {
    const seconds = await act(session);
    return seconds <= most ? [] : [`${seconds} s of processor time, at most ${most}`];
  },
});

const longLines = costs('a line of a million bytes with -l 1000000 costs what others cost', 1.5, async (session) => {
  session.dir('d', 's0\n');
  writeFileSync(session.path('in'), `${'y'.repeat(999_000)}\n`.repeat(10));
  const logger = session.start(['-l', '1000000', '-b', '1001000']);
  await session.pour(session.path('in'));
  await session.until('all', () => statSync(session.path('d', 'current')).size === 9_990_010);
  return secondsOf(logger.pid);
});

const tinyFiles = costs('a long line in files of ten bytes is not copied for each of them', 5, async (session) => {
  session.dir('d', 's100\nn2\n');
  writeFileSync(session.path('in'), `${'y'.repeat(999_999)}\nend\n`);
  const logger = session.start(['-l', '1000000', '-b', '1001000']);
  await session.pour(session.path('in'));
  await session.until('all', () => session.logged().endsWith('end\n'));
  return secondsOf(logger.pid);
});

const manyOld = costs('a rotation costs the same beside 20,000 old files that are kept', 1.5, async (session) => {
  session.dir('d', 's100\nn0\n');
  for (let n = 0; n < 20_000; n++) writeFileSync(session.path('d', `@40000000${String(n).padStart(16, '0')}.s`), '');
  const logger = session.start(['-l', '50']);
  session.write(`${'x'.repeat(60)}\n`.repeat(200));
  await session.until('rotations', () => session.rotated().length === 20_200);
  return secondsOf(logger.pid);
});

const nonBlocking: LinesCase = {
  title: 'bounds: an input that others made non-blocking is waited for, and no line is lost',
  async run(session, seed) {
    session.dir('d', 's0\n');
    const flagged = session.run(
      ['perl', '-MFcntl', '-e', 'fcntl(STDIN, F_SETFL, O_RDONLY | O_NONBLOCK) or die'],
      [session.reader, 'ignore', 'ignore'],
    );
    await session.ended(flagged);
    const logger = session.start([]);
    await session.feed(3000, seed, 300, 'whole');
    session.write('half');
    await session.until('an empty pipe', () => session.isRead());
    logger.signal('SIGTERM');
    session.write(' a line\n');
    const end = await session.ended(logger);
    const log = session.logged();
    return [
      ...same('end', 'exit 0', end),
      ...same('lines', 3001, log.split('\n').length - 1),
      ...same('end', true, log.endsWith('half a line\n')),
    ];
  },
};

const cutLine: LinesCase = {
  title: 'bounds: after TERM the rest of a line is waited for, a second TERM does not wait, and says so',
  async run(session) {
    session.dir('d', null);
    const logger = session.start(['-v']);
    session.write('one\nhalf');
    await session.logs('one\n');
    logger.signal('SIGTERM');
    await session.says('sigterm received');
    const waits = await Promise.race([
      session.ended(logger),
      new Promise((resolve) => setTimeout(resolve, 2000, 'waits')),
    ]);
    logger.signal('SIGTERM');
    const end = await session.ended(logger);
    return [
      ...same('it waits', 'waits', waits),
      ...same('end', 'exit 0', end),
      ...same('log', 'one\nhalf\n', session.logged()),
      ...same('said', true, session.said().includes('the last line did not end in time, newline added')),
    ];
  },
};

const modes: LinesCase = {
  title: 'bounds: with a mode in config files have that and no other, and current is gone on with',
  async run(session) {
    session.dir('d', 's40\nmode 0640\n');
    const first = session.start(['-l', '10']);
    const modesNow = (): readonly string[] => [
      ...new Set(
        session
          .files()
          .filter((name) => /^(@|current)/.test(name))
          .map((name) => (statSync(session.path('d', name)).mode & 0o7777).toString(8)),
      ),
    ];
    session.write('a line of some length\nanother of some length\nrest\n');
    await session.logs('rest\n');
    const open = modesNow();
    first.signal('SIGTERM');
    await session.ended(first);
    const closed = modesNow();
    session.write('more\n');
    const second = session.start(['-v', '-l', '10']);
    await session.logs('rest\nmore\n');
    await second.kill();
    session.write('last\n');
    const third = session.start(['-v', '-l', '10']);
    await session.logs('last\n');
    session.closeInput();
    const end = await session.ended(third);
    return [
      ...same('open', ['640'], open),
      ...same('closed', ['640'], closed),
      ...same('end', 'exit 0', end),
      ...same('appended', 1, session.said().split('append: d/current').length - 1),
      ...same('after KILL put aside', 1, session.rotated('d', 'u').length),
    ];
  },
};

const owner: LinesCase = {
  title: 'bounds: with an owner in config files are given to him; one that nobody has is told',
  needs: 'root',
  async run(session) {
    session.dir('d', 's40\nowner 4711:4712\n');
    session.dir('e', 'owner nobody-of-that-name\n');
    const logger = session.start(['-l', '10'], ['d', 'e']);
    session.write('a line of some length\nanother of some length\nrest\n');
    session.closeInput();
    const end = await session.ended(logger);
    const owners = session
      .files()
      .filter((name) => /^(@|current)/.test(name))
      .map((name) => statSync(session.path('d', name)));
    return [
      ...same('end', 'exit 0', end),
      ...same('owners', ['4711:4712'], [...new Set(owners.map(({ uid, gid }) => `${uid}:${gid}`))]),
      ...same('said', true, session.said().includes('e/config: unknown user or group: nobody-of-that-name')),
    ];
  },
};

const lastTry: LinesCase = {
  title: 'bounds: at the end of input a processor that had failed is tried once more',
  async run(session) {
    session.dir('d', 's10\n!echo x >> tries; test -e good && cat\n');
    const logger = session.start(['-l', '5']);
    session.write('0123456789\n');
    await session.says('processor failed', 3);
    writeFileSync(session.path('d', 'good'), '');
    session.closeInput();
    const end = await session.ended(logger);
    const done = session.rotated()[0];
    return [
      ...same('end', 'exit 0', end),
      ...same('processed', '0123456789', done === undefined ? '' : readFileSync(session.path('d', done), 'latin1')),
    ];
  },
};

const hanging: LinesCase = {
  title: 'bounds: beside a processor that hangs no more files wait than are kept, and what goes is told',
  async run(session) {
    session.dir('d', 's20\nn3\n!exec sleep 30\n');
    const logger = session.start(['-l', '5']);
    session.write(Array.from({ length: 40 }, (_, n) => `line ${n} of many lines\n`).join(''));
    await session.until('the last line', () => session.logged().endsWith('line 39 of many lines\n'));
    const waiting = session.rotated('d', 'u').length;
    logger.signal('SIGTERM');
    logger.signal('SIGTERM');
    const said = session.said().split('too many files wait for the processor').length - 1;
    return [...same('waiting', 4, waiting), ...same('told', true, said >= 30)];
  },
};

const unreadable: LinesCase = {
  title: 'bounds: a config that cannot be read makes no old file go',
  async run(session) {
    const old = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`@4000000030000000000000${10 + n}.s`, { text: `${n}\n`, mode: 0o744 }]),
    );
    session.dir('d', 'n3\n'.repeat(400_000), old);
    chmodSync(session.path('d', 'config'), 0o644);
    const logger = session.start([]);
    session.write('one\n');
    session.closeInput();
    const end = await session.ended(logger);
    return [...same('end', 'exit 0', end), ...same('old files', 20, session.rotated().length)];
  },
};

export const BOUNDS_CASES: readonly LinesCase[] = [
  ...PLANTED,
  ...SHARED,
  longLines,
  tinyFiles,
  manyOld,
  nonBlocking,
  cutLine,
  modes,
  owner,
  lastTry,
  hanging,
  unreadable,
];
