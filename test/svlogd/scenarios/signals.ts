// HUP, ALRM and TERM, locks, and directories that come and go.
import { rmSync } from 'node:fs';
import type { Scenario } from '../scenario.ts';
import type { Logger, Session } from '../session.ts';

const NEW = 'svlogd: info: new: d/current';
const APPEND = 'svlogd: info: append: d/current';

/** Starts svlogd with -v and waits until it has opened `dirs`. */
const begin = async (session: Session, options: readonly string[] = [], dirs: readonly string[] = ['d']) => {
  const logger = session.start(['-v', ...options], dirs);
  for (const name of dirs) await session.until(`${name} open`, () => session.said().includes(`: ${name}/current`));
  return logger;
};

/** A HUP, and the reopening that follows. */
const hangUp = async (session: Session, logger: Logger, times = 1): Promise<void> => {
  logger.signal('SIGHUP');
  await session.says('read: d/config', times + 1);
  await session.says(APPEND, times);
};

const reconfigured = (title: string, before: string, after: string): Scenario => ({
  title: `HUP reads the config anew: ${title}`,
  async run(session) {
    session.dir('d', before);
    const logger = await begin(session, ['-l', '10']);
    session.write('one\nexcept\n');
    await session.logs('except\n');
    session.config('d', after);
    await hangUp(session, logger);
    session.write('two\nexcept me\nthree and so on\n');
    await session.logs('so on\n');
    await session.finish(logger);
  },
});

const alarm: Scenario = {
  title: 'ALRM rotates what is not empty',
  async run(session) {
    session.dir('d', null);
    const logger = await begin(session);
    session.write('one\n');
    await session.logs('one\n');
    logger.signal('SIGALRM');
    await session.until('a rotated file', () => session.rotated().length === 1);
    session.write('two\n');
    await session.logs('two\n');
    logger.signal('SIGALRM');
    await session.until('a second one', () => session.rotated().length === 2);
    await session.finish(logger);
  },
};

const alarmEmpty: Scenario = {
  title: 'ALRM leaves an empty current alone',
  async run(session) {
    session.dir('d', null);
    const logger = await begin(session);
    logger.signal('SIGALRM');
    await session.says('sigalarm received');
    session.write('one\n');
    await session.logs('one\n');
    await session.finish(logger);
  },
};

const alarmSeveral: Scenario = {
  title: 'ALRM rotates in every directory, and prunes',
  async run(session) {
    session.dir('d', 'n1\n');
    session.dir('e', 'n2\n-*2*\n');
    const logger = await begin(session, [], ['d', 'e']);
    for (let n = 1; n <= 4; n++) {
      session.write(`line ${n}\n`);
      await session.logs(`line ${n}\n`);
      logger.signal('SIGALRM');
      await session.says('sigalarm received', n);
      await session.until(`rotation ${n}`, () => session.said().split('rename: d/current').length > n);
    }
    await session.finish(logger, ['d', 'e']);
  },
};

const termIdle: Scenario = {
  title: 'TERM while idle ends it cleanly',
  async run(session) {
    session.dir('d', null);
    const logger = await begin(session);
    session.write('one\ntwo\n');
    await session.logs('two\n');
    logger.signal('SIGTERM');
    await session.ended(logger);
    await session.finish(logger);
  },
};

const termLeavesRest: Scenario = {
  title: 'after TERM the next svlogd goes on with the same pipe and file',
  async run(session) {
    session.dir('d', null);
    const first = await begin(session);
    session.write('one\n');
    await session.logs('one\n');
    first.signal('SIGTERM');
    await session.ended(first);
    session.write('two\n');
    const second = session.start(['-v']);
    await session.logs('two\n');
    await session.finish(second);
  },
};

