// Lines on standard output (--stdout, --json, --name), end to end: the executable, real pipes, every line counted.
//
// C svlogd knows nothing of these options: what is wanted stands here. Read next: reading.ts, ../lines/count.ts.
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { countedLines, exact } from '../lines/count.ts';
import type { LinesCase } from '../lines/cases.ts';
import type { Session } from '../session.ts';
import { CAT, entriesOf, LEAVER, linesOf, same, SLOW, startReader, streamed } from './reading.ts';

const LINES = 12_000;
const WRITING_MS = 700;
const FINE = 'exit 0';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const LABEL = '@[0-9a-f]{24} ';
const DATE = String.raw`\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} `;

/** The lines behind `head`, each of which must have it. */
const behind = (head: string, text: string): string => {
  const lines = text.split('\n');
  const stray = lines.slice(0, -1).findIndex((line) => !new RegExp(`^${head}`).test(line));
  if (stray >= 0) return `line ${stray + 1} has no head: ${lines[stray]}`;
  return lines.map((line) => line.replace(new RegExp(`^${head}`), '')).join('\n');
};

const flow = (title: string, options: readonly string[], head: string, reader = CAT): LinesCase => ({
  title: `streams: ${title}`,
  async run(session, seed) {
    const { end, text } = await streamed(session, { options, reader }, () => session.feed(LINES, seed, WRITING_MS));
    return [...same('end', FINE, end), ...same('stderr', '', session.said()), ...exact(LINES, behind(head, text))];
  },
});

const objects = (title: string, options: readonly string[], reader = CAT): LinesCase => ({
  title: `streams: ${title}`,
  async run(session, seed) {
    const given = { options: ['--json', '--name', 'web', ...options], reader };
    const { end, text } = await streamed(session, given, () => session.feed(LINES, seed, WRITING_MS));
    const entries = entriesOf(text);
    return [
      ...same('end', FINE, end),
      ...exact(LINES, linesOf(entries)),
      ...same('services', ['web'], [...new Set(entries.map(({ service }) => service))]),
      ...same(
        'odd times',
        [],
        entries.map(({ time }) => time).filter((time) => !TIME.test(time)),
      ),
      ...same('keys', 'time,service,line', Object.keys(entries[0] ?? {}).join()),
    ];
  },
});

const besides = (title: string, options: readonly string[], head: string): LinesCase => ({
  title: `streams: ${title}`,
  async run(session, seed) {
    session.dir('d', 's3000\nn0\n');
    const given = { options: [...options, '--stdout', '--name', 'web'], dirs: ['d'] };
    const { end, text } = await streamed(session, given, () => session.feed(LINES, seed, WRITING_MS));
    const bare = behind(`${head}web: `, text);
    return [
      ...same('end', FINE, end),
      ...exact(LINES, bare),
      ...exact(LINES, behind(head, session.logged())),
      ...same('stamps of both alike', true, text.replaceAll('web: ', '') === session.logged()),
    ];
  },
});

const selected: LinesCase = {
  title: 'streams: patterns, prefix and UDP are of the directory; standard output has every line',
  async run(session) {
    session.dir('d', '-*secret*\npPRE \n');
    const given = { options: ['--stdout', '--name=web'], dirs: ['d'] };
    const { text } = await streamed(session, given, () => session.write('one\na secret\ntwo\n'));
    return [
      ...same('standard output', 'web: one\nweb: a secret\nweb: two\n', text),
      ...same('current', 'PRE one\nPRE two\n', session.logged()),
    ];
  },
};

const NASTY: readonly (readonly [string, string])[] = [
  ['', ''],
  ['plain', 'plain'],
  ['quote " backslash \\ slash /', 'quote " backslash \\ slash /'],
  ['\0\x01\x08\t\x0b\f\r\x1b[31m\x7f', '\0\x01\x08\t\x0b\f\r\x1b[31m\x7f'],
  ['gr\xc3\xbc\xc3\x9fe \xe2\x82\xac \xf0\x9f\x98\x80', 'gr\u00fc\u00dfe \u20ac \u{1f600}'],
  ['cut \xc3', 'cut \ufffd'],
  ['lone \x80\xff\xfe', 'lone \ufffd\ufffd\ufffd'],
  ['overlong \xc0\xaf', 'overlong \ufffd\ufffd'],
  ['surrogate \xed\xa0\x80', 'surrogate \ufffd\ufffd\ufffd'],
  ['beyond \xf4\x90\x80\x80', 'beyond \ufffd\ufffd\ufffd\ufffd'],
  ['\xe2\x80\xa8 line separator', '\u2028 line separator'],
];

