// Every option of chpst as one row: its spelling, its description, and how its value is read. Parsing, usage,
// help, completion and the test of the manual page read these rows; a new option is a new row.
//
// Promises: a malformed value is an error that states what was expected; no file is read here.
// Read next: ../chpst.ts, ../../machine/exec/plan.ts (what can be asked for, and the order of the changes).
import type { LetterOption, LongOption } from '../../cli/options.ts';
import { limitNumber, signedNumber, wholeNumber } from '../../formats/decimal.ts';
import { parseIdentity } from '../../formats/identity.ts';
import { type Limit, parseLimit, type ResourceName } from '../../formats/limits.ts';
import {
  parseCapabilities,
  parseIoPriority,
  parseNamespaces,
  parseProcessors,
  parseSignal,
} from '../../formats/lists.ts';
import { isParseError, type ParseError, parseError } from '../../formats/parse-error.ts';
import type { Bytes } from '../../abi/bytes.ts';
import type { Standard, UserSpec, ExecOptions } from '../../machine/exec/plan.ts';

/** What the command line asks for: the changes, and how to execute the program. */
export interface Asked extends ExecOptions {
  argv0?: Bytes;
  verbose?: true;
  /** A user that is none. As in C's chpst no usage error, but one of the change: exit code 111. */
  badUser?: Bytes;
}

type Read = (asked: Asked, value: Bytes) => ParseError | null;

export type Row = (LetterOption | LongOption) & { readonly read: Read };

/** Reads a value, and keeps it unless it is wrong. */
const kept =
  <T>(parse: (value: Bytes) => T | ParseError, keep: (asked: Asked, value: T) => void): Read =>
  (asked, value) => {
    const parsed = parse(value);
    if (isParseError(parsed)) return parsed;
    keep(asked, parsed);
    return null;
  };

const text = (keep: (asked: Asked, value: Bytes) => void): Read => kept((value) => value, keep);

const number = (
  expected: string,
  parse: (value: Bytes) => number | null,
  keep: (asked: Asked, value: number) => void,
): Read => kept((value) => parse(value) ?? parseError(`expected ${expected}`), keep);

const flag =
  (set: (asked: Asked) => void): Read =>
  (asked) => {
    set(asked);
    return null;
  };

const MOST_NICE = 2 ** 31 - 1;
const MOST_UMASK = 0o777;
const MOST_OOM_SCORE = 1000;

const closing = (fd: Standard): Read =>
  flag((asked) => {
    asked.closed = [...(asked.closed ?? []).filter((each) => each !== fd), fd].sort();
  });

const user = (keep: (asked: Asked, user: UserSpec) => void): Read =>
  text((asked, spec) => {
    const parsed = parseIdentity(spec);
    if (parsed === null) asked.badUser ??= `invalid uid/gids: ${spec.slice(1)}`;
    else keep(asked, { spec, parsed, kind: 'user/group' });
  });

const locking =
  (wait: boolean): Read =>
  (asked, path) => {
    if (asked.lock !== undefined) return parseError('expected one lock only');
    asked.lock = { path, wait };
    return null;
  };

/** A soft limit, at most the hard one. `=` means the hard one, where the program knows it. */
const soft = (names: readonly ResourceName[], equals: boolean): Read =>
  kept<number | 'hard'>(
    (value) => (equals && value === '=' ? 'hard' : (limitNumber(value) ?? parseError('expected a number'))),
    (asked, value) => {
      const limits = names.map((name): Limit => ({ name, soft: value, hard: null, clipped: true }));
      asked.limits = [...(asked.limits ?? []), ...limits];
    },
  );

const ALL_MEMORY: readonly ResourceName[] = ['data', 'stack', 'memlock', 'as'];

const limitRows = (equals: boolean): Readonly<Record<string, Row>> => ({
  a: { letter: 'a', value: 'allbytes', text: 'limit the address space', read: soft(['as'], equals) },
  m: {
    letter: 'm',
    value: equals ? 'membytes' : 'n',
    text: 'limit data segment, stack, locked memory and address space to that many bytes each',
    read: soft(ALL_MEMORY, equals),
  },
  d: { letter: 'd', value: equals ? 'databytes' : 'n', text: 'limit the data segment', read: soft(['data'], equals) },
  l: { letter: 'l', value: 'lockbytes', text: 'limit locked memory', read: soft(['memlock'], equals) },
  s: { letter: 's', value: 'stackbytes', text: 'limit the stack', read: soft(['stack'], equals) },
  o: {
    letter: 'o',
    value: equals ? 'openfiles' : 'n',
    text: 'limit the number of open descriptors',
    read: soft(['nofile'], equals),
  },
  p: {
    letter: 'p',
    value: equals ? 'processes' : 'n',
    text: 'limit the number of processes of the user',
    read: soft(['nproc'], equals),
  },
  f: { letter: 'f', value: equals ? 'filebytes' : 'n', text: 'limit the size of files', read: soft(['fsize'], equals) },
  c: { letter: 'c', value: equals ? 'corebytes' : 'n', text: 'limit core files', read: soft(['core'], equals) },
  r: {
    letter: 'r',
    value: equals ? 'residentbytes' : 'n',
    text: 'limit the resident set (without effect on Linux)',
    read: soft(['rss'], equals),
    ...(equals ? {} : { unlisted: true }),
  },
  t: { letter: 't', value: equals ? 'cpusecs' : 'n', text: 'limit the CPU time', read: soft(['cpu'], equals) },
});

const chosen = (rows: Readonly<Record<string, Row>>, letters: string): readonly Row[] =>
  [...letters].map((letter) => rows[letter] as Row);

export const softlimitRows: readonly Row[] = chosen(limitRows(true), 'acdflmoprst');