const killed: Scenario = {
  title: 'after KILL current is put aside as .u',
  async run(session) {
    session.dir('d', null);
    const first = await begin(session);
    session.write('one\n');
    await session.logs('one\n');
    await first.kill();
    session.noteDir();
    session.note('first', first.end() ?? '');
    session.notes.delete('d/lock');
    session.write('two\n');
    const second = session.start(['-v']);
    await session.logs('two\n');
    session.closeInput();
    session.note('second', await session.ended(second));
    session.note('files', `${session.rotated('d', 'u').length} .u, ${session.rotated('d', 's').length} .s`);
    session.note('log', session.logged());
  },
};

const openModes: Scenario = {
  title: 'current is 0644 while it is open',
  async run(session) {
    session.dir('d', null, { current: { text: 'before\n', mode: 0o744 } });
    const logger = await begin(session);
    session.write('one\n');
    await session.logs('one\n');
    session.noteDir();
    for (const key of [...session.notes.keys()]) {
      session.notes.set(`open: ${key}`, session.notes.get(key) ?? '');
      session.notes.delete(key);
    }
    await session.finish(logger);
  },
};

const lockHeld: Scenario = {
  title: 'a directory that another svlogd has is left out',
  async run(session) {
    session.dir('d', null);
    session.dir('e', null);
    const first = await begin(session);
    const second = session.start(['-v'], ['d', 'e']);
    await session.says('unable to lock directory');
    await session.says('new: e/current');
    session.write('one\n');
    await session.until('the line', () => session.logged('d') + session.logged('e') === 'one\n');
    session.closeInput();
    session.note('first', await session.ended(first));
    session.note('second', await session.ended(second));
    const alone = session
      .said()
      .split('\n')
      .filter((line) => line.includes('lock'));
    session.note('said', alone.join('\n'));
  },
};

const lockHeldAlone: Scenario = {
  title: 'without any directory it gives up',
  async run(session) {
    session.dir('d', null);
    const first = await begin(session);
    const second = session.start([], ['d']);
    session.note('second', await session.ended(second));
    await session.finish(first);
  },
};

const hupFindsAgain: Scenario = {
  title: 'HUP tries again what could not be opened',
  async run(session) {
    session.dir('d', '#\n');
    const logger = session.start(['-v'], ['late', 'd']);
    await session.says(NEW);
    session.write('one\n');
    await session.logs('one\n');
    session.dir('late', null);
    await hangUp(session, logger);
    await session.says('new: late/current');
    session.write('two\n');
    await session.logs('two\n', 'late');
    await session.finish(logger, ['d', 'late']);
  },
};

const hupLosesAll: Scenario = {
  title: 'HUP when no directory is left ends it',
  async run(session) {
    session.dir('d', '#\n');
    const logger = await begin(session);
    session.write('one\n');
    await session.logs('one\n');
    rmSync(session.path('d'), { recursive: true });
    logger.signal('SIGHUP');
    session.note('end', await session.ended(logger));
    session.note('stderr', session.said());
  },
};

const aged: Scenario = {
  title: 't1 rotates a file older than a second, an empty one never',
  async run(session) {
    session.dir('d', 't1\n');
    const logger = await begin(session);
    session.write('one\n');
    await session.until('rotation by age', () => session.rotated().length === 1);
    session.write('two\n');
    await session.logs('two\n');
    session.note('rotated', session.rotated().length);
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

export const SIGNALS: readonly Scenario[] = [
  reconfigured('a smaller size', 's1000\n', 's20\n'),
  reconfigured('a pattern', '#\n', '-except*\n'),
  reconfigured('a pattern less', '#\n-none\n', '#\n'),
  reconfigured('a prefix', '#\n', 'pHEAD \n'),
  reconfigured('fewer old files', 's20\n', 's20\nn1\n'),
  reconfigured('standard error', '-*none\n', '-*none\ne*\n'),
  reconfigured('back to the defaults', 's15\nn2\npP \n', '#\n'),
  alarm,
  alarmEmpty,
  alarmSeveral,
  termIdle,
  termLeavesRest,
  killed,
  openModes,
  lockHeld,
  lockHeldAlone,
  hupFindsAgain,
  hupLosesAll,
  aged,
];