const nasty: LinesCase = {
  title: 'streams: as JSON every byte comes out, or U+FFFD where it is no UTF-8',
  async run(session) {
    const given = { options: ['--json', '--name', 'a "name"\\ \u00ff'] };
    const { text } = await streamed(session, given, () => session.write(NASTY.map(([bytes]) => `${bytes}\n`).join('')));
    const entries = entriesOf(text);
    return [
      ...same(
        'lines',
        NASTY.map(([, wanted]) => wanted),
        entries.map(({ line }) => line),
      ),
      ...same('service', 'a "name"\\ \u00ff', entries[0]?.service),
    ];
  },
};

/** Longer than what is read at once, than a pipe, and of odd lengths. */
const LONG = [40_001, 5, 99_991, 16_384, 1, 70_000].map((length, n) => `${String(n).repeat(length)}\n`).join('');

/** Writes what does not fit into the pipe. */
const pour = async (session: Session, text: string): Promise<void> => {
  writeFileSync(session.path('long'), text, 'latin1');
  await session.pour(session.path('long'));
};

const long: LinesCase = {
  title: 'streams: long lines stay whole behind one name',
  async run(session) {
    const given = { options: ['--stdout', '--name', 'web', '-l', '100', '-b', '1024'] };
    const { text } = await streamed(session, given, () => pour(session, LONG));
    return same('text', LONG.replace(/^/gm, 'web: ').slice(0, -'web: '.length), text);
  },
};

const longObjects: LinesCase = {
  title: 'streams: a long line is several objects, all but the last of them partial',
  async run(session) {
    const { text } = await streamed(session, { options: ['--json', '--name', 'web'] }, () => pour(session, LONG));
    const entries = entriesOf(text);
    return [
      ...same('lines', LONG, linesOf(entries)),
      ...same('whole ones', 6, entries.filter(({ partial }) => partial === undefined).length),
    ];
  },
};

const noNewline: LinesCase = {
  title: 'streams: a last line without newline gets one',
  async run(session) {
    const { text } = await streamed(session, { options: ['--stdout', '--name', 'web'] }, () =>
      session.write('one\ntwo'),
    );
    return same('text', 'web: one\nweb: two\n', text);
  },
};

const replaced: LinesCase = {
  title: 'streams: -r replaces on standard output, too',
  async run(session) {
    const given = { options: ['--stdout', '--name', 'web', '-r', '?'] };
    const { text } = await streamed(session, given, () => session.write('a\x07b\xffc\n'));
    return same('text', 'web: a?b?c\n', text);
  },
};

const goneAlone: LinesCase = {
  title: 'streams: without a directory svlogd ends when nobody reads any more',
  async run(session) {
    const given = { options: ['--stdout', '--name', 'web'], reader: LEAVER };
    const { end } = await streamed(session, given, async (logger, reader) => {
      session.write('one\n');
      await session.ended(reader);
      session.write('two\n');
      await session.ended(logger);
    });
    return [
      ...same('end', 'exit 111', end),
      ...same('told', true, session.said().includes('unable to write to standard output: ')),
    ];
  },
};

const goneBesides: LinesCase = {
  title: 'streams: with a directory the log goes on when nobody reads standard output any more',
  async run(session, seed) {
    session.dir('d', 's3000\nn0\n');
    const given = { options: ['--stdout', '--name', 'web'], dirs: ['d'], reader: LEAVER };
    const { end } = await streamed(session, given, () => session.feed(LINES, seed, WRITING_MS));
    return [
      ...same('end', FINE, end),
      ...exact(LINES, session.logged()),
      ...same('told once', 2, session.said().split('unable to write to standard output').length),
    ];
  },
};

