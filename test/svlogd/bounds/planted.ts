// Names that somebody has put into a log directory: whatever they are, nothing outside of it is touched, and nothing hangs.
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { LinesCase } from '../lines/cases.ts';
import type { Session } from '../session.ts';
import { same } from '../streams/reading.ts';

const KINDS = ['symlink', 'dangling link', 'fifo', 'directory', 'hard link'] as const;
type Kind = (typeof KINDS)[number];

const OLD = '@400000003000000000000001';
/** Names that svlogd opens, makes or moves, and one that it does not know. */
const NAMES = ['current', 'lock', 'state', 'newstate', `${OLD}.u`, `${OLD}.t`, 'previous'] as const;

const SECRET = 'secret\n';
const LINES = Array.from({ length: 12 }, (_, n) => `line ${n} of several\n`).join('');

const plant = (session: Session, kind: Kind, path: string): void => {
  if (kind === 'symlink') symlinkSync(session.path('victim'), path);
  else if (kind === 'dangling link') symlinkSync(session.path('made'), path);
  else if (kind === 'fifo') execFileSync('mkfifo', [path]);
  else if (kind === 'directory') mkdirSync(path);
  else linkSync(session.path('victim'), path);
};

/** All that was logged, in files of whatever name. */
const logged = (session: Session): string =>
  session
    .files()
    .filter((name) => /^(@|current)/.test(name))
    .filter((name) => lstatSync(session.path('d', name)).isFile())
    .map((name) => readFileSync(session.path('d', name), 'latin1'))
    .join('');

const planted = (name: (typeof NAMES)[number], kind: Kind): LinesCase => ({
  title: `bounds: a ${kind} in place of ${name.replace(OLD, '@STAMP')} leads nowhere`,
  async run(session) {
    // others may put names into it
    session.dir('d', 's40\nn50\n!cat\n');
    chmodSync(session.path('d'), 0o777);
    writeFileSync(session.path('victim'), SECRET);
    chmodSync(session.path('victim'), 0o600);
    const before = statSync(session.path('victim'));
    if (name.endsWith('.t')) session.dir('d', 's40\nn50\n!cat\n', { [`${OLD}.u`]: { text: 'old\n', mode: 0o744 } });
    plant(session, kind, session.path('d', name));
    const logger = session.start(['-l', '10']);
    session.write(LINES);
    session.closeInput();
    const end = await session.ended(logger);
    const after = statSync(session.path('victim'));
    const log = logged(session);
    // what locks the directory cannot be done without
    const isUsable = name !== 'lock' || kind === 'hard link';
    return [
      ...same('the victim', SECRET, readFileSync(session.path('victim'), 'latin1')),
      ...same('its mode and owner', [before.mode, before.uid], [after.mode, after.uid]),
      ...same('a file was made', false, existsSync(session.path('made'))),
      ...same('end', isUsable ? 'exit 0' : 'exit 111', end),
      ...same(
        'every line is there',
        isUsable,
        LINES.split('\n').every((line) => log.includes(line)),
      ),
      ...same('what is secret was copied', false, kind !== 'hard link' && log.includes('secret')),
    ];
  },
});

const fifoConfig: LinesCase = {
  title: 'bounds: a config that is a fifo, a directory or endless is told, and not waited for',
  async run(session) {
    for (const name of ['a', 'b', 'c']) session.dir(name, null);
    execFileSync('mkfifo', [session.path('a', 'config')]);
    mkdirSync(session.path('b', 'config'));
    symlinkSync('/dev/zero', session.path('c', 'config'));
    const logger = session.start([], ['a', 'b', 'c']);
    session.write('one\n');
    session.closeInput();
    const end = await session.ended(logger);
    return [
      ...same('end', 'exit 0', end),
      ...same('said', 3, session.said().split('is not a regular file').length - 1),
      ...same(
        'logs',
        ['one\n', 'one\n', 'one\n'],
        ['a', 'b', 'c'].map((name) => session.logged(name)),
      ),
    ];
  },
};

export const PLANTED: readonly LinesCase[] = [
  ...NAMES.flatMap((name) => KINDS.map((kind) => planted(name, kind))),
  fifoConfig,
];
