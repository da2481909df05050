// The programs beside chpst, each of which is one of its options: envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit.
//
// Promises: usage and messages as C's chpst has them under these names, which are those of daemontools with a d in front
// allowed; but each speaks in its own name. setlock's -n and -N mean what they mean in daemontools.
// Read next: front.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { Whom, Wish } from '../../machine/exec/plan.ts';
import type { Applet, Example, ExitCode, Help } from '../../cli/applet.ts';
import { become, becomeSilently, misused, programOf, type Reading, readCall } from './front.ts';
import { type Asked, type Row, softlimitRows } from './options.ts';

const exitCodes: readonly ExitCode[] = [
  { code: '100', text: 'usage' },
  { code: '111', text: 'the state could not be changed, or the program could not be run' },
  { code: 'any', text: 'else that of the program' },
];

/** One without options: so many words, then the program. */
interface Plain {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly example: Example;
  readonly operands: 0 | 1;
  readonly wish: (operand: Bytes) => Wish | null;
}

const plainApplet = ({ name, summary, usage, description, example, operands, wish }: Plain): Applet => {
  const help: Help = { operands: usage, description, options: [], examples: [example], exitCodes };
  return {
    name,
    also: [`d${name}`],
    summary,
    help,
    run: (argv) => {
      const wished = argv.length < operands + 2 ? null : wish(argv[1] as Bytes);
      return wished === null ? misused(name, help) : become(name, wished, programOf(argv.slice(operands + 1)));
    },
  };
};

/** A plain name: one with a colon in it is nobody's. */
const account = (spec: Bytes): Whom => ({
  spec,
  wanted: { kind: 'names', user: spec, groups: [] },
  kind: 'account',
});

const setuidgid = plainApplet({
  name: 'setuidgid',
  summary: 'run a program as another user',
  usage: 'account child',
  description: 'Becomes the user account, in the group of its line in /etc/passwd and no other, then child.',
  example: { command: 'setuidgid log svlogd -tt ./main', text: 'a logger as the user log' },
  operands: 1,
  wish: (name) => ({ identity: account(name) }),
});

const envuidgid = plainApplet({
  name: 'envuidgid',
  summary: 'run a program with the numbers of a user in its environment',
  usage: 'account child',
  description: 'Sets the variables UID and GID to the numbers of account, then becomes child. Nothing else changes.',
  example: { command: 'envuidgid dns sh -c \'echo "$UID $GID"\'', text: 'show the numbers of the user dns' },
  operands: 1,
  wish: (name) => ({ envIdentity: account(name) }),
});

const envdir = plainApplet({
  name: 'envdir',
  summary: 'run a program with variables from a directory',
  usage: 'dir child',
  description:
    'Sets a variable for each file in dir that does not begin with a dot, then becomes child. The value is the first line, ' +
    'less blanks at its end; NUL bytes in it become newlines. An empty file removes the variable.',
  example: { command: 'envdir ./env ./server', text: 'a server with the variables of ./env' },
  operands: 1,
  wish: (dir) => ({ envDirectories: [dir], subdirectories: 'refuse' }),
});

const pgrphack = plainApplet({
  name: 'pgrphack',
  summary: 'run a program in a session of its own',
  usage: 'child',
  description: 'Makes this process the leader of a new session and process group, then becomes child.',
  example: { command: 'pgrphack ./server', text: 'a server that signals to our group do not reach' },
  operands: 0,
  wish: () => ({ session: true }),
});

type LockAsked = Asked & { wait?: boolean; silent?: boolean };

const setting = (change: (asked: LockAsked) => void): Row['read'] => {
  return (asked) => {
    change(asked);
    return null;
  };
};

const setlockRows: readonly Row[] = [
  { letter: 'n', text: 'fail where another process holds the lock', read: setting((asked) => (asked.wait = false)) },
  {
    letter: 'N',
    text: 'wait for the lock; so it is unless -n is given',
    read: setting((asked) => (asked.wait = true)),
  },
  {
    letter: 'x',
    text: 'exit 0 and say nothing where the lock cannot be had, or program cannot be run',
    read: setting((asked) => (asked.silent = true)),
  },
  {
    letter: 'X',
    text: 'say so, and exit 111; so it is unless -x is given',
    read: setting((asked) => (asked.silent = false)),
  },
];

const setlockHelp: Help = {
  operands: 'file program',
  usage: '[ -nNxX ] file program [ arg ... ]',
  description:
    'Locks file, which is created where it is missing, then becomes program. The lock is held as long as program, or ' +
    'anything it leaves behind with that descriptor, lives.',
  options: setlockRows,
  examples: [
    { command: 'setlock -n /run/backup.lock backup', text: 'never twice at the same time' },
    { command: 'setlock -nx /run/poll.lock poll', text: 'the same from cron, without a word' },
  ],
  exitCodes: [{ code: '0', text: 'with -x: the lock could not be had' }, ...exitCodes],
};

const setlockReading: Reading = { rows: setlockRows, help: setlockHelp, operands: 1 };

const runSetlock = (argv: readonly Bytes[]): number => {
  const call = readCall(argv, setlockReading);
  if (typeof call === 'number') return call;
  const { wait, silent } = call.asked as LockAsked;
  const wish: Wish = { lock: { path: call.words[0] as Bytes, wait: wait !== false } };
  const program = programOf(call.words.slice(1));
  return silent === true ? becomeSilently(wish, program, 0) : become('setlock', wish, program);
};

const setlock: Applet = {
  name: 'setlock',
  also: ['dsetlock'],
  summary: 'run a program under a lock',
  help: setlockHelp,
  run: runSetlock,
};

const softlimitHelp: Help = {
  operands: 'child',
  description:
    'Sets soft limits, then becomes child. A value is a number, or = for the hard limit; none can be higher than that.',
  options: softlimitRows,
  examples: [{ command: 'softlimit -m 100000000 -o 256 ./server', text: 'a server of at most 100 MB' }],
  exitCodes,
};

const softlimitReading: Reading = {
  rows: softlimitRows,
  help: softlimitHelp,
  operands: 0,
};

const softlimit: Applet = {
  name: 'softlimit',
  also: ['dsoftlimit'],
  summary: 'run a program with soft limits',
  help: softlimitHelp,
  run: (argv) => {
    const call = readCall(argv, softlimitReading);
    return typeof call === 'number' ? call : become('softlimit', call.asked, programOf(call.words));
  },
};

export const family: readonly Applet[] = [envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit];
