// The programs of daemontools that are one option of chpst each: envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit.
//
// Promises: usage and messages of C's chpst under these names, with or without a d in front, but each message has the program's
// own name. setlock's -n and -N mean what they mean in daemontools.
// Read next: command-line.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { UserSpec, ExecOptions } from '../../machine/exec/plan.ts';
import type { Applet, Example, ExitCode, Help } from '../../cli/applet.ts';
import { changeAndExec, changeAndExecSilently, usageError, programOf, type Syntax, readCall } from './command-line.ts';
import { type Asked, type Row, softlimitRows } from './options.ts';

const exitCodes: readonly ExitCode[] = [
  { code: '100', text: 'usage' },
  { code: '111', text: 'a change failed, or the program could not be executed' },
  { code: 'any', text: 'otherwise that of the program' },
];

/** A program without options: its operands, then the program to execute. */
interface Plain {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly example: Example;
  readonly operands: 0 | 1;
  readonly wish: (operand: Bytes) => ExecOptions | null;
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
      return wished === null
        ? usageError(name, help)
        : changeAndExec(name, wished, programOf(argv.slice(operands + 1)));
    },
  };
};

/** A user name as it stands: a colon in it separates nothing. */
const account = (spec: Bytes): UserSpec => ({
  spec,
  parsed: { kind: 'names', user: spec, groups: [] },
  kind: 'account',
});

const setuidgid = plainApplet({
  name: 'setuidgid',
  summary: 'run a program as another user',
  usage: 'account child',
  description: 'Becomes the user account, with the group of its line in /etc/passwd and no other, then executes child.',
  example: { command: 'setuidgid log svlogd -tt ./main', text: 'a logger as the user log' },
  operands: 1,
  wish: (name) => ({ identity: account(name) }),
});

const envuidgid = plainApplet({
  name: 'envuidgid',
  summary: 'run a program with the ids of a user in its environment',
  usage: 'account child',
  description: 'Sets the variables UID and GID to the ids of account, then executes child. Nothing else changes.',
  example: { command: 'envuidgid dns sh -c \'echo "$UID $GID"\'', text: 'show the numbers of the user dns' },
  operands: 1,
  wish: (name) => ({ envIdentity: account(name) }),
});

const envdir = plainApplet({
  name: 'envdir',
  summary: 'run a program with variables from a directory',
  usage: 'dir child',
  description:
    'Sets a variable for each file in dir whose name does not begin with a dot, then executes child. The value is the ' +
    'first line without trailing blanks; NUL bytes in it become newlines. An empty file removes the variable.',
  example: { command: 'envdir ./env ./server', text: 'a server with the variables of ./env' },
  operands: 1,
  wish: (dir) => ({ envDirectories: [dir], subdirectories: 'refuse' }),
});

const pgrphack = plainApplet({
  name: 'pgrphack',
  summary: 'run a program in a session of its own',
  usage: 'child',
  description: 'Makes this process the leader of a new session and process group, then executes child.',
  example: { command: 'pgrphack ./server', text: 'a server that signals to our process group do not reach' },
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
  { letter: 'n', text: 'fail if another process holds the lock', read: setting((asked) => (asked.wait = false)) },
  {
    letter: 'N',
    text: 'wait for the lock (default)',
    read: setting((asked) => (asked.wait = true)),
  },
  {
    letter: 'x',
    text: 'exit 0 silently where the lock is taken or program cannot be executed',
    read: setting((asked) => (asked.silent = true)),
  },
  {
    letter: 'X',
    text: 'print an error and exit 111 instead (default)',
    read: setting((asked) => (asked.silent = false)),
  },
];

const setlockHelp: Help = {
  operands: 'file program',
  usage: '[ -nNxX ] file program [ arg ... ]',
  description:
    'Locks file, which is created if missing, then executes program. The lock is held as long as program, or a process ' +
    'that inherited the descriptor, lives.',
  options: setlockRows,
  examples: [
    { command: 'setlock -n /run/backup.lock backup', text: 'never twice at the same time' },
    { command: 'setlock -nx /run/poll.lock poll', text: 'the same from cron, silently' },
  ],
  exitCodes: [{ code: '0', text: 'with -x: the lock was taken' }, ...exitCodes],
};

const setlockSyntax: Syntax = { rows: setlockRows, help: setlockHelp, operands: 1 };

const runSetlock = (argv: readonly Bytes[]): number => {
  const call = readCall(argv, setlockSyntax);
  if (typeof call === 'number') return call;
  const { wait, silent } = call.asked as LockAsked;
  const wish: ExecOptions = { lock: { path: call.words[0] as Bytes, wait: wait !== false } };
  const program = programOf(call.words.slice(1));
  return silent === true ? changeAndExecSilently(wish, program, 0) : changeAndExec('setlock', wish, program);
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
    'Sets soft limits, then executes child. A value is a number, or = for the hard limit, which is also the maximum.',
  options: softlimitRows,
  examples: [{ command: 'softlimit -m 100000000 -o 256 ./server', text: 'a server of at most 100 MB' }],
  exitCodes,
};

const softlimitSyntax: Syntax = {
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
    const call = readCall(argv, softlimitSyntax);
    return typeof call === 'number' ? call : changeAndExec('softlimit', call.asked, programOf(call.words));
  },
};

export const daemontools: readonly Applet[] = [envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit];