const stuck: LinesCase = {
  title: 'streams: TERM ends it though nobody reads, and says what could not be written',
  async run(session) {
    const [, to] = session.openOutput();
    const logger = session.start(['--stdout', '--name', 'web'], [], to);
    await pour(session, 'a line of many that nobody will read\n'.repeat(2500));
    logger.signal('SIGTERM');
    const end = await session.ended(logger);
    return [
      ...same('end', 'exit 111', end),
      ...same('told', true, /fatal: \d+ bytes could not be written/.test(session.said())),
    ];
  },
};

/** A pipe holds more, but not much: sixteen writes, where each is a little less than a page. */
const MUCH_OF_A_PIPE = 20_000;

const late: LinesCase = {
  title: 'streams: a reader that comes late gets every line, whatever signals came before it',
  async run(session, seed) {
    session.dir('d', 'n0\n');
    const [from, to] = session.openOutput();
    const logger = session.start(['--stdout', '--name', 'web'], ['d'], to);
    const writer = session.feed(3000, seed, 50);
    await session.until('a pipe that fills', () => session.logged().length >= MUCH_OF_A_PIPE);
    logger.signal('SIGHUP');
    logger.signal('SIGALRM');
    await session.until('a rotated file', () => session.rotated().length === 1);
    const reader = startReader(session, from);
    session.closeOutput();
    await writer;
    session.closeInput();
    const end = await session.ended(logger);
    await session.ended(reader);
    return [
      ...same('end', FINE, end),
      ...exact(3000, behind('web: ', session.text('out'))),
      ...exact(3000, session.logged()),
    ];
  },
};

const script = (path: string, text: string): void => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
};

/** Ours where it stands beside svlogd, else the system's. */
const runsvOf = (session: Session): string => {
  const multicall = join(dirname(session.side.svlogd), 'runitbox');
  if (!existsSync(multicall)) return 'runsv';
  symlinkSync(multicall, session.path('runsv'));
  return session.path('runsv');
};

const supervised = (title: string, option: string, judge: (text: string) => readonly string[]): LinesCase => ({
  title: `streams: ${title}`,
  async run(session) {
    mkdirSync(session.path('shop/log'), { recursive: true });
    writeFileSync(session.path('lines'), countedLines(3000));
    script(session.path('shop/run'), 'cat ../lines\nexec sleep 1000');
    script(session.path('shop/log/run'), `exec '${session.side.svlogd}' ${option}`);
    const [from, to] = session.openOutput();
    const reader = startReader(session, from);
    const runsv = session.run([runsvOf(session), 'shop'], ['ignore', to, 'ignore']);
    session.closeOutput();
    await session.until('the last line', () => session.text('out').includes('line 3000 '));
    runsv.signal('SIGTERM');
    await session.ended(runsv);
    await session.ended(reader);
    return judge(session.text('out'));
  },
});

export const STREAM_CASES: readonly LinesCase[] = [
  flow('every line behind its name', ['--stdout', '--name', 'web'], 'web: '),
  flow('an empty name puts nothing in front', ['--stdout', '--name', ''], ''),
  flow('a label, then the name', ['-t', '--stdout', '--name', 'web'], `${LABEL}web: `),
  flow('a date, then the name', ['-tt', '--stdout', '--name', 'web'], `${DATE}web: `),
  flow('a slow reader is waited for', ['--stdout', '--name', 'web'], 'web: ', SLOW),
  objects('every line an object', []),
  objects('every line an object, whatever stamp is asked for', ['-tt']),
  objects('every line an object, to a slow reader', [], SLOW),
  besides('besides a directory', [], ''),
  besides('besides a directory, with a label', ['-t'], LABEL),
  besides('besides a directory, with a date', ['-tt'], DATE),
  selected,
  nasty,
  long,
  longObjects,
  noNewline,
  replaced,
  goneAlone,
  goneBesides,
  stuck,
  late,
  supervised('as log/run under runsv, the service names itself', '--stdout', (text) =>
    exact(3000, behind('shop: ', text)),
  ),
  supervised('as log/run under runsv, with --json', '--json', (text) => [
    ...exact(3000, linesOf(entriesOf(text))),
    ...same('services', ['shop'], [...new Set(entriesOf(text).map(({ service }) => service))]),
  ]),
];
