// What Linux does with processes, asked of the real kernel and of the virtual one in the same words.
//
// Each question starts processes, does something to them, and tells what can be seen; the answers must be alike.
// Process numbers are told as places in the order of starting.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Bytes } from '../../../src/abi/bytes.ts';
import type { Calls, Fd } from '../../../src/host/calls.ts';
import { isErrno } from '../../../src/host/calls.ts';
import * as l from '../../lib/abi.ts';
import { nodeHost } from '../../contract/node-host.ts';
import { VirtualKernel } from './kernel.ts';
import { WCONTINUED, WUNTRACED } from './numbers.ts';

type Kind = 'sleeper' | 'cat' | 'exit3' | 'exit3WhenAwaited' | 'missing';

interface Desk {
  readonly sys: Calls;
  readonly signals: Fd;
  start(kind: Kind, fds?: readonly number[], flags?: number): number;
  /** Gives everybody time to do what they are about to do. */
  settle(): void;
  /** waitpid, with the place of the process instead of its number. */
  wait(pid: number, options?: number): unknown;
}

const REAL: Readonly<Record<Kind, readonly Bytes[]>> = {
  sleeper: ['/bin/sleep', '60'],
  cat: ['/bin/cat'],
  exit3: ['/bin/sh', '-c', 'exit 3'],
  // ends only when its parent sleeps in a call, so that the end is sure to interrupt that
  exit3WhenAwaited: ['/bin/sh', '-c', 'until grep -q "^State:.S" /proc/$PPID/status; do :; done; exit 3'],
  missing: ['/nonexistent'],
};

/** How a desk of one of the kernels differs: the programs, and how to know that nobody has anything left to do. */
const makeDesk = (
  sys: Calls,
  command: (kind: Kind) => readonly Bytes[],
  awaitRest: (pids: readonly number[]) => void,
): Desk & { finish(): void } => {
  const started: number[] = [];
  const signals = sys.catchSignals([l.SIGCHLD]) as Fd;
  const settle = (): void => awaitRest(started);
  return {
    sys,
    signals,
    settle,
    start: (kind, fds = [], flags = 0) => {
      const argv = command(kind);
      const pid = sys.spawn(argv[0] ?? '', argv, [], '', fds, flags, -1, '');
      if (pid > 0) started.push(pid);
      return pid;
    },
    wait: (pid, options = l.WNOHANG) => {
      const told = sys.waitpid(pid, options);
      return isErrno(told) ? told : [started.indexOf(told[0]), told[1]];
    },
    finish: () => {
      for (const pid of started) {
        sys.kill(pid, l.SIGKILL);
        sys.waitpid(pid, 0);
      }
      settle();
      sys.takeSignals();
    },
  };
};

const realSys = nodeHost();

const waitMs = (sys: Calls, ms: number): void => {
  const nowMs = (): number => {
    const [sec, ns] = sys.clock(l.CLOCK_MONOTONIC);
    return sec * 1000 + ns / 1e6;
  };
  const endMs = nowMs() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = endMs - nowMs()) sys.poll([], Math.ceil(leftMs));
};

