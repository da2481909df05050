// Standard output that several of us share, that is full, or whose lines are long.
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { LinesCase } from '../lines/cases.ts';
import { CAT, entriesOf, linesOf, same, SLOW, startReader } from '../streams/reading.ts';

const WRITERS = ['a', 'b', 'c', 'd'];
const LENGTHS = [1, 90, 4_000, 4_096, 5_000, 9_000, 30_000, 70_000];

/** Lines of one letter, each with its number in front. */
const linesBy = (letter: string): string =>
  Array.from({ length: 48 }, (_, n) => `${n} ${letter.repeat(LENGTHS[n % LENGTHS.length] ?? 1)}\n`).join('');

const together = (title: string, reader: readonly [string, ...string[]]): LinesCase => ({
  title: `bounds: lines of several writers on one pipe stay whole, however long they are: ${title}`,
  async run(session) {
    const [from, to] = session.openOutput();
    const reads = startReader(session, from, reader);
    const writers = WRITERS.map((letter) => {
      writeFileSync(session.path(`in-${letter}`), linesBy(letter));
      const input = openSync(session.path(`in-${letter}`), 'r');
      const writer = session.run([session.side.svlogd, '--stdout', '--name', letter], [input, to, 'ignore']);
      closeSync(input);
      return writer;
    });
    session.closeOutput();
    for (const writer of writers) await session.ended(writer);
    await session.ended(reads);
    const got = session.text('out').split('\n').slice(0, -1);
    return WRITERS.flatMap((letter) => {
      const own = got.filter((line) => line.startsWith(`${letter}: `)).map((line) => line.slice(3));
      return same(letter, linesBy(letter), `${own.join('\n')}\n`);
    }).concat(same('lines', 48 * WRITERS.length, got.length));
  },
});

const WIDE = ['é'.repeat(100_000), `x${'漢字'.repeat(50_000)}`, '🎉'.repeat(40_000), 'short'].join('\n');
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const cutBetween: LinesCase = {
  title: 'bounds: a line that must be cut is cut between characters, and says so',
  async run(session) {
    const out = openSync(session.path('out'), 'a');
    writeFileSync(session.path('in'), `${WIDE}\n`);
    const input = openSync(session.path('in'), 'r');
    const logger = session.run([session.side.svlogd, '--json', '--name', 'x'], [input, out, 'ignore']);
    for (const fd of [out, input]) closeSync(fd);
    const end = await session.ended(logger);
    const entries = entriesOf(session.text('out'));
    return [
      ...same('end', 'exit 0', end),
      ...same('lines', `${WIDE}\n`, linesOf(entries)),
      ...same('whole ones', 4, entries.filter(({ partial }) => partial === undefined).length),
      ...same('parts', 4, entries.filter(({ partial }) => partial === true).length),
      ...same('longest', true, Math.max(...entries.map(({ line }) => asBytes(line).length)) <= 131_072),
    ];
  },
};

const inHalves: LinesCase = {
  title: 'bounds: a line that comes in two writes is one object',
  async run(session) {
    const out = openSync(session.path('out'), 'a');
    const logger = session.start(['--json', '--name', 'x'], [], out);
    closeSync(out);
    for (let n = 0; n < 5; n++) {
      session.write(`${n}:${'x'.repeat(1200)}`);
      // until it was read
      await session.until('an empty pipe', () => session.isRead());
      session.write(`${'y'.repeat(1200)}\n`);
      await session.until('the line', () => session.text('out').split('\n').length > n + 1);
    }
    session.closeInput();
    const end = await session.ended(logger);
    const entries = entriesOf(session.text('out'));
    return [...same('end', 'exit 0', end), ...same('parts', 0, entries.filter(({ partial }) => partial).length)];
  },
};

const PAGE = 4096;
const MANY = Array.from({ length: 2000 }, (_, n) => `line ${n} xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n`).join('');

const fullDisk: LinesCase = {
  title: 'bounds: standard output on a full disk is tried again, and no line is lost',
  needs: 'root',
  async run(session) {
    session.mount('m', 16 * PAGE);
    const out = openSync(session.path('m', 'out'), 'a');
    const logger = session.start(['--stdout', '--name', 's'], [], out);
    closeSync(out);
    const poured = session.pour(save(session.path('in')));
    await session.says('pausing: unable to write to standard output: out of disk space');
    const first = readFileSync(session.path('m', 'out'), 'latin1');
    truncateSync(session.path('m', 'out'));
    await session.until('room', () => readFileSync(session.path('m', 'out')).length > 0);
    await poured;
    session.closeInput();
    const end = await session.ended(logger);
    const text = first + readFileSync(session.path('m', 'out'), 'latin1');
    return [...same('end', 'exit 0', end), ...same('text', MANY.replace(/^(?=l)/gm, 's: '), text)];
  },
};

const save = (path: string): string => {
  writeFileSync(path, MANY);
  return path;
};

const fullForGood: LinesCase = {
  title: 'bounds: standard output that stays full does not keep svlogd from ending, and what is lost is told',
  async run(session) {
    const full = openSync('/dev/full', 'w');
    const logger = session.start(['--stdout', '--name', 's'], [], full);
    closeSync(full);
    session.write('one\n');
    await session.says('pausing: unable to write to standard output');
    logger.signal('SIGTERM');
    const end = await session.ended(logger);
    return [
      ...same('end', 'exit 111', end),
      ...same('told', true, session.said().includes('7 bytes could not be written')),
    ];
  },
};

const lateReader: LinesCase = {
  title: 'bounds: a lock that is held by one who was stopped is waited for, but not for ever',
  async run(session) {
    const [from, to] = session.openOutput();
    const holder = session.run(
      [
        'perl',
        '-MFcntl',
        '-e',
        'my $lock = pack "s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0; fcntl(STDOUT, F_SETLK, $lock) or die; open F, ">held"; sleep 60',
      ],
      ['ignore', to, 'ignore'],
    );
    await session.until('the lock', () => session.files('.').includes('held'));
    const reads = startReader(session, from, CAT);
    const logger = session.start(['--stdout', '--name', 's'], [], to);
    session.closeOutput();
    session.write('one\n');
    await session.until('the line', () => session.text('out') === 's: one\n');
    session.closeInput();
    const end = await session.ended(logger);
    await holder.kill();
    await session.ended(reads);
    rmSync(session.path('held'));
    return [
      ...same('end', 'exit 0', end),
      ...same('said', 1, session.said().split('is locked by another process').length - 1),
    ];
  },
};

export const SHARED: readonly LinesCase[] = [
  together('a reader that keeps up', CAT),
  together('a slow one', SLOW),
  cutBetween,
  inHalves,
  fullDisk,
  fullForGood,
  lateReader,
];
