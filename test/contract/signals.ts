// The contract of signals, kill, pidfd and the clock: catchSignals, takeSignals, kill, pidfd, clock, getpid.
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, holds, poll, refuses, same, statusLine } from './case.ts';

const SIGWINCH = 28;

/** Above any process number Linux gives. */
export const NOBODY = 2 ** 30;

const ready = (c: Case, fd: number, timeoutMs: number): boolean => poll(c, [fd, l.POLLIN], timeoutMs)[0] === l.POLLIN;

const raise = (c: Case, ...signals: readonly number[]): void => {
  for (const signal of signals) done(c.sys.kill(c.sys.getpid(), signal), `kill ${signal}`);
};

/** Catches, and forgets what came before. */
const catching = (c: Case, ...signals: readonly number[]): number => {
  const fd = done(c.sys.catchSignals(signals), 'catchSignals');
  c.sys.takeSignals();
  return fd;
};

const signals: readonly Spec[] = [
  {
    title: 'caught signals make the descriptor readable and are told once, ascending',
    run: (c) => {
      const fd = catching(c, l.SIGUSR1, l.SIGALRM, l.SIGHUP);
      same(ready(c, fd, 0), false, 'nothing came yet');
      raise(c, l.SIGALRM, l.SIGHUP, l.SIGALRM);
      same(ready(c, fd, 1000), true, 'something came');
      same(c.sys.takeSignals(), [l.SIGHUP, l.SIGALRM], 'signals');
      same([ready(c, fd, 0), c.sys.takeSignals()], [false, []], 'afterwards');
    },
  },
  {
    title: 'real-time signals are told by their numbers too',
    needs: 'realPrograms',
    run: (c) => {
      const fd = catching(c, 35, 64, l.SIGALRM);
      raise(c, 64, 35, l.SIGALRM);
      same(ready(c, fd, 1000), true, 'something came');
      same(c.sys.takeSignals(), [l.SIGALRM, 35, 64], 'signals');
    },
  },
  {
    title: 'catchSignals adds to what is caught and keeps its one descriptor',
    run: (c) => {
      const fd = catching(c, l.SIGUSR1);
      same(catching(c, l.SIGUSR2), fd, 'descriptor of the second call');
      same(c.sys.catchSignals([]), fd, 'descriptor of an empty call');
      raise(c, l.SIGUSR2, l.SIGUSR1);
      same(ready(c, fd, 1000), true, 'something came');
      same(c.sys.takeSignals(), [l.SIGUSR1, l.SIGUSR2], 'signals');
    },
  },
  {
    title: 'seventy thousand signals without a look are still told, and block nobody',
    run: (c) => {
      const fd = catching(c, l.SIGUSR1, l.SIGALRM);
      for (let i = 0; i < 70_000; i++) c.sys.kill(c.sys.getpid(), l.SIGUSR1);
      raise(c, l.SIGALRM);
      same(c.sys.takeSignals(), [l.SIGUSR1, l.SIGALRM], 'signals');
      same([ready(c, fd, 0), c.sys.takeSignals()], [false, []], 'afterwards');
    },
  },
  {
    title: 'catchSignals says EINVAL for what cannot be caught, and then catches none of them',
    run: (c) => {
      const caught = (): string => (c.can.realPrograms ? statusLine(c, c.sys.getpid(), 'SigCgt') : '');
      const before = caught();
      for (const wrong of [l.SIGKILL, l.SIGSTOP, 0, -1, 33, 65, 2 ** 40])
        refuses(c.sys.catchSignals([SIGWINCH, wrong]), l.EINVAL, `signal ${wrong}`);
      same(caught(), before, 'what is caught');
    },
  },
  {
    title: 'poll is interrupted by a caught signal: EINTR',
    needs: 'realPrograms',
    run: (c) => {
      catching(c, l.SIGUSR1);
      const script = 'while kill -USR1 $PPID; do sleep 0.01; done';
      c.reapLater(done(c.sys.spawn('/bin/sh', ['sh', '-c', script], [], '', [], 0, -1, ''), 'spawn'));
      refuses(c.sys.poll([], 20_000), l.EINTR, 'poll');
    },
  },
  {
    title: 'read goes on after a signal and gives the data',
    needs: 'realPrograms',
    run: (c) => {
      catching(c, l.SIGUSR1);
      const [from, to] = c.pipe();
      const script = 'for i in 1 2 3 4 5; do sleep 0.01; kill -USR1 $PPID; done; echo end';
      const pid = c.reapLater(done(c.sys.spawn('/bin/sh', ['sh', '-c', script], [], '', [1, to], 0, -1, ''), 'spawn'));
      same(c.sys.read(from, 100), 'end\n', 'read');
      same(c.reap(pid), 0, 'wait status');
      same(c.sys.takeSignals(), [l.SIGUSR1], 'signals');
    },
  },
  {
    title: 'the end of a child is told by SIGCHLD, its stopping and continuing are not',
    needs: 'realPrograms',
    run: (c) => {
      const fd = catching(c, l.SIGCHLD);
      const [from, to] = c.pipe();
      const pid = c.reapLater(done(c.sys.spawn('/bin/cat', ['cat'], [], '', [0, from], 0, -1, ''), 'spawn'));
      done(c.sys.kill(pid, l.SIGSTOP), 'kill');
      while (!statusLine(c, pid, 'State').startsWith('T')) c.sys.poll([], 1);
      same([ready(c, fd, 50), c.sys.takeSignals()], [false, []], 'stopped');
      done(c.sys.kill(pid, l.SIGCONT), 'kill');
      same([ready(c, fd, 50), c.sys.takeSignals()], [false, []], 'continued');
      c.close(from);
      c.close(to);
      same(ready(c, fd, 10_000), true, 'ended');
      same(c.sys.takeSignals(), [l.SIGCHLD], 'signals');
      same(c.reap(pid), 0, 'wait status');
    },
  },
];