/** True for a process that runs, or waits for a disk: one that sleeps, is stopped, ended or gone has come to rest. */
const isBusy = (pid: number): boolean => {
  try {
    return /\) [RD]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

/**
 * Waits until all processes have come to rest: a signal that was sent, or input that came, has made its receiver
 * busy before the call that sent it returned. The parent learns of an end or a stop just after /proc shows it.
 */
const awaitRealRest = (pids: readonly number[]): void => {
  do waitMs(realSys, 5);
  while (pids.some(isBusy));
  waitMs(realSys, 5);
};

const realDesk = (): Desk & { finish(): void } => makeDesk(realSys, (kind) => REAL[kind], awaitRealRest);

const virtualDesk = (): Desk & { finish(): void } => {
  const kernel = new VirtualKernel();
  kernel.user.program('/sleeper', { livesMs: 60_000 });
  kernel.user.program('/cat', { readsStdinUntilEof: true });
  kernel.user.program('/exit3', { livesMs: 1, exit: 3 });
  kernel.user.program('/exit3WhenAwaited', { livesMs: 1, exit: 3 });
  kernel.start();
  return makeDesk(
    kernel.calls,
    (kind) => [`/${kind}`],
    () => waitMs(kernel.calls, 40),
  );
};

beforeAll(() => {
  realSys.catchSignals([l.SIGCHLD]);
});

const QUESTIONS: Readonly<Record<string, (desk: Desk) => unknown>> = {
  'a process that exits': (desk) => {
    const pid = desk.start('exit3');
    desk.settle();
    return [desk.sys.takeSignals(), desk.wait(pid), desk.wait(pid), desk.sys.kill(pid, 0)];
  },
  'a program that is not there': (desk) => {
    const result = desk.start('missing');
    return [result, desk.sys.poll([desk.signals, l.POLLIN], 0), desk.sys.takeSignals(), desk.wait(-1)];
  },
  'stopping and continuing': (desk) => {
    const pid = desk.start('sleeper');
    desk.sys.kill(pid, l.SIGSTOP);
    desk.settle();
    const stopped = [desk.wait(pid), desk.wait(pid, 1 | WUNTRACED), desk.wait(pid, 1 | WUNTRACED)];
    desk.sys.kill(pid, l.SIGCONT);
    desk.settle();
    const continued = [desk.wait(pid, 1 | WUNTRACED), desk.wait(pid, 1 | WCONTINUED), desk.wait(pid, 1 | WCONTINUED)];
    return [...stopped, ...continued, desk.sys.takeSignals()];
  },
  'a stop that was not told before the process went on': (desk) => {
    const pid = desk.start('sleeper');
    desk.sys.kill(pid, l.SIGSTOP);
    desk.settle();
    desk.sys.kill(pid, l.SIGCONT);
    desk.settle();
    return desk.wait(pid, 1 | WUNTRACED | WCONTINUED);
  },
  'TERM to a stopped process': (desk) => {
    const pid = desk.start('sleeper');
    desk.sys.kill(pid, l.SIGSTOP);
    // signals that wait together are taken in the order of their numbers
    desk.settle();
    desk.sys.kill(pid, l.SIGTERM);
    desk.settle();
    const before = desk.wait(pid);
    desk.sys.kill(pid, l.SIGCONT);
    desk.settle();
    return [before, desk.wait(pid, 1 | WCONTINUED), desk.sys.takeSignals()];
  },
  'KILL to a stopped process': (desk) => {
    const pid = desk.start('sleeper');
    desk.sys.kill(pid, l.SIGSTOP);
    desk.settle();
    desk.sys.kill(pid, l.SIGKILL);
    desk.settle();
    return [desk.wait(-1, 1 | WUNTRACED | WCONTINUED), desk.wait(-1)];
  },
  'signals whose default is to do nothing': (desk) => {
    const pid = desk.start('sleeper');
    for (const signal of [l.SIGCHLD, l.SIGCONT, 23, 28]) desk.sys.kill(pid, signal);
    desk.settle();
    return [desk.wait(pid), desk.sys.kill(pid, 0)];
  },
  'each signal that ends a process': (desk) =>
    [l.SIGHUP, l.SIGINT, l.SIGKILL, l.SIGUSR1, l.SIGUSR2, l.SIGALRM, l.SIGTERM, 34, 64].map((signal) => {
      const pid = desk.start('sleeper');
      desk.sys.kill(pid, signal);
      return desk.wait(pid, 0);
    }),
  'a process group': (desk) => {
    const pid = desk.start('sleeper', [], l.SPAWN_SETSID);
    const other = desk.start('sleeper');
    const results = [desk.wait(-pid), desk.wait(0), desk.sys.kill(-pid, l.SIGTERM), desk.wait(-pid, 0)];
    return [...results, desk.wait(-pid), desk.sys.kill(-pid, l.SIGTERM), desk.wait(other)];
  },
  'two that ended are told in the order of their start': (desk) => {
    const [first, second, third] = [desk.start('sleeper'), desk.start('sleeper'), desk.start('sleeper')];
    desk.sys.kill(third, l.SIGTERM);
    desk.settle();
    desk.sys.kill(first, l.SIGTERM);
    desk.settle();
    return [desk.wait(-1), desk.wait(-1), desk.wait(-1), desk.wait(second), desk.sys.takeSignals()];
  },
  'a pidfd through the life of its process': (desk) => {
    const pid = desk.start('sleeper');
    const fd = desk.sys.pidfd(pid) as Fd;
    const poll = (): unknown => desk.sys.poll([fd, l.POLLIN], 0);
    const before = poll();
    desk.sys.kill(pid, l.SIGTERM);
    desk.settle();
    const results = [before, poll(), isErrno(desk.sys.pidfd(pid)), desk.wait(pid), poll(), desk.sys.pidfd(pid)];
    desk.sys.close(fd);
    return results;
  },
  'the end of the only writer': (desk) => {
    const [from, to] = desk.sys.pipe(0) as readonly [Fd, Fd];
    const pid = desk.start('sleeper', [1, to]);
    desk.sys.close(to);
    const before = desk.sys.poll([from, l.POLLIN], 0);
    desk.sys.kill(pid, l.SIGKILL);
    desk.settle();
    const after = [desk.sys.poll([from, l.POLLIN], 0), desk.sys.read(from, 9), desk.wait(pid)];
    desk.sys.close(from);
    return [before, ...after];
  },
  'a reader that comes to the end of its input': (desk) => {
    const [from, to] = desk.sys.pipe(0) as readonly [Fd, Fd];
    const [nowhere, sink] = desk.sys.pipe(0) as readonly [Fd, Fd];
    const pid = desk.start('cat', [0, from, 1, sink]);
    desk.sys.close(from);
    const written = desk.sys.write(to, 'x'.repeat(1000));
    desk.settle();
    const before = desk.wait(pid);
    desk.sys.close(to);
    desk.settle();
    for (const fd of [nowhere, sink]) desk.sys.close(fd);
    return [written, before, desk.wait(pid)];
  },
  'a poll that SIGCHLD interrupts': (desk) => {
    const pid = desk.start('exit3WhenAwaited');
    const interrupted = desk.sys.poll([], 5000);
    return [interrupted, desk.sys.poll([desk.signals, l.POLLIN], 0), desk.sys.takeSignals(), desk.wait(pid)];
  },
  'the end of a process without a name for waitpid': (desk) => [desk.wait(-1), desk.wait(0), desk.wait(4_000_000)],
};

for (const [title, question] of Object.entries(QUESTIONS)) {
  test(`${title}: the same on both kernels`, () => {
    const answers = [realDesk(), virtualDesk()].map((desk) => {
      try {
        return question(desk);
      } finally {
        desk.finish();
      }
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]).toBeDefined();
  });
}
