// The contract of what a process does to itself: args, exec, exit, argWrite, and being killed while it spawns.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Fd, Pid } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, drain, fail, holds, poll, readUntil, same } from './case.ts';

interface Second {
  readonly pid: Pid;
  readonly stdin: Fd;
  readonly stdout: Fd;
}

const start = (c: Case, args: readonly Bytes[], env?: readonly Bytes[], again = c.can.again ?? []): Second => {
  const command = [...again, ...args];
  const [[input, stdin], [stdout, output]] = [c.pipe(), c.pipe()];
  const fds = [0, input, 1, output, 3, input];
  const flags = env === undefined ? 0 : l.SPAWN_ENV;
  const pid = done(c.sys.spawn(command[0] ?? '', command, env ?? [], '', fds, flags, -1, ''), 'spawn');
  c.reapLater(pid);
  c.close(input);
  c.close(output);
  return { pid, stdin, stdout };
};

export const everything = (c: Case, args: readonly Bytes[], env?: readonly Bytes[]): readonly [Bytes, number] => {
  const second = start(c, args, env);
  const text = drain(c, second.stdout);
  return [text, c.reap(second.pid)];
};

/** The record ends with the moment, a space, the process and a newline. */
const recordedPid = (record: Bytes): Bytes => record.slice(record.lastIndexOf(' ') + 1).trim();

const numbered = (names: readonly Bytes[]): readonly number[] => names.map(Number).filter((n) => n > 0);

/** The processes with this word among their arguments, except one. */
const processesWith = (c: Case, word: Bytes, except: number): readonly number[] =>
  numbered(done(c.sys.readdir('/proc'), 'readdir')).filter(
    (pid) => pid !== except && shownArguments(c, pid).includes(word),
  );

const shownArguments = (c: Case, pid: number): readonly Bytes[] => {
  const fd = c.sys.open(`/proc/${pid}/cmdline`, l.O_RDONLY, 0);
  if (fd < 0) return [];
  const text = c.sys.read(fd as Fd, 65536);
  c.sys.close(fd as Fd);
  return typeof text === 'string' ? text.split('\0') : [];
};

/** Children that had not come to execve yet still carry their parent's arguments: waits until there are none. */
const settled = (c: Case, parent: number): readonly number[] => {
  for (let tries = 0; tries < 1000; tries++) {
    const children = processesWith(c, c.dir, parent);
    if (children.every((pid) => !shownArguments(c, pid).includes('role:fork'))) return children;
    c.sys.poll([], 1);
  }
  return fail('a child never came to execve');
};

const recorded = (c: Case): readonly number[] =>
  numbered(
    done(c.sys.readdir(c.dir), 'readdir')
      .filter((name) => name.startsWith('record.'))
      .map((name) => recordedPid(c.content(c.path(name)))),
  );

/** A killed process still shows its arguments for a while: waits until it has ended. */
const killAll = (c: Case, pids: readonly number[]): void => {
  for (const pid of pids) {
    const opened = c.sys.pidfd(pid);
    // it has ended since it was seen
    if (opened === -l.ESRCH) continue;
    const fd = c.closeLater(done(opened, 'pidfd'));
    done(c.sys.kill(pid, l.SIGKILL), 'kill');
    same(
      poll(c, [fd, l.POLLIN], 10_000).map((events) => events & l.POLLIN),
      [l.POLLIN],
      'its end',
    );
    c.close(fd);
  }
};

/** Kills the parent after `count` children and `delayMs`; how many children there were. */
const killWhileForking = (c: Case, count: number, delayMs: number): number => {
  const second = start(c, ['role:fork', c.dir]);
  readUntil(c, second.stdout, (text) => text.length >= count);
  c.sys.poll([], delayMs);
  done(c.sys.kill(second.pid, l.SIGKILL), 'kill');
  same(c.reap(second.pid), l.SIGKILL, 'wait status');
  const children = settled(c, second.pid);
  const known = recorded(c);
  killAll(c, children);
  c.close(second.stdin);
  for (const pid of children) holds(known.includes(pid), `process ${pid} has a record`);
  for (const name of done(c.sys.readdir(c.dir), 'readdir')) done(c.sys.unlink(c.path(name)), 'unlink');
  return children.length;
};

