// What ours does otherwise than C svlogd 2.1.2, on purpose: each with a run that shows it.
//
// Promises: an id here is a heading in docs/differences.md and the other way round. `lines` are the notes that ours
// leaves; C's, taken in the same run, must differ from them. Read next: scenario.ts, compare.ts (where batches know of
// svlogd-last-partial-line), patterns.ts (svlogd-pattern-behind-text).
import { lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { sleep } from '../lib/wait.ts';
import type { Difference } from './scenario.ts';
import type { Session } from './session.ts';

/** Stops svlogd, lets things happen to it all at once, and lets it go on. */
const atOnce = async (pid: number, act: () => void): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  act();
  process.kill(pid, 'SIGCONT');
};

const READY = 'svlogd: info: new: d/current';

/** Flags of an open file description that other processes share, as the kernel tells them: octal. */
const isNonBlocking = (fd: number): boolean => {
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & 0o4000) !== 0;
};

const lastPartialLine: Difference = {
  id: 'svlogd-last-partial-line',
  title: 'a last line without newline is kept, and gets one',
  lines: { log: 'first\nsecond\n' },
  async run(session) {
    session.dir('d', null);
    session.write('first\nsecond');
    const logger = session.start([]);
    await session.logs('first\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

const termLastLine: Difference = {
  id: 'svlogd-term-last-line',
  title: 'TERM loses nothing of what was read',
  lines: { log: 'one\ntwo\nthree\n' },
  async run(session) {
    session.dir('d', null);
    const logger = session.start([]);
    session.write('one\n');
    await session.logs('one\n');
    await atOnce(logger.pid, () => {
      session.write('two\nthree\n');
      logger.signal('SIGTERM');
    });
    session.note('end', await session.ended(logger));
    // what was not read is for the next svlogd
    session.note('log', session.logged() + session.unread());
  },
};

const termHalfLine: Difference = {
  id: 'svlogd-term-last-line',
  title: 'TERM in mid-line waits for the rest of the line, and keeps it',
  lines: { log: 'one\ntwo\n' },
  async run(session) {
    session.dir('d', null);
    const logger = session.start(['-v']);
    session.write('one\ntw');
    await session.logs('one\n');
    logger.signal('SIGTERM');
    await session.says('sigterm received');
    session.write('o\n');
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

const processorKilled: Difference = {
  id: 'svlogd-processor-killed',
  title: 'a processor killed by a signal has failed, and is run again',
  lines: { log: '0123456789' },
  async run(session) {
    session.dir('d', 's10\n!if test -e ran; then cat; else : > ran; head -c 3; kill -9 $$; fi\n');
    const logger = session.start(['-l', '5']);
    session.write('0123456789\n');
    await session.until('a processed file', () => session.rotated().length === 1);
    session.note('log', readFileSync(session.path('d', session.rotated()[0] ?? ''), 'latin1'));
    session.closeInput();
    session.note('end', await session.ended(logger));
  },
};

const failing = (session: Session): void => {
  session.dir('d', 's10\n!echo x >> tries; test -e good && cat\n');
};

const tries = (session: Session): number =>
  session.files().includes('tries') ? readFileSync(session.path('d', 'tries'), 'latin1').length / 2 : 0;

const processorRetry: Difference = {
  id: 'svlogd-processor-retry',
  title: 'a failing processor is tried again after a pause, not at once',
  lines: { 'more than 20 tries in a second': 'false' },
  async run(session) {
    failing(session);
    session.start(['-l', '5']);
    session.write('0123456789\n');
    await session.until('a first try', () => tries(session) > 0);
    // how often it tries in a second is the very question
    await sleep(1000);
    session.note('more than 20 tries in a second', tries(session) > 20);
  },
};

const processorBlocks: Difference = {
  id: 'svlogd-processor-retry',
  title: 'a failing processor does not hold up the lines that come meanwhile',
  lines: { 'read to the end': 'true' },
  async run(session) {
    failing(session);
    session.start(['-l', '5']);
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n} of many\n`).join('');
    session.write(lines);
    await session.until('a first try', () => tries(session) > 0);
    await sleep(1500);
    session.note('read to the end', session.logged().endsWith('line 29 of many\n'));
  },
};

const processorEnd: Difference = {
  id: 'svlogd-processor-retry',
  title: 'a failing processor does not keep svlogd from ending; what it left is processed at the next start',
  lines: { 'ends within 3 s': 'true', 'processed at the next start': '0123456789' },
  async run(session) {
    failing(session);
    const logger = session.start(['-l', '5']);
    session.write('0123456789\n');
    await session.until('a first try', () => tries(session) > 0);
    logger.signal('SIGTERM');
    session.closeInput();
    await Promise.race([session.ended(logger), sleep(3000)]);
    session.note('ends within 3 s', logger.end() !== null);
    await logger.kill();
    writeFileSync(session.path('d', 'good'), '');
    session.openInput();
    const next = session.start(['-v', '-l', '5']);
    session.write('\n');
    await session.logs('\n');
    session.closeInput();
    await session.ended(next);
    const done = session.rotated()[0];
    session.note(
      'processed at the next start',
      done === undefined ? 'no' : readFileSync(session.path('d', done), 'latin1'),
    );
  },
};

const leftUnprocessed: Difference = {
  id: 'svlogd-processor-leftovers',
  title: 'what a crash left unprocessed is processed at the next start',
  lines: { old: 'abc\n', 'still unprocessed': '0' },
  async run(session) {
    const name = '@400000003000000000000001';
    session.dir('d', 's100\n!tr 0-9 a-j\n', { [`${name}.u`]: { text: '012\n', mode: 0o744 } });
    const logger = session.start(['-v']);
    await session.says(READY);
    session.closeInput();
    session.note('end', await session.ended(logger));
    const done = session.rotated()[0];
    session.note('old', done === undefined ? 'none' : readFileSync(session.path('d', done), 'latin1'));
    session.note('still unprocessed', session.rotated('d', 'u').length);
  },
};

const behindText: Difference = {
  id: 'svlogd-pattern-behind-text',
  title: 'a + at the end of the text finds nothing, whatever the line before was',
  lines: { log: 'a\n' },
  async run(session) {
    session.dir('d', '-a+b\n');
    const logger = session.start([]);
    session.write('ab\na\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

const stderrSelection: Difference = {
  id: 'svlogd-stderr-selection',
  title: 'patterns for standard error go with the HUP that removes them',
  lines: { stderr: 'a\n' },
  async run(session) {
    session.dir('d', 'e*\n');
    const logger = session.start([]);
    session.write('a\n');
    await session.logs('a\n');
    session.config('d', '#\n');
    logger.signal('SIGHUP');
    // it is done with the signal once it has read on
    await sleep(300);
    session.write('b\n');
    await session.logs('b\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said());
  },
};

const stdinFlags: Difference = {
  id: 'svlogd-stdin-blocking',
  title: 'standard input is left blocking, as it was',
  lines: { 'non-blocking while it runs': 'false', 'non-blocking afterwards': 'false' },
  async run(session) {
    session.dir('d', null);
    const logger = session.start(['-v']);
    session.write('a\n');
    await session.logs('a\n');
    session.note('non-blocking while it runs', isNonBlocking(session.reader));
    logger.signal('SIGTERM');
    session.note('end', await session.ended(logger));
    session.note('non-blocking afterwards', isNonBlocking(session.reader));
  },
};

const udpBadAddress: Difference = {
  id: 'svlogd-udp-bad-address',
  title: 'a U whose address cannot be read keeps the lines in the file',
  lines: { log: 'one\n' },
  async run(session) {
    session.dir('d', 'U1.2.3\n');
    const logger = session.start([]);
    session.write('one\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
    session.note('stderr', session.said());
  },
};

const lengthOverflow: Difference = {
  id: 'svlogd-length-overflow',
  title: 'a length beyond 2^64 is too long for the buffer',
  lines: { end: 'exit 111', log: '' },
  async run(session) {
    session.dir('d', null);
    // C takes it modulo 2^64, for 1
    const logger = session.start(['-l', '18446744073709551617', '-b', '2']);
    session.write('a\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

const PAGE = 4096;

const termFullDisk: Difference = {
  id: 'svlogd-term-full-disk',
  title: 'TERM is obeyed while the disk is full, and what is lost by that is told',
  needs: 'root',
  lines: { 'ends while the disk is full': 'true', end: 'exit 111', said: '1' },
  async run(session) {
    session.mount('d', 16 * PAGE);
    session.dir('d', null);
    const logger = session.start([]);
    session.write('first\n');
    await session.logs('first\n');
    writeFileSync(session.path('d', 'ballast'), Buffer.alloc(14 * PAGE));
    session.write('one more line of many\n'.repeat(1000));
    await session.says('out of disk space');
    logger.signal('SIGTERM');
    // C never ends; ours does within seconds
    for (let waited = 0; waited < 100 && logger.end() === null; waited++) {
      if (session.side.name === 'c' && waited > 40) break;
      await sleep(100);
    }
    session.note('ends while the disk is full', logger.end() !== null);
    rmSync(session.path('d', 'ballast'));
    session.note('end', await session.ended(logger));
    session.note('said', session.said().split('bytes could not be written').length - 1);
  },
};

const help: Difference = {
  id: 'svlogd-help',
  title: '--help as the only argument prints a help',
  lines: { end: 'exit 0', stderr: '' },
  async run(session) {
    const logger = session.start([], ['--help']);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said());
  },
};

const longOptions: Difference = {
  id: 'svlogd-long-options',
  title: 'a mistyped long option is refused',
  lines: { stderr: 'svlogd: illegal option -- jsn' },
  async run(session) {
    const logger = session.start([], ['--jsn', 'log']);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said().split('\n')[0] ?? '');
  },
};

const stderrOrder: Difference = {
  id: 'svlogd-block-order',
  title: 'what several directories say of lines read together comes directory by directory',
  lines: { stderr: 'd one\nd two\ne one\ne two\n' },
  async run(session) {
    for (const name of ['d', 'e']) session.dir(name, `e*\np${name} \n`);
    session.write('one\ntwo\n');
    const logger = session.start([], ['d', 'e']);
    await session.logs('two\n', 'e');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said());
  },
};

const oneStamp: Difference = {
  id: 'svlogd-one-stamp',
  title: 'lines read together carry one stamp',
  lines: { 'all alike': 'true' },
  async run(session) {
    session.dir('d', null);
    session.write('line\n'.repeat(100));
    const logger = session.start(['-t']);
    await session.until('100 lines', () => session.logged().split('\n').length > 100);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('all alike', new Set(session.logged().trimEnd().split('\n')).size === 1);
  },
};

const OLD = (n: number, kind: string): string => `@40000000300000000000000${n}.${kind}`;

const leftBy = (id: Difference['id'], title: string, kind: string): Difference => ({
  id,
  title,
  lines: { left: '2' },
  async run(session) {
    const old = [1, 2, 3, 4, 5].map((n) => [OLD(n, kind), { text: `${n}\n`, mode: 0o744 }] as const);
    session.dir('d', 'n2\n', Object.fromEntries(old));
    const logger = session.start(['-v']);
    await session.says(READY);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('left', session.rotated('d', kind).length);
  },
});

const processorHangs: Difference = {
  id: 'svlogd-processor-hangs',
  title: 'a processor that hangs does not hold up the log for ever',
  lines: { 'read to the end': 'true' },
  async run(session) {
    session.dir('d', 's10\nn2\n!exec sleep 25\n');
    const logger = session.start(['-l', '5']);
    session.write(Array.from({ length: 30 }, (_, n) => `line ${n} of many\n`).join(''));
    const end = 'line 29 of many\n';
    // C waits for as long as the processor runs
    for (let waited = 0; waited < 140 && !session.logged().endsWith(end); waited++) await sleep(100);
    session.note('read to the end', session.logged().endsWith(end));
    logger.signal('SIGTERM');
    logger.signal('SIGTERM');
  },
};

const plantedCurrent: Difference = {
  id: 'svlogd-planted-names',
  title: 'current that is a link is put aside, and not followed',
  lines: { victim: '', log: 'one\n' },
  async run(session) {
    session.dir('d', null);
    writeFileSync(session.path('victim'), '');
    symlinkSync(session.path('victim'), session.path('d', 'current'));
    const logger = session.start([]);
    session.write('one\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('victim', readFileSync(session.path('victim'), 'latin1'));
    session.note('log', lstatSync(session.path('d', 'current')).isFile() ? session.text('d/current') : 'a link');
  },
};

const configTold: Difference = {
  id: 'svlogd-config-told',
  title: 'what is wrong in config is told',
  lines: {
    stderr:
      'svlogd: warning: d/config: line 1: expected a number, using 0: sx\nsvlogd: warning: d/config: line 2: unknown setting: X\n',
  },
  async run(session) {
    session.dir('d', 'sx\nX\n');
    const logger = session.start([]);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said());
  },
};

const configCrLf: Difference = {
  id: 'svlogd-config-crlf',
  title: 'carriage returns at the ends of all lines of config are left out',
  lines: {
    log: 'PRE public\n',
    stderr: 'svlogd: warning: d/config: carriage returns at the ends of all lines ignored\n',
  },
  async run(session) {
    session.dir('d', '-*secret\r\npPRE \r\n');
    const logger = session.start([]);
    session.write('a secret\npublic\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
    session.note('stderr', session.said());
  },
};

export const DIFFERENCES: readonly Difference[] = [
  leftBy('svlogd-lowered-n', 'a number that was lowered counts at the next start', 's'),
  leftBy('svlogd-unprocessed-kept', 'of files that a crash left no more are kept than of others', 'u'),
  processorHangs,
  plantedCurrent,
  configTold,
  configCrLf,
  lastPartialLine,
  termLastLine,
  termHalfLine,
  processorKilled,
  processorRetry,
  processorBlocks,
  processorEnd,
  leftUnprocessed,
  behindText,
  stderrSelection,
  stdinFlags,
  udpBadAddress,
  lengthOverflow,
  termFullDisk,
  help,
  longOptions,
  stderrOrder,
  oneStamp,
];