const classic: readonly Row[] = [
  { letter: 'v', text: 'warn about subdirectories that are skipped', read: flag((asked) => (asked.verbose = true)) },
  { letter: 'V', text: 'print the version, then the usage', read: () => null },
  { letter: 'P', text: 'lead a new session and process group', read: flag((asked) => (asked.session = true)) },
  { letter: '0', text: 'run prog without standard input', read: closing(0) },
  { letter: '1', text: 'run prog without standard output', read: closing(1) },
  { letter: '2', text: 'run prog without standard error', read: closing(2) },
  {
    letter: 'u',
    value: 'user[:group]',
    text: 'become user, with these groups or its own; :uid:gid are numeric ids, not looked up',
    read: user((asked, value) => (asked.identity = value)),
  },
  {
    letter: 'U',
    value: 'user[:group]',
    text: 'set the variables UID and GID to these ids',
    read: user((asked, value) => (asked.envIdentity = value)),
  },
  { letter: 'b', value: 'argv0', text: 'run prog by this name', read: text((asked, name) => (asked.argv0 = name)) },
  {
    letter: 'e',
    value: 'dir',
    text: 'set a variable for each file in dir: its name and first line; an empty file removes it',
    read: text((asked, path) => (asked.envDirectories = [path])),
  },
  { letter: '/', value: 'root', text: 'make root the root directory', read: text((asked, dir) => (asked.root = dir)) },
  {
    letter: 'C',
    value: 'pwd',
    text: 'change to the directory pwd, below the new root',
    read: text((asked, path) => (asked.directory = path)),
  },
  {
    letter: 'n',
    value: 'nice',
    text: 'add to the nice level',
    read: number(
      'a number',
      (value) => signedNumber(value, -MOST_NICE, MOST_NICE),
      (asked, level) => (asked.niceBy = level),
    ),
  },
  { letter: 'l', value: 'lock', text: 'wait for a lock on the file lock, and hold it', read: locking(true) },
  { letter: 'L', value: 'lock', text: 'the same, but fail if another process holds it', read: locking(false) },
  ...chosen(limitRows(false), 'mdopfctr'),
];

const long: readonly Row[] = [
  {
    long: 'initgroups',
    text: 'with -u user: also join all groups that list user',
    read: flag((asked) => (asked.allGroups = true)),
  },
  {
    long: 'env-file',
    value: 'FILE',
    text: "set variables from NAME=VALUE lines, in Docker's format; before -e; may be repeated",
    read: text((asked, path) => (asked.envFiles = [...(asked.envFiles ?? []), path])),
  },
  { long: 'chdir', value: 'DIR', text: 'like -C', read: text((asked, path) => (asked.directory = path)) },
  {
    long: 'umask',
    value: 'MODE',
    text: 'set the umask, in octal digits',
    read: number(
      'octal digits up to 777',
      (value) => wholeNumber(value, MOST_UMASK, 8),
      (asked, mask) => (asked.umask = mask),
    ),
  },
  {
    long: 'nice',
    value: 'LEVEL',
    text: 'set the nice level, -20 to 19',
    read: number(
      'a number from -20 to 19',
      (value) => signedNumber(value, -20, 19),
      (asked, level) => (asked.niceTo = level),
    ),
  },
  {
    long: 'ionice',
    value: 'CLASS[:LEVEL]',
    text: 'set the I/O priority: realtime, best-effort, idle, none; 0 is the best level, 7 the last',
    read: kept(parseIoPriority, (asked, priority) => (asked.ioPriority = priority)),
  },
  {
    long: 'cpu-list',
    value: 'LIST',
    text: 'run only on these CPUs, such as 0-3,8',
    read: kept(parseProcessors, (asked, bits) => (asked.processors = bits)),
  },
  {
    long: 'rlimit',
    value: 'NAME=SOFT[:HARD]',
    text: 'set a limit: nofile, nproc, as, memlock, core ...; a number or unlimited; may be repeated',
    read: kept(parseLimit, (asked, limit) => (asked.limits = [...(asked.limits ?? []), limit])),
  },
  {
    long: 'oom-score-adj',
    value: 'N',
    text: 'be killed sooner (up to 1000) or later (down to -1000) when memory is short',
    read: number(
      'a number from -1000 to 1000',
      (value) => signedNumber(value, -MOST_OOM_SCORE, MOST_OOM_SCORE),
      (asked, score) => (asked.oomScore = score),
    ),
  },
  {
    long: 'cgroup',
    value: 'PATH',
    text: 'join this cgroup, which must exist; PATH is below /sys/fs/cgroup or absolute',
    read: text((asked, path) => (asked.cgroup = path)),
  },
  {
    long: 'unshare',
    value: 'LIST',
    text: 'create new namespaces: mount, uts, ipc, net, pid, cgroup, time, user',
    read: kept(parseNamespaces, (asked, bits) => (asked.namespaces = bits)),
  },
  {
    long: 'cap-keep',
    value: 'LIST',
    text: 'keep only these capabilities, also with -u; none, all, or names such as net_bind_service',
    read: kept(parseCapabilities, (asked, list) => (asked.capKeep = list)),
  },
  {
    long: 'cap-drop',
    value: 'LIST',
    text: 'drop these capabilities permanently',
    read: kept(parseCapabilities, (asked, list) => (asked.capDrop = list)),
  },
  {
    long: 'no-new-privs',
    text: 'gain no privileges from set-user-ID programs or file capabilities',
    read: flag((asked) => (asked.noNewPrivileges = true)),
  },
  {
    long: 'pdeathsig',
    value: 'SIGNAL',
    text: 'receive SIGNAL when the parent ends',
    read: kept(parseSignal, (asked, signal) => (asked.parentDeath = signal)),
  },
];

export const chpstRows: readonly Row[] = [...classic, ...long];