const others: readonly Spec[] = [
  {
    title: 'kill finds a living process with signal 0, and says ESRCH and EINVAL',
    run: (c) => {
      same(c.sys.kill(c.sys.getpid(), 0), 0, 'ourselves');
      refuses(c.sys.kill(NOBODY, 0), l.ESRCH, 'nobody');
      refuses(c.sys.kill(c.sys.getpid(), 65), l.EINVAL, 'signal 65');
      refuses(c.sys.kill(c.sys.getpid(), -1), l.EINVAL, 'signal -1');
    },
  },
  {
    title: 'pidfd of a living process is silent; ESRCH and EINVAL else',
    run: (c) => {
      const fd = c.closeLater(done(c.sys.pidfd(c.sys.getpid()), 'pidfd'));
      same(ready(c, fd, 0), false, 'ourselves');
      refuses(c.sys.pidfd(NOBODY), l.ESRCH, 'nobody');
      for (const wrong of [0, -1]) refuses(c.sys.pidfd(wrong), l.EINVAL, `process ${wrong}`);
    },
  },
  {
    title: 'pidfdKill finds its process with signal 0; EBADF for what is no pidfd, EINVAL for what is no signal',
    run: (c) => {
      const fd = c.closeLater(done(c.sys.pidfd(c.sys.getpid()), 'pidfd'));
      same(c.sys.pidfdKill(fd, 0), 0, 'ourselves');
      refuses(c.sys.pidfdKill(fd, 65), l.EINVAL, 'signal 65');
      refuses(c.sys.pidfdKill(c.open(c.dir, l.O_RDONLY), 0), l.EBADF, 'a directory');
    },
  },
  {
    title: 'waitpid says ECHILD for who is no child',
    run: (c) => {
      refuses(c.sys.waitpid(c.sys.getpid(), 0), l.ECHILD, 'ourselves');
      refuses(c.sys.waitpid(NOBODY, l.WNOHANG), l.ECHILD, 'nobody');
    },
  },
  {
    title: 'waitpid says EINVAL for unknown options',
    needs: 'realPrograms',
    run: (c) => refuses(c.sys.waitpid(NOBODY, 0x1000), l.EINVAL, 'options'),
  },
  {
    title: 'getpid and getppid are two different processes',
    run: (c) => {
      holds(c.sys.getpid() > 0 && c.sys.getppid() >= 0, 'numbers');
      holds(c.sys.getpid() !== c.sys.getppid(), 'different');
    },
  },
  {
    title: 'setsid says EPERM to who leads a session already',
    run: (c) => {
      const first = c.sys.setsid();
      if (first !== -l.EPERM) same(first, 0, 'the first time');
      refuses(c.sys.setsid(), l.EPERM, 'the second time');
    },
  },
  {
    title: 'reboot refuses a command that is none, and sync returns',
    run: (c) => {
      const refusal = c.sys.reboot(1);
      if (refusal !== -l.EPERM) refuses(refusal, l.EINVAL, 'reboot');
      same(c.sys.sync(), 0, 'sync');
    },
  },
  {
    title: 'the monotonic clocks never go back, and count nanoseconds below a second',
    run: (c) => {
      for (const id of [l.CLOCK_MONOTONIC, l.CLOCK_BOOTTIME]) {
        let [s, ns] = c.sys.clock(id);
        for (let i = 0; i < 1000; i++) {
          const [nextS, nextNs] = c.sys.clock(id);
          holds(nextNs >= 0 && nextNs < 1e9, `nanoseconds ${nextNs}`);
          holds(nextS > s || (nextS === s && nextNs >= ns), `${s}.${ns} before ${nextS}.${nextNs}`);
          [s, ns] = [nextS, nextNs];
        }
      }
    },
  },
  {
    title: 'clock says EINVAL for no clock',
    run: (c) => refuses(c.sys.clock(9999), l.EINVAL, 'clock 9999'),
  },
];

export const signalSpecs: readonly Spec[] = [...signals, ...others];
