// What a second process with the same host does for the specs in self.ts: one role, named by its first argument.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Calls, Fd } from '../../src/host/calls.ts';
import { isErrno } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';

type Role = (sys: Calls, args: readonly string[]) => number;

const STDIN = 0 as Fd;
const STDOUT = 1 as Fd;
/** Where a re-executed process finds its checkpoint. */
const RESTORED_FD = 3 as Fd;

const say = (sys: Calls, text: string): void => {
  sys.write(STDOUT, text);
};

/** Starts one sleeper after the other, each with a record file of its own in the directory given, until killed. */
const forkForEver: Role = (sys, [dir = '']) => {
  for (let i = 0; i < 500; i++) {
    const record = sys.open(`${dir}/record.${i}`, l.O_WRONLY | l.O_CREAT | l.O_EXCL, 0o600);
    if (isErrno(record)) return 111;
    const argv = ['sh', '-c', 'read x', dir];
    const pid = sys.spawn('/bin/sh', argv, [], '', [0, 3, 1, 2], 0, record, '');
    if (isErrno(pid)) return 111;
    sys.close(record);
    say(sys, '.');
  }
  return 0;
};

/** What a process may do to itself, one line each; the last ones need root. */
const ownChanges = (sys: Calls): readonly string[] => {
  const numeric = (call: number, ...numbers: readonly number[]): number => sys.numericCall(call, numbers);
  const nofile = 7;
  const limits = sys.rlimit(nofile, []);
  const hard = isErrno(limits) ? 0 : limits[1];
  return [
    `umask${numeric(l.CALL_UMASK, 0o27) < 0 ? '?' : ''} then ${numeric(l.CALL_UMASK, 0o22)}`,
    `nice ${numeric(l.CALL_SETPRIORITY, 0, 0, 19)} ${numeric(l.CALL_GETPRIORITY, 0, 0)}`,
    `no new privileges ${numeric(l.CALL_PRCTL, l.PR_SET_NO_NEW_PRIVS, 1)}`,
    `io ${numeric(l.CALL_IOPRIO_SET, 1, 0, (3 << 13) | 0)}`,
    `affinity ${sys.setaffinity([1])} none ${sys.setaffinity([0])}`,
    `limit lowered ${!isErrno(sys.rlimit(nofile, [64, hard])) && `${sys.rlimit(nofile, [])}` === `64,${hard}`}`,
    `limit above ${sys.rlimit(nofile, [hard + 1, hard])}, of none ${sys.rlimit(99, [])}, half ${sys.rlimit(7, [1])}`,
    `calls ${numeric(-1)} ${numeric(8)} ${numeric(l.CALL_UMASK, 1, 2, 3, 4, 5, 6)}`,
    `sets ${(sys.capabilities([]) as readonly number[]).length} wrong ${sys.capabilities([1, 2, 3])}`,
    `too many groups ${sys.setgroups(new Array<number>(20000).fill(1))}`,
    `chroot ${sys.chroot('/nonexistent')}`,
    `groups ${sys.setgroups([7, 4_294_967_294])} gid ${numeric(l.CALL_SETGID, 5)} uid ${numeric(l.CALL_SETUID, 6)}`,
    `again ${sys.setgroups([])} ${numeric(l.CALL_SETUID, 0)} ${sys.capabilities([1, 1, 0, 0, 0, 0])} ${sys.chroot('/')}`,
  ];
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
  'role:exec-no-env': (sys) => -sys.exec('/usr/bin/env', ['env'], ['']),
  'role:numeric': (sys) => {
    say(sys, ownChanges(sys).join('\n'));
    return 0;
  },
  'role:cloexec': (sys, [path = '']) => {
    const [one, other] = [sys.open(path, l.O_RDONLY, 0), sys.open(path, l.O_RDONLY, 0)];
    if (isErrno(one) || isErrno(other)) return 111;
    sys.setCloexec(one, 0);
    sys.setCloexec(2, 1);
    const see = (fd: number, name: Bytes): Bytes => `[ -e /proc/self/fd/${fd} ] && echo ${name}`;
    const script = [see(2, 'error'), see(one, 'one'), see(other, 'other'), 'true'].join('; ');
    return -sys.exec('/bin/sh', ['sh', '-c', script], []);
  },
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
    if (isErrno(record)) return 111;
    say(sys, `${sys.spawn('/bin/true', ['true'], [], '', [], 0, record, 'r'.repeat(600))}`);
    return 0;
  },
  // A child that ends leaves one behind, who waits until it is ours.
  'role:subreaper': (sys) => {
    const made = sys.numericCall(l.CALL_PRCTL, [l.PR_SET_CHILD_SUBREAPER, 1]);
    const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
    sys.spawn('/bin/sh', ['sh', '-c', '(read x; exit 7) <&3 & exit 3'], [], '', [3, from], 0, -1, '');
    const first = sys.waitpid(-1, 0);
    sys.write(to, '\n');
    const second = sys.waitpid(-1, 0);
    const statusOf = (end: typeof first): number => (isErrno(end) ? end : end[1] >> 8);
    say(sys, `${made} ${statusOf(first)} ${statusOf(second)} ${sys.waitpid(-1, 0)}`);
    return 0;
  },
  // Started with the variable of earlier releases set: it is not believed, and a child must not get it.
  'role:checkpoint': (sys) => {
    const answers = [
      sys.restore(),
      sys.checkpoint('state', STDIN, [], 0),
      sys.checkpoint('another', STDIN, [STDIN, 1], -1),
      sys.checkpoint('third', STDIN, [0, 1, 2], -1),
    ];
    say(sys, `${answers.join(' ')} `);
    const pid = sys.spawn('/bin/sh', ['sh', '-c', 'echo ${RUNITBOX_STATE-none}'], [], '', [], 0, -1, '');
    const end = sys.waitpid(pid, 0);
    return isErrno(end) ? 1 : 3;
  },
  // Started with a file as descriptor 3 that it has not made: it does not believe that file, and does not move its position.
  'role:restore': (sys) => {
    say(sys, `${sys.restore()} ${sys.read(RESTORED_FD, 8)}`);
    return 0;
  },
  'role:fork': forkForEver,
};

/** Plays the role the arguments name; undefined where they name none. */
export const playRole = (sys: Calls): number | undefined => {
  const args = sys.args();
  const at = args.findIndex((arg) => roles[arg] !== undefined);
  return at < 0 ? undefined : roles[args[at] ?? '']?.(sys, args.slice(at + 1));
};
