// The contract of children: spawn in all its parts, waitpid, pidfd, and the refusals of exec.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Errno, Fd, Pid } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, drain, fail, holds, poll, refuses, same, statusLine } from './case.ts';
import { NOBODY } from './signals.ts';

interface Start {
  readonly path?: Bytes;
  readonly argv?: readonly Bytes[];
  readonly env?: readonly Bytes[];
  readonly dir?: Bytes;
  readonly fds?: readonly number[];
  readonly flags?: number;
  readonly record?: number;
  readonly text?: Bytes;
}

const NO_RECORD = -1;

/** What spawn answers; a child that came to be is killed and reaped after the spec. */
const attempt = (c: Case, start: Start): Pid | Errno => {
  const { path = '/bin/sh', argv = ['sh', '-c', ':'], env = [], dir = '', fds = [], flags = 0 } = start;
  const result = c.sys.spawn(path, argv, env, dir, fds, flags, start.record ?? NO_RECORD, start.text ?? '');
  if (result > 0) c.reapLater(result as Pid);
  return result;
};

const shell = (c: Case, script: Bytes, start: Start = {}): Pid =>
  done(attempt(c, { argv: ['sh', '-c', script], ...start }), 'spawn');

/** What a shell script prints; it must end with 0. */
const output = (c: Case, script: Bytes, start: Start = {}): Bytes => {
  const [from, to] = c.pipe();
  const pid = shell(c, script, { ...start, fds: [...(start.fds ?? []), 1, to] });
  c.close(to);
  const text = drain(c, from);
  c.close(from);
  same(c.reap(pid), 0, 'wait status');
  return text;
};

/**
 * A child that runs and ends when this descriptor is closed. It answers first: until the kernel and the dynamic
 * linker are done with it, /proc shows handlers and descriptors that are not its own.
 */
const waiting = (c: Case, start: Start = {}): readonly [Pid, Fd] => {
  const [[input, to], [from, outputEnd]] = [c.pipe(), c.pipe()];
  const fds = [...(start.fds ?? []), 0, input, 1, outputEnd];
  const pid = done(attempt(c, { path: '/bin/cat', argv: ['cat'], ...start, fds }), 'spawn');
  c.close(input);
  c.close(outputEnd);
  same([c.sys.write(to, 'x'), c.sys.read(from, 1)], [1, 'x'], 'an answer');
  c.close(from);
  return [pid, to];
};

const executable = (c: Case, name: Bytes, content: Bytes): Bytes => {
  done(c.sys.chmod(c.file(name, content), 0o755), 'chmod');
  return c.path(name);
};

const failedBy = (result: unknown, errno: number, what: string): void => same(result, -(l.SPAWN_FAILED + errno), what);

const ours = (c: Case): number => done(c.sys.readdir('/proc/self/fd'), 'readdir').length;

