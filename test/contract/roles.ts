// What a second process with the same host does for the specs in self.ts: one role, named by its first argument.
import type { Calls, Fd } from '../../src/host/calls.ts';
import { refused } from '../../src/host/calls.ts';
import * as l from '../../src/host/linux.ts';

type Role = (sys: Calls, args: readonly string[]) => number;

const STDIN = 0 as Fd;
const STDOUT = 1 as Fd;

const say = (sys: Calls, text: string): void => {
  sys.write(STDOUT, text);
};

/** Starts one sleeper after the other, each with a record file of its own in the directory given, until killed. */
const forkForEver: Role = (sys, [dir = '']) => {
  for (let i = 0; i < 500; i++) {
    const record = sys.open(`${dir}/record.${i}`, l.O_WRONLY | l.O_CREAT | l.O_EXCL, 0o600);
    if (refused(record)) return 111;
    const argv = ['sh', '-c', 'read x', dir];
    const pid = sys.spawn('/bin/sh', argv, [], '', [0, 3, 1, 2], 0, record, '');
    if (refused(pid)) return 111;
    sys.close(record);
    say(sys, '.');
  }
  return 0;
};

const roles: Readonly<Record<string, Role>> = {
  'role:args': (sys) => {
    say(sys, sys.args().slice(-4).join('\0'));
    return 0;
  },
  'role:exec': (sys, [script = '']) => {
    sys.catchSignals([l.SIGHUP, l.SIGUSR1]);
    return -sys.exec('/bin/sh', ['the name', '-c', script], ['FOO=\xff']);
  },
  'role:exec-same-env': (sys) => -sys.exec('/usr/bin/env', ['env'], []),
  'role:exit': (sys, [code = '']) => sys.exit(Number(code)),
  // The NUL of the first text must not shorten the room for the second.
  'role:title': (sys) => {
    const last = sys.args().length - 1;
    const counts = [sys.argWrite(last, 'ab\0d'), sys.argWrite(last, 'longer\xff than that')];
    say(sys, `${[...counts, sys.argWrite(last - 1, 'BEFORE and beyond')].join(' ')}\n`);
    sys.read(STDIN, 1);
    return 0;
  },
  // Started with SIGPIPE ignored and SIGUSR1 blocked: the first stays so until it is caught, the second does not.
  'role:ignored': (sys) => {
    const brokenPipe = (): string => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      sys.close(from);
      sys.kill(sys.getpid(), l.SIGUSR1);
      return `${sys.write(to, 'x')}: ${sys.takeSignals().join(' ')}`;
    };
    sys.catchUnignored([l.SIGPIPE, l.SIGUSR1]);
    const ignored = brokenPipe();
    sys.catchSignals([l.SIGPIPE]);
    say(sys, `${ignored}, ${brokenPipe()}`);
    return 0;
  },
  // A shell has limited the size of files: the record does not fit.
  'role:record': (sys, [path = '']) => {
    const record = sys.open(path, l.O_WRONLY | l.O_CREAT, 0o600);
    if (refused(record)) return 111;
    say(sys, `${sys.spawn('/bin/true', ['true'], [], '', [], 0, record, 'r'.repeat(600))}`);
    return 0;
  },
  // A child that ends leaves one behind, who waits until it is ours.
  'role:subreaper': (sys) => {
    const made = sys.subreaper();
    const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
    sys.spawn('/bin/sh', ['sh', '-c', '(read x; exit 7) <&3 & exit 3'], [], '', [3, from], 0, -1, '');
    const first = sys.waitpid(-1, 0);
    sys.write(to, '\n');
    const second = sys.waitpid(-1, 0);
    const statusOf = (end: typeof first): number => (refused(end) ? end : end[1] >> 8);
    say(sys, `${made} ${statusOf(first)} ${statusOf(second)} ${sys.waitpid(-1, 0)}`);
    return 0;
  },
  // Started with the variable set; a child must not get it.
  'role:guard': (sys) => {
    const before = sys.environ().filter((text) => text.startsWith('RUNITBOX_STATE='));
    const guarded = [sys.guard('state', STDIN, -1, 0), sys.guard('another', STDIN, -1, -1)];
    say(sys, `${before.join()} ${guarded.join(' ')} `);
    const pid = sys.spawn('/bin/sh', ['sh', '-c', 'echo ${RUNITBOX_STATE-none}'], [], '', [], 0, -1, '');
    const end = sys.waitpid(pid, 0);
    return refused(end) ? 1 : 3;
  },
  'role:fork': forkForEver,
};

/** Plays the role the arguments name; undefined where they name none. */
export const playRole = (sys: Calls): number | undefined => {
  const args = sys.args();
  const at = args.findIndex((arg) => roles[arg] !== undefined);
  return at < 0 ? undefined : roles[args[at] ?? '']?.(sys, args.slice(at + 1));
};
