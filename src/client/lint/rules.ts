// What is wrong with a service directory, or probably is.
//
// An error keeps the service from running as it was meant to; a warning is what people usually regret. Pure.
// Read first: model.ts. Read next: script.ts (what a shell script says).
import type { Bytes } from '../../abi/bytes.ts';
import { signalName } from '../../abi/signals.ts';
import { control, controlNames, signalByte } from '../../formats/control.ts';
import { faultIn, VALUE_FILES } from '../../formats/value-files.ts';
import { parseSignal } from '../../formats/values.ts';
import { type Directory, type Entry, entryAt, type Finding } from './model.ts';
import { dependencyFindings } from './dependencies.ts';
import { scriptFindings } from './script.ts';

const error = (what: Bytes): Finding => ({ level: 'error', what });
const warning = (what: Bytes): Finding => ({ level: 'warning', what });

/** A program that is started: ./run, ./log/run. */
const programFindings = (path: Bytes, { kind, executable, text, fault }: Entry): readonly Finding[] => {
  if (kind === 'missing') return [error(`no ./${path}`)];
  if (kind === 'dangling') return [error(`./${path} is a dangling link`)];
  if (kind !== 'file') return [error(`./${path} is not a regular file`)];
  if (!executable) return [error(`./${path} is not executable (chmod +x ${path})`)];
  if (text === '') return [error(`./${path} is empty`)];
  if (!text.startsWith('#!') && !text.startsWith('\x7fELF')) {
    return [error(`./${path} begins with neither '#!' nor an ELF header`)];
  }
  const [first = ''] = text.split('\n', 1);
  if (text.startsWith('#!') && first.endsWith('\r')) return [error(`./${path}: the first line ends in CR LF`)];
  return fault === null ? [] : [error(`./${path}: ${fault}`)];
};

/** A program that is only run where it is executable. */
const optionalFindings = (path: Bytes, { kind, executable, fault }: Entry): readonly Finding[] => {
  if (kind === 'missing') return [];
  if (kind === 'dangling') return [warning(`./${path} is a dangling link`)];
  if (kind !== 'file') return [warning(`./${path} is not a regular file`)];
  if (!executable) return [warning(`./${path} is not executable and is ignored`)];
  return fault === null ? [] : [warning(`./${path}: ${fault}`)];
};

const SCRIPTS: readonly string[] = controlNames
  .filter((name) => control[name].script)
  .map((name) => control[name].byte);

const controlFindings = (directory: Directory): readonly Finding[] => {
  const control = entryAt(directory, 'control');
  if (control.kind === 'missing') return [];
  if (control.kind !== 'directory') return [warning('./control is not a directory and is ignored')];
  return [...directory.entries].flatMap(([path, entry]) => {
    const letter = /^control\/(.*)$/.exec(path)?.[1];
    if (letter === undefined) return [];
    if (SCRIPTS.includes(letter)) return optionalFindings(path, entry);
    return [warning(`./${path}: no control command runs a script of this name`)];
  });
};

const logFindings = (directory: Directory): readonly Finding[] => {
  const log = entryAt(directory, 'log');
  if (log.kind === 'missing') return [];
  if (log.kind === 'dangling') return [error('./log is a dangling link')];
  if (log.kind !== 'directory') return [error('./log is not a directory')];
  const run = entryAt(directory, 'run');
  const joined = !run.text.startsWith('#!') || /2>\s*&\s*1|&>/.test(run.text);
  return [
    ...programFindings('log/run', entryAt(directory, 'log/run')),
    ...(joined ? [] : [warning("./run does not send standard error to the log (add 'exec 2>&1')")]),
  ];
};

const superviseFindings = ({ superviseLost }: Directory): readonly Finding[] =>
  superviseLost === null ? [] : [error(`./supervise is a link to ${superviseLost}, whose directory is missing`)];

/** runsv behaves as if a file that it cannot read as a value were absent. */
const valueFindings = (directory: Directory): readonly Finding[] =>
  VALUE_FILES.flatMap((file) => {
    const { kind, text } = entryAt(directory, file);
    if (kind === 'missing') return [];
    if (kind !== 'file') return [error(`./${file} is not a regular file`)];
    const fault = faultIn(file, text);
    return fault === null ? [] : [error(`./${file}: ${fault}`)];
  });

