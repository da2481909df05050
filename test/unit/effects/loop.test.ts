// The loop by itself, on the virtual kernel: descriptors, timers, children and signals.
import { expect, it } from 'vitest';
import { type Loop, newLoop, newTimer, reap, setTimer, turn, unwatch, watch } from '../../../src/effects/loop.ts';
import { ECHILD } from '../../../src/abi/errno.ts';
import { SIGCHLD, SIGHUP, SIGTERM } from '../../../src/abi/signals.ts';
import { type Fd, isErrno } from '../../../src/host/calls.ts';
import { monotonicMs } from '../../../src/host/clock.ts';
import { sys } from '../../../src/host/sys.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

/** What was called, in order. */
type Calls = string[];

const play = (body: (loop: Loop, calls: Calls, kernel: VirtualKernel) => void): Calls => {
  const kernel = new VirtualKernel();
  const calls: Calls = [];
  const ending = kernel.run(() => {
    const signals = sys.catchSignals([SIGCHLD, SIGTERM, SIGHUP]) as Fd;
    body(
      newLoop(signals, (taken) => calls.push(`signals ${taken.join(' ')}`)),
      calls,
      kernel,
    );
    return 0;
  });
  expect(ending).toEqual({ how: 'exited', code: 0 });
  return calls;
};

/** A pipe with a byte in it. */
const readable = (): Fd => {
  const ends = sys.pipe(0);
  if (isErrno(ends)) throw new Error('no pipe');
  sys.write(ends[1], 'x');
  return ends[0];
};

it('calls whoever watches a descriptor in each turn, until that is taken back', () => {
  const calls = play((loop, told) => {
    const [one, other] = [readable(), readable()];
    watch(loop, one, () => told.push('one'));
    watch(loop, other, () => told.push('other'));
    turn(loop, null);
    unwatch(loop, one);
    turn(loop, null);
  });
  expect(calls).toEqual(['one', 'other', 'other']);
});

it('does not call a handler that another one of the same turn has taken back', () => {
  const calls = play((loop, told) => {
    const [one, other] = [readable(), readable()];
    watch(loop, one, () => unwatch(loop, other));
    watch(loop, other, () => told.push('other'));
    turn(loop, null);
  });
  expect(calls).toEqual([]);
});

it('takes back what was never watched without a word', () => {
  expect(play((loop) => unwatch(loop, 77 as Fd))).toEqual([]);
});

it('runs timers in the order of their moments, and none that was taken back', () => {
  const calls = play((loop, told) => {
    const startMs = monotonicMs();
    const timers = [30, 10, 20, 15].map((ms) => {
      const timer = newTimer((nowMs) => told.push(`${ms} at ${Math.floor(nowMs - startMs)}`));
      setTimer(loop, timer, startMs + ms);
      return timer;
    });
    setTimer(loop, timers[3] as (typeof timers)[0], null);
    setTimer(loop, timers[0] as (typeof timers)[0], startMs + 5);
    while (loop.timers.length > 0) turn(loop, null);
  });
  expect(calls).toEqual(['30 at 5', '10 at 10', '20 at 20']);
});

it('gives descriptors their turn where a timer is due again at once', () => {
  const calls = play((loop, told) => {
    const again = newTimer((nowMs) => {
      told.push('timer');
      setTimer(loop, again, nowMs);
    });
    setTimer(loop, again, 0);
    watch(loop, readable(), () => told.push('fd'));
    turn(loop, null);
    turn(loop, null);
  });
  expect(calls).toEqual(['fd', 'timer', 'fd', 'timer']);
});

it('returns at the deadline that it is given, and at a timer before that', () => {
  play((loop) => {
    const startMs = monotonicMs();
    turn(loop, startMs + 50);
    expect(Math.floor(monotonicMs() - startMs)).toBe(50);
    setTimer(
      loop,
      newTimer(() => undefined),
      startMs + 70,
    );
    turn(loop, startMs + 1000);
    expect(Math.floor(monotonicMs() - startMs)).toBe(70);
  });
});

it('tells of signals, also of those that end the wait', () => {
  const calls = play((loop, _, kernel) => {
    kernel.after(10, () => {
      kernel.kill(kernel.main.pid, SIGHUP);
      kernel.kill(kernel.main.pid, SIGTERM);
    });
    turn(loop, monotonicMs() + 1000);
  });
  expect(calls).toEqual([`signals ${SIGHUP} ${SIGTERM}`]);
});

it('hands each child that has ended to its own handler, and says whether any is left', () => {
  const calls = play((loop, told, kernel) => {
    kernel.user.program('/bin/fails', { livesMs: 5, exit: 3 });
    kernel.user.program('/bin/stays', { livesMs: 'forever' });
    const spawn = (path: string): number => sys.spawn(path, [path], [], '', [], 0, -1 as Fd, '');
    const [known, strange, stays] = [spawn('/bin/fails'), spawn('/bin/fails'), spawn('/bin/stays')];
    loop.children.set(known, {
      loop,
      childEnded: (pid, wait) => told.push(`known ${pid === known} ${wait >> 8}`),
    });
    const others = (pid: number): unknown => told.push(`strange ${pid === strange}`);
    turn(loop, monotonicMs() + 100);
    expect(reap(loop, others)).toBe(true);
    expect(loop.children.size).toBe(0);
    sys.kill(stays, 9);
    turn(loop, null);
    expect(reap(loop, () => undefined)).toBe(false);
    expect(sys.waitpid(-1, 0)).toBe(-ECHILD);
  });
  expect(calls).toEqual([`signals ${SIGCHLD}`, 'known true 3', 'strange true', `signals ${SIGCHLD}`]);
});