const setup: readonly Spec[] = [
  {
    title: 'spawn passes argv byte for byte, argv[0] included',
    run: (c) => {
      const argv = ['the name', '-c', 'printf "%s|" "$0" "$@"', 'a b', '', '\xff\x80', 'new\nline'];
      same(output(c, '', { argv }), 'a b||\xff\x80|new\nline|', 'printed');
      const named = output(c, '', { argv: ['the name', '-c', 'tr "\\0" "|" </proc/$$/cmdline'] });
      same(named.slice(0, 9), 'the name|', 'argv[0]');
    },
  },
  {
    title: 'with SPAWN_ENV the child has exactly this environment, without it ours',
    run: (c) => {
      const env = ['A=1', 'B=\xff=2', 'PATH=/usr/bin:/bin'];
      const given = output(c, '', { path: '/usr/bin/env', argv: ['env'], env, flags: l.SPAWN_ENV });
      same(given, 'A=1\nB=\xff=2\nPATH=/usr/bin:/bin\n', 'given');
      same(output(c, '', { path: '/usr/bin/env', argv: ['env'], flags: l.SPAWN_ENV }), '', 'an empty one');
      const inherited = output(c, '', { path: '/usr/bin/env', argv: ['env', '-0'], env: ['A=1'] });
      same(
        inherited,
        c.sys
          .environ()
          .map((variable) => `${variable}\0`)
          .join(''),
        'inherited',
      );
    },
  },
  {
    title: 'the child starts in the directory asked for, or in ours',
    run: (c) => {
      same(output(c, 'pwd -P', { dir: c.dir }), output(c, `cd '${c.dir}' && pwd -P`), 'asked for');
      same(output(c, 'pwd -P', { dir: '/' }), '/\n', 'the root');
      same(output(c, 'readlink /proc/self/cwd'), `${done(c.sys.readlink('/proc/self/cwd'), 'readlink')}\n`, 'ours');
    },
  },
  {
    title: 'a relative program is looked for in the child directory, and not along PATH',
    run: (c) => {
      executable(c, 'run', '#!/bin/sh\necho "$0"\n');
      same(output(c, '', { path: './run', argv: ['./run'], dir: c.dir }), './run\n', 'printed');
      failedBy(attempt(c, { path: 'sh' }), l.ENOENT, 'a bare name');
    },
  },
  {
    title: 'descriptors come to the places asked for, several from one',
    run: (c) => {
      const [one, two] = [c.open(c.file('1'), l.O_RDWR), c.open(c.file('2'), l.O_RDWR)];
      const pid = shell(c, 'printf a >&7; printf b >&8; printf c >&9', { fds: [7, one, 8, two, 9, one] });
      same([c.reap(pid), c.content(c.path('1')), c.content(c.path('2'))], [0, 'ac', 'b'], 'result');
    },
  },
  {
    title: 'two descriptors can change places, three can go round, and one can stay where it is',
    run: (c) => {
      const fd = ['1', '2', '3'].map((name) => c.open(c.file(name), l.O_RDWR | l.O_APPEND));
      const [a, b, d] = [fd[0] ?? fail('a'), fd[1] ?? fail('b'), fd[2] ?? fail('c')];
      const p = '/proc/self/fd/';
      const all = (fds: readonly number[]): void => {
        same(
          c.reap(shell(c, `printf a >>${p}${a}; printf b >>${p}${b}; printf c >>${p}${d}`, { fds })),
          0,
          'wait status',
        );
      };
      all([a, b, b, a, d, d]);
      same([c.content(c.path('1')), c.content(c.path('2')), c.content(c.path('3'))], ['b', 'a', 'c'], 'swapped');
      all([a, b, b, d, d, a]);
      same([c.content(c.path('1')), c.content(c.path('2')), c.content(c.path('3'))], ['bc', 'aa', 'cb'], 'round');
    },
  },
  {
    title: 'a free number can be a target where two others change places',
    run: (c) => {
      const [a, b] = [c.open(c.file('1'), l.O_RDWR | l.O_APPEND), c.open(c.file('2'), l.O_RDWR | l.O_APPEND)];
      const other = c.open(c.file('3'), l.O_RDWR | l.O_APPEND);
      const free = c.open(c.file('4'), l.O_RDONLY);
      c.close(free);
      const script = `for f in ${a} ${b} ${free}; do printf $f >>/proc/self/fd/$f; done`;
      same(c.reap(shell(c, script, { fds: [free, other, a, b, b, a] })), 0, 'wait status');
      const contents = ['1', '2', '3', '4'].map((name) => c.content(c.path(name)));
      same(contents, [`${b}`, `${a}`, `${free}`, ''], 'files');
    },
  },
  {
    title: 'no other descriptor of ours is open in the child',
    run: (c) => {
      const [from, to] = c.pipe();
      const mine = [
        from,
        to,
        c.open(c.file('f'), l.O_RDWR),
        c.open(c.dir, l.O_RDONLY),
        ...c.fifo('p'),
        c.closeLater(done(c.sys.inotify(), 'inotify')),
        c.closeLater(done(c.sys.pidfd(c.sys.getpid()), 'pidfd')),
        done(c.sys.catchSignals([]), 'catchSignals'),
      ];
      const open = `/proc/${waiting(c)[0]}/fd`;
      const names = done(c.sys.readdir(open), 'readdir');
      const shared = names.filter((name) => mine.includes(Number(name) as Fd));
      same(
        shared.map((name) => `${name}: ${c.sys.readlink(`${open}/${name}`)}`),
        [],
        'ours among them',
      );
      holds(names.includes('0') && names.includes('1'), 'its own are open');
    },
  },
  {
    title: 'a descriptor made by dup2 stays open in the child',
    run: (c) => {
      const [one, copy] = [c.open(c.file('f'), l.O_RDWR), c.open(c.dir, l.O_RDONLY)];
      done(c.sys.dup2(one, copy), 'dup2');
      same(c.reap(shell(c, `printf x >>/proc/self/fd/${copy}`)), 0, 'wait status');
      same(c.content(c.path('f')), 'x', 'content');
    },
  },
  {
    title: 'SPAWN_SETSID makes the child lead a session; else it stays in ours',
    run: (c) => {
      const [pid] = waiting(c, { flags: l.SPAWN_SETSID });
      same(sessionOf(c, pid), [pid, pid], 'group and session with it');
      same(sessionOf(c, waiting(c)[0]), sessionOf(c, c.sys.getpid()), 'without it');
    },
  },
  {
    title: 'with SPAWN_CONTROLLING a descriptor 0 that is no terminal is ENOTTY',
    run: (c) => {
      const flags = l.SPAWN_SETSID | l.SPAWN_CONTROLLING;
      failedBy(attempt(c, { flags, fds: [0, c.open('/dev/null', l.O_RDWR)] }), l.ENOTTY, 'spawn');
    },
  },
  {
    title: 'caught signals are default in the child, ignored ones stay ignored, none is blocked',
    run: (c) => {
      done(c.sys.catchSignals([l.SIGUSR1, l.SIGHUP, l.SIGCHLD, l.SIGALRM]), 'catchSignals');
      const [pid] = waiting(c);
      same(statusLine(c, pid, 'SigCgt'), '0000000000000000', 'caught');
      same(statusLine(c, pid, 'SigBlk'), '0000000000000000', 'blocked');
      same(statusLine(c, pid, 'SigIgn'), statusLine(c, c.sys.getpid(), 'SigIgn'), 'ignored');
      done(c.sys.kill(pid, l.SIGHUP), 'kill');
      same(c.reap(pid), l.SIGHUP, 'wait status');
    },
  },
  {
    title: 'spawn leaves the signals of the parent as they were',
    run: (c) => {
      const masks = (): Bytes => ['SigCgt', 'SigBlk', 'SigIgn'].map((n) => statusLine(c, c.sys.getpid(), n)).join();
      done(c.sys.catchSignals([l.SIGUSR1]), 'catchSignals');
      const before = masks();
      same(c.reap(shell(c, ':')), 0, 'wait status');
      failedBy(attempt(c, { path: '/nonexistent' }), l.ENOENT, 'a failing one');
      same(masks(), before, 'masks');
    },
  },
];