/** Signals that no command sends. */
const reloadFindings = (directory: Directory): readonly Finding[] => {
  const { kind, text } = entryAt(directory, 'reload-signal');
  const signal = kind === 'file' ? parseSignal(text) : null;
  if (typeof signal !== 'number' || signalByte(signal) !== undefined) return [];
  return [error(`./reload-signal: ${signalName(signal)} has no command`)];
};

const groupFindings = ({ names }: Directory): readonly Finding[] =>
  names.includes('flag-timeout-killpg') && !names.includes('timeout-kill')
    ? [warning('./flag-timeout-killpg has no effect without a file timeout-kill')]
    : [];

const TELLS: readonly Bytes[] = ['notification-fd', 'notification-socket', 'check-interval'];

/** What a service tells of being ready, and what waits for that in vain. */
const readinessFindings = (directory: Directory): readonly Finding[] => {
  const { names } = directory;
  const has = (name: Bytes): boolean => names.includes(name);
  const { text } = entryAt(directory, 'run');
  const fd = entryAt(directory, 'notification-fd').text.trim();
  const [tells, signs] = [TELLS.some(has), has('notification-socket') || has('check-interval')];
  const all: readonly (readonly [boolean, Bytes])[] = [
    [has('timeout-up') && !tells, `./timeout-up has no effect without a file ${TELLS.join(', ')}`],
    [
      has('timeout-watchdog') && !signs,
      './timeout-watchdog has no effect without a source of signs of life: notification-socket or check-interval',
    ],
    [
      has('check-interval') && !entryAt(directory, 'check').executable,
      './check-interval has no effect without an executable ./check',
    ],
    [fd === '1' && has('log'), './notification-fd is 1: what ./run prints is not in the log'],
    [fd === '2', './notification-fd is 2: standard error goes nowhere'],
    [
      has('notification-socket') && /--unshare[= ]\S*net/.test(text),
      './run has its own network namespace and cannot reach ./notification-socket (use notification-fd)',
    ],
  ];
  return all.filter(([holds]) => holds).map(([, what]) => warning(what));
};

const rightsFindings = (directory: Directory): readonly Finding[] =>
  [
    { what: 'the directory', entry: directory.self },
    { what: './run', entry: entryAt(directory, 'run') },
    { what: './log/run', entry: entryAt(directory, 'log/run') },
    { what: './finish', entry: entryAt(directory, 'finish') },
  ]
    .filter(({ entry }) => entry.writable)
    .map(({ what }) => warning(`${what} is writable by users other than its owner`));

/** Names that mean something in a service directory. */
const KNOWN: readonly Bytes[] = [
  ...[
    'run',
    'finish',
    'check',
    'down',
    'log',
    'control',
    'conf',
    'env',
    'dependencies.d',
    'flag-essential',
    'flag-timeout-killpg',
    'notification-socket',
  ],
  ...VALUE_FILES,
];

const plain = (name: Bytes): Bytes => name.toLowerCase().replace(/[_.-]/g, '').replace(/s$/, '');

/** Names that somebody has nearly got right. */
const nameFindings = ({ names }: Directory): readonly Finding[] =>
  names.flatMap((name) => {
    const meant = KNOWN.find((known) => known !== name && plain(known) === plain(name));
    return meant === undefined || names.includes(meant) ? [] : [warning(`./${name}: did you mean '${meant}'?`)];
  });

/** Everything that is to be said of a directory, errors first. */
export const findings = (directory: Directory): readonly Finding[] => {
  const { kind } = directory.self;
  if (kind === 'missing' || kind === 'dangling') return [error('no such directory')];
  if (kind !== 'directory') return [error('is not a directory')];
  const all = [
    ...programFindings('run', entryAt(directory, 'run')),
    ...superviseFindings(directory),
    ...logFindings(directory),
    ...optionalFindings('finish', entryAt(directory, 'finish')),
    ...optionalFindings('check', entryAt(directory, 'check')),
    ...controlFindings(directory),
    ...dependencyFindings(directory),
    ...valueFindings(directory),
    ...reloadFindings(directory),
    ...groupFindings(directory),
    ...readinessFindings(directory),
    ...scriptFindings(directory),
    ...rightsFindings(directory),
    ...nameFindings(directory),
  ];
  return [...all.filter(({ level }) => level === 'error'), ...all.filter(({ level }) => level === 'warning')];
};