const all: readonly Spec[] = [
  {
    title: 'args gives the arguments byte for byte',
    run: (c) => same(everything(c, ['role:args', 'a b', '\xff\x80', '']), ['role:args\0a b\0\xff\x80\0', 0], 'args'),
  },
  {
    title: 'executed is the path that execve was given, whatever argv[0] says',
    run: (c) => {
      const paths = c.sys.executed();
      same(paths.length, 1, 'paths');
      holds((paths[0] ?? '') !== '', 'it is a path');
    },
  },
  {
    title: 'exec replaces the program in the same process, with the argv and environment given',
    run: (c) => {
      const second = start(c, ['role:exec', 'echo "$0 $FOO $$"']);
      same(drain(c, second.stdout), `the name \xff ${second.pid}\n`, 'printed');
      same(c.reap(second.pid), 0, 'wait status');
    },
  },
  {
    title: 'after exec no signal is blocked, and what was caught is default',
    run: (c) => {
      const mask = everything(c, ['role:exec', 'exec grep SigBlk /proc/self/status']);
      same(mask, ['SigBlk:\t0000000000000000\n', 0], 'mask');
      same(everything(c, ['role:exec', 'kill -HUP $$']), ['', l.SIGHUP], 'wait status');
    },
  },
  {
    title: 'exec with an empty environment keeps ours',
    run: (c) => same(everything(c, ['role:exec-same-env'], ['MARK=1']), ['MARK=1\n', 0], 'printed'),
  },
  {
    title: 'exit ends the process with the low eight bits of its code',
    run: (c) => {
      for (const [code, status] of [
        ['0', 0],
        ['7', 0x700],
        ['259', 0x300],
        ['-1', 0xff00],
      ] as const)
        same(everything(c, ['role:exit', code])[1], status, `exit ${code}`);
    },
  },
  {
    title: 'argWrite changes what ps shows, to the length of the argument and no further, or says ENOSYS',
    run: (c) => {
      const second = start(c, ['role:title', 'before', 'seven77']);
      const answer = readUntil(c, second.stdout, (text) => text.endsWith('\n'));
      const shown = shownArguments(c, second.pid).slice(-3);
      const unknown = answer === `-${l.ENOSYS} -${l.ENOSYS} -${l.ENOSYS}\n`;
      same(answer, unknown ? answer : '4 7 6\n', 'answers');
      same(shown, unknown ? ['before', 'seven77', ''] : ['BEFORE', 'longer\xff', ''], 'what ps shows');
    },
  },
  {
    title: 'catchUnignored leaves alone what is ignored, and what is caught is not blocked',
    run: (c) => {
      const env = ['/usr/bin/env', '--ignore-signal=PIPE', '--block-signal=USR1', ...(c.can.again ?? [])];
      const second = start(c, ['role:ignored'], undefined, env);
      const [ignored, caught] = [`${l.SIGUSR1}`, `${l.SIGUSR1} ${l.SIGPIPE}`];
      same(drain(c, second.stdout), `-${l.EPIPE}: ${ignored}, -${l.EPIPE}: ${caught}`, 'signals');
      same(c.reap(second.pid), 0, 'wait status');
    },
  },
  {
    title: 'after subreaper the orphans of a child are reaped here',
    run: (c) => same(everything(c, ['role:subreaper']), [`0 3 7 -${l.ECHILD}`, 0], 'ends'),
  },
  {
    title: 'checkpoint takes a state, hides it from children, and lets the process end',
    run: (c) => {
      const env = ['RUNITBOX_STATE=old', 'PATH=/usr/bin:/bin'];
      same(everything(c, ['role:checkpoint'], env), [`-${l.ENOENT} 0 0 -${l.EINVAL} none\n`, 0x300], 'what it says');
    },
  },
  {
    title: 'restore reads a nameless file of our own that names us, and believes no other',
    run: (c) => {
      const [first = '', ...rest] = c.can.again ?? [];
      const content = (pid: string): string => `printf 'runitbox %010d 0000000000 0000000000 state' ${pid}`;
      const become = 'exec 3<>"$0"; $1; shift; exec "$@"';
      const none = `-${l.ENOENT} runitbox`;
      const table = [
        {
          what: 'ours',
          script: `rm -f "$0"; umask 077; ${content('$$')} >"$0"; ${become}`,
          end: 'rm forged',
          says: '0000000000 0000000000 state runitbox',
        },
        {
          what: 'with a name',
          script: `rm -f "$0"; umask 077; ${content('$$')} >"$0"; ${become}`,
          end: ':',
          says: none,
        },
        {
          what: 'open to others',
          script: `rm -f "$0"; umask 022; ${content('$$')} >"$0"; ${become}`,
          end: 'rm forged',
          says: none,
        },
        {
          what: 'of another process',
          script: `rm -f "$0"; umask 077; ${content('1')} >"$0"; ${become}`,
          end: 'rm forged',
          says: none,
        },
      ];
      for (const { what, script, end, says } of table) {
        const forged = c.path('forged');
        const finish = end.replace('forged', forged);
        const role = start(c, ['role:restore'], undefined, ['/bin/sh', '-c', script, forged, finish, first, ...rest]);
        same(drain(c, role.stdout), says, what);
        same(c.reap(role.pid), 0, 'wait status');
      }
    },
  },
  {
    title: 'a record of which only a part could be written is a failure: ENOSPC',
    run: (c) => {
      const [first = '', ...rest] = c.can.again ?? [];
      const limited = ['/bin/sh', '-c', 'ulimit -f 1; exec "$@"', 'sh', first, ...rest];
      const second = start(c, ['role:record', c.path('record')], undefined, limited);
      same(drain(c, second.stdout), `${-(l.SPAWN_FAILED + l.ENOSPC)}`, 'what spawn says');
      same(c.content(c.path('record')).length, 512, 'bytes written');
    },
  },
  {
    title: 'a parent killed at any moment leaves a record of every child that runs',
    run: (c) => {
      let children = 0;
      for (let round = 0; round < 12; round++) children += killWhileForking(c, 1 + round * 2, round % 3);
      holds(children >= 144, `${children} children were there to look at`);
    },
  },
];

export const selfSpecs: readonly Spec[] = all.map((spec) => ({ ...spec, needs: 'again' }));