/** Process group and session. */
const sessionOf = (c: Case, pid: Pid): readonly number[] => {
  const stat = c.content(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [Number(fields[2]), Number(fields[3])];
};

const bootMs = (c: Case): number => {
  const [s, ns] = c.sys.clock(l.CLOCK_BOOTTIME);
  return s * 1000 + Math.floor(ns / 1e6);
};

const padded = (n: number, width: number): Bytes => '0'.repeat(width - String(n).length) + String(n);

const RECORD_TAIL = 14 + 1 + 10 + 1;

/** Fails unless this is the text, a moment (milliseconds since boot) not before `sinceMs` nor to come, and the process. */
const isRecord = (c: Case, record: Bytes, text: Bytes, sinceMs: number, pid: number): void => {
  const ms = Number(record.slice(text.length, text.length + 14));
  same(record, `${text}${padded(ms, 14)} ${padded(pid, 10)}\n`, 'record');
  holds(ms >= sinceMs && ms <= bootMs(c), `${sinceMs} <= ${ms} <= now`);
};

const atOnce: readonly Spec[] = [
  {
    title: 'with SPAWN_TERMINAL, where descriptor 0 is no terminal, the child stays in our process group',
    run: (c) => {
      const group = 'stat=$(cat /proc/$PID/stat); set -- ${stat##*)}; echo $3';
      const ours = output(c, `PID=$PPID; ${group}`);
      same(output(c, `PID=$$; ${group}`, { flags: l.SPAWN_TERMINAL }), ours, 'group');
    },
  },
  {
    title: 'with SPAWN_BELOW the child has no descriptor from that number on, and we keep ours',
    run: (c) => {
      const [low] = c.pipe();
      const [high] = c.pipe();
      for (const fd of [low, high]) done(c.sys.setCloexec(fd, 0), 'setCloexec');
      const look = `for n in ${low} ${high}; do if [ -e /proc/self/fd/$n ]; then echo $n; fi; done`;
      const before = ours(c);
      const [from, to] = c.pipe();
      const all = attempt(c, { argv: ['sh', '-c', look], fds: [1, to] });
      same(c.reap(done(all, 'spawn')), 0, 'wait status');
      const spare = done(c.sys.dup2(to, low), 'dup2');
      const few = attempt(c, { argv: ['sh', '-c', look], fds: [1, spare], flags: (low + 1) * l.SPAWN_BELOW });
      c.close(to);
      if (few === -(l.SPAWN_FAILED + l.ENOSYS)) return;
      same(c.reap(done(few, 'spawn')), 0, 'wait status');
      c.close(spare);
      same(drain(c, from), `${low}\n${high}\n${low}\n`, 'seen');
      done(c.sys.fstat(high), 'ours');
      holds(ours(c) <= before, 'nothing is left open');
    },
  },
  {
    title: 'with SPAWN_AT_ONCE a program is set up and recorded all the same',
    run: (c) => {
      const record = c.open(c.file('record'), l.O_RDWR);
      done(c.sys.catchSignals([l.SIGUSR1]), 'catchSignals');
      const start = { flags: l.SPAWN_AT_ONCE | l.SPAWN_SETSID, dir: c.dir, record, text: 'r ' };
      const sinceMs = bootMs(c);
      const [pid] = waiting(c, start);
      same(sessionOf(c, pid), [pid, pid], 'group and session');
      isRecord(c, c.content(c.path('record')), 'r ', sinceMs, pid);
      same(c.sys.readlink(`/proc/${pid}/cwd`), c.dir, 'directory');
      same([statusLine(c, pid, 'SigBlk'), statusLine(c, pid, 'SigCgt')], ['0'.repeat(16), '0'.repeat(16)], 'signals');
    },
  },
  {
    title: 'with SPAWN_AT_ONCE twenty run side by side, and one that cannot become the program exits 100',
    run: (c) => {
      const [from, to] = c.pipe();
      const flags = l.SPAWN_AT_ONCE;
      const pids = Array.from({ length: 20 }, () => shell(c, 'echo', { flags, fds: [1, to] }));
      c.close(to);
      same(drain(c, from), '\n'.repeat(20), 'printed');
      same(
        pids.map((pid) => c.reap(pid)),
        new Array(20).fill(0),
        'wait status',
      );
      same(c.reap(done(attempt(c, { path: c.path('missing'), flags }), 'spawn')), 0x6400, 'missing');
      same(c.reap(done(attempt(c, { dir: c.path('missing'), flags }), 'spawn')), 0x6400, 'missing directory');
    },
  },
];

const records: readonly Spec[] = [
  {
    title: 'the record is complete when spawn returns, and was before the program ran',
    run: (c) => {
      const record = c.open(c.file('record', 'x'.repeat(40)), l.O_RDWR);
      const [from, to] = c.pipe();
      const sinceMs = bootMs(c);
      const pid = shell(c, `cat ${c.path('record')}`, { fds: [1, to], record, text: 'service \xff ' });
      const written = c.content(c.path('record'));
      const size = 10 + RECORD_TAIL;
      isRecord(c, written.slice(0, size), 'service \xff ', sinceMs, pid);
      same(written.slice(size), 'x'.repeat(40 - size), 'what stood there');
      c.close(to);
      same(drain(c, from), written, 'as the program saw it');
      same(c.reap(pid), 0, 'wait status');
    },
  },
  {
    title: 'a record descriptor that is also a target still gets the record, and the program the target',
    run: (c) => {
      const [record, other] = [c.open(c.file('record'), l.O_RDWR), c.open(c.file('other'), l.O_RDWR)];
      const sinceMs = bootMs(c);
      const pid = shell(c, `printf written >>/proc/self/fd/${record}`, { fds: [record, other], record, text: 'r ' });
      same(c.reap(pid), 0, 'wait status');
      isRecord(c, c.content(c.path('record')), 'r ', sinceMs, pid);
      same(c.content(c.path('other')), 'written', 'the target');
    },
  },
  {
    title: 'where the record cannot be written the program does not run',
    run: (c) => {
      const argv = ['sh', '-c', `: >${c.path('ran')}`];
      failedBy(attempt(c, { argv, record: c.pipe()[1] }), l.ESPIPE, 'a pipe');
      failedBy(attempt(c, { argv, record: c.open('/dev/full', l.O_WRONLY) }), l.ENOSPC, 'a full device');
      failedBy(attempt(c, { argv, record: NOBODY }), l.EBADF, 'no descriptor');
      refuses(c.sys.access(c.path('ran'), 0), l.ENOENT, 'what the program would have made');
    },
  },
  {
    title: 'a child that could not start is gone and reaped when spawn returns',
    run: (c) => {
      const record = c.open(c.file('record'), l.O_RDWR);
      failedBy(attempt(c, { path: c.path('missing'), record }), l.ENOENT, 'spawn');
      const pid = Number(c.content(c.path('record')).slice(15));
      holds(pid > 1, `process ${pid}`);
      refuses(c.sys.waitpid(pid, l.WNOHANG), l.ECHILD, 'waitpid');
      refuses(c.sys.kill(pid, 0), l.ESRCH, 'kill');
    },
  },
];

const refusals: readonly Spec[] = [
  {
    title: 'spawn tells why a program could not be run: -(4096 + errno)',
    run: (c) => {
      const plain = c.file('plain', 'echo no interpreter line\n');
      done(c.sys.chmod(plain, 0o600), 'chmod');
      failedBy(attempt(c, { path: c.path('missing') }), l.ENOENT, 'missing');
      failedBy(attempt(c, { path: '' }), l.ENOENT, 'empty path');
      failedBy(attempt(c, { path: plain }), l.EACCES, 'not executable');
      failedBy(attempt(c, { path: c.dir }), l.EACCES, 'a directory');
      failedBy(attempt(c, { path: `${plain}/x` }), l.ENOTDIR, 'below a file');
      done(c.sys.chmod(plain, 0o700), 'chmod');
      failedBy(attempt(c, { path: plain }), l.ENOEXEC, 'no format');
      failedBy(attempt(c, { path: executable(c, 's', '#!/no/such/sh\n') }), l.ENOENT, 'missing interpreter');
    },
  },
  {
    title: 'spawn tells a file that is being written (ETXTBSY) and arguments too long (E2BIG)',
    run: (c) => {
      const path = executable(c, 'busy', c.content('/bin/true'));
      const writer = c.open(path, l.O_WRONLY);
      failedBy(attempt(c, { path }), l.ETXTBSY, 'being written');
      c.close(writer);
      same(c.reap(done(attempt(c, { path }), 'spawn')), 0, 'afterwards');
      failedBy(attempt(c, { argv: ['sh', 'x'.repeat(3_000_000)] }), l.E2BIG, 'one long argument');
    },
  },
  {
    title: 'spawn tells a directory that cannot be entered and a descriptor that is not open',
    run: (c) => {
      failedBy(attempt(c, { dir: c.path('missing') }), l.ENOENT, 'missing directory');
      failedBy(attempt(c, { dir: c.file('f') }), l.ENOTDIR, 'a file');
      failedBy(attempt(c, { fds: [5, NOBODY] }), l.EBADF, 'closed descriptor');
      failedBy(attempt(c, { fds: [NOBODY, 0] }), l.EBADF, 'a target above the limit');
    },
  },
  {
    title: 'spawn says EINVAL and EBADF to nonsense, and no child comes to be',
    run: (c) => {
      refuses(attempt(c, { argv: [] }), l.EINVAL, 'no argv[0]');
      refuses(attempt(c, { fds: [1] }), l.EINVAL, 'half a pair');
      refuses(attempt(c, { flags: 32 }), l.EINVAL, 'unknown flag');
      refuses(attempt(c, { flags: -1 }), l.EINVAL, 'a negative number');
      refuses(attempt(c, { fds: new Array<number>(130).fill(1) }), l.EINVAL, '65 pairs');
      for (const fds of [
        [-1, 1],
        [1, -1],
        [2 ** 40, 1],
        [1, 2 ** 40],
      ])
        refuses(attempt(c, { fds }), l.EBADF, `pair ${fds}`);
    },
  },
  {
    title: 'spawn leaves no descriptor open in the parent, whether it succeeds or not',
    run: (c) => {
      const before = ours(c);
      for (let i = 0; i < 50; i++) {
        same(c.reap(shell(c, ':', { fds: [3, 2, 4, 2] })), 0, 'wait status');
        failedBy(attempt(c, { path: '/nonexistent', fds: [3, 2] }), l.ENOENT, 'a failing one');
      }
      same(ours(c), before, 'number of descriptors');
    },
  },
  {
    title: 'exec returns only to say why not: ENOENT, EACCES, ENOEXEC, E2BIG, EINVAL without argv[0]',
    run: (c) => {
      const plain = c.file('plain', 'x');
      done(c.sys.chmod(plain, 0o600), 'chmod');
      refuses(c.sys.exec(c.path('missing'), ['x'], []), l.ENOENT, 'missing');
      refuses(c.sys.exec(plain, ['x'], ['A=1']), l.EACCES, 'not executable');
      done(c.sys.chmod(plain, 0o700), 'chmod');
      refuses(c.sys.exec(plain, ['x'], []), l.ENOEXEC, 'no format');
      refuses(c.sys.exec('/bin/true', ['x'.repeat(3_000_000)], []), l.E2BIG, 'one long argument');
      refuses(c.sys.exec('/bin/true', [], []), l.EINVAL, 'no argv[0]');
    },
  },
];

const ending: readonly Spec[] = [
  {
    title: 'waitpid gives the raw wait status: exit code times 256, or the signal, with 128 for a core',
    run: (c) => {
      same(c.reap(shell(c, 'exit 3')), 0x300, 'exit 3');
      same(c.reap(shell(c, 'exit 255')), 0xff00, 'exit 255');
      same(c.reap(shell(c, 'kill -TERM $$')), l.SIGTERM, 'SIGTERM');
      same(c.reap(shell(c, 'kill -KILL $$')), l.SIGKILL, 'SIGKILL');
      same(c.reap(shell(c, 'ulimit -c 0; kill -QUIT $$')), l.SIGQUIT, 'SIGQUIT without core');
    },
  },
  {
    title: 'waitpid with WNOHANG says 0 while the child runs, and ECHILD when it was reaped',
    run: (c) => {
      const [pid, end] = waiting(c);
      same(c.sys.waitpid(pid, l.WNOHANG), [0, 0], 'running');
      c.close(end);
      same(c.reap(pid), 0, 'wait status');
      refuses(c.sys.waitpid(pid, l.WNOHANG), l.ECHILD, 'reaped');
      refuses(c.sys.kill(pid, 0), l.ESRCH, 'kill');
    },
  },
  {
    title: 'pidfdKill reaches a child, and says ESRCH once it was reaped',
    run: (c) => {
      const [pid] = waiting(c);
      const fd = c.closeLater(done(c.sys.pidfd(pid), 'pidfd'));
      same(c.sys.pidfdKill(fd, l.SIGKILL), 0, 'KILL');
      same(c.reap(pid), l.SIGKILL, 'wait status');
      refuses(c.sys.pidfdKill(fd, l.SIGKILL), l.ESRCH, 'reaped');
    },
  },
  {
    title: 'pidfd is silent while the child runs and readable from its end on, before and after it is reaped',
    run: (c) => {
      const [pid, end] = waiting(c);
      const fd = c.closeLater(done(c.sys.pidfd(pid), 'pidfd'));
      same(poll(c, [fd, l.POLLIN], 0), [0], 'running');
      c.close(end);
      same(
        poll(c, [fd, l.POLLIN], 10_000).map((e) => e & l.POLLIN),
        [l.POLLIN],
        'ended',
      );
      same(c.reap(pid), 0, 'wait status');
      same(
        poll(c, [fd, l.POLLIN], 0).map((e) => e & l.POLLIN),
        [l.POLLIN],
        'reaped',
      );
    },
  },
  {
    title: 'a lock lives on in the child that inherited its descriptor',
    run: (c) => {
      const [lock, other] = [c.open(c.file('lock'), l.O_RDWR), c.open(c.path('lock'), l.O_RDWR)];
      done(c.sys.flock(lock, l.LOCK_EX | l.LOCK_NB), 'flock');
      const [pid, end] = waiting(c, { fds: [9, lock] });
      c.close(lock);
      refuses(c.sys.flock(other, l.LOCK_EX | l.LOCK_NB), l.EAGAIN, 'while the child runs');
      c.close(end);
      same(c.reap(pid), 0, 'wait status');
      done(c.sys.flock(other, l.LOCK_EX | l.LOCK_NB), 'afterwards');
    },
  },
];

const all: readonly Spec[] = [...setup, ...atOnce, ...records, ...refusals, ...ending];

export const processSpecs: readonly Spec[] = all.map((spec) => ({ ...spec, needs: 'realPrograms' }));
