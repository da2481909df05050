// Value files as runsv reads them, on the virtual kernel: when, how often, and what is no value.
import { describe, expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EIO, EMFILE } from '../../../../src/abi/errno.ts';
import { SIGQUIT } from '../../../../src/abi/signals.ts';
import { type Behaviour, type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const END_MS = 100_000;

const play = (kernel: VirtualKernel): Ending =>
  kernel.run(() => runsv.run(['runsv', '/svc']), { argv: ['runsv', '/svc'] });

type Files = Readonly<Record<string, string>>;

/** A service with these files; told to exit in the end. */
const world = (run: Behaviour, files: Files): VirtualKernel => {
  const kernel = new VirtualKernel({ trace: 4000 });
  kernel.user.program('/svc/run', run);
  for (const [name, text] of Object.entries(files)) kernel.user.file(`/svc/${name}`, text);
  kernel.at(END_MS, () => kernel.user.send('/svc/supervise/control', 'x'));
  return kernel;
};

const sendAt = (kernel: VirtualKernel, ms: number, letters: string): void =>
  void kernel.at(ms, () => kernel.user.send('/svc/supervise/control', letters));

const callsOf = (kernel: VirtualKernel, call: string): readonly string[] =>
  kernel.trace().flatMap((line) => (line.includes(` ${call}(`) ? [line.replace(/^.*? (\w+\()/, '$1')] : []));

const STUBBORN: Behaviour = { livesMs: 'forever', onTerm: 'ignore', on: { [SIGQUIT]: 'ignore' } };

/** When ./run had ended, seen every millisecond from `fromMs` on. */
const endOf = (kernel: VirtualKernel, fromMs: number, untilMs: number): (() => number) => {
  let endMs = -1;
  for (let ms = fromMs; ms < untilMs; ms++) {
    kernel.at(ms, () => {
      if (endMs < 0 && !kernel.live().some(({ key }) => key === '/svc/run')) endMs = ms;
    });
  }
  return () => endMs;
};

describe('a stop', () => {
  it('sends the signal of down-signal, then CONT, and KILL in time', () => {
    const kernel = world(STUBBORN, { 'down-signal': 'QUIT\n', 'timeout-kill': '1500\n' });
    sendAt(kernel, 3000, 'd');
    const ended = endOf(kernel, 3000, 6000);
    play(kernel);
    expect(callsOf(kernel, 'kill').map((line) => /, (\d+)\)/.exec(line)?.[1])).toEqual(['3', '18', '9']);
    expect(ended()).toBeGreaterThanOrEqual(4500);
    expect(ended()).toBeLessThan(4510);
  });

  it('has the deadline that the file says when it is requested', () => {
    const kernel = world(STUBBORN, { 'timeout-kill': '500\n' });
    kernel.at(2000, () => kernel.user.file('/svc/timeout-kill', '2000\n'));
    sendAt(kernel, 3000, 'd');
    const ended = endOf(kernel, 3000, 6000);
    play(kernel);
    expect(ended()).toBeGreaterThanOrEqual(5000);
  });

  it('is the same when a signal to runsv asks for it', () => {
    const kernel = world(STUBBORN, { 'timeout-kill': '500\n' });
    kernel.at(3000, () => kernel.kill(kernel.main.pid, 15));
    expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
    expect(kernel.nowMs).toBeLessThan(3600);
  });

  it('kills the process group only where ./run leads one for that', () => {
    const kills = (files: Files): readonly string[] => {
      const kernel = world(STUBBORN, { 'timeout-kill': '500\n', ...files });
      sendAt(kernel, 3000, 'd');
      play(kernel);
      return callsOf(kernel, 'kill').filter((line) => line.includes(', 9)'));
    };
    expect(kills({})).toHaveLength(1);
    const both = kills({ 'flag-timeout-killpg': '' });
    expect(both.map((line) => line.startsWith('kill(-'))).toEqual([true, false]);
    const spawned = (files: Files): number | undefined => {
      const kernel = world(STUBBORN, files);
      let session: number | undefined;
      kernel.at(1000, () => {
        session = kernel.live().find(({ key }) => key === '/svc/run')?.session;
      });
      play(kernel);
      return session;
    };
    expect(spawned({ 'flag-timeout-killpg': '' })).toBeGreaterThan(1);
    expect(spawned({})).not.toBe(spawned({ 'flag-timeout-killpg': '' }));
  });

  it('goes on after its runsv was killed, with the whole time', () => {
    const kernel = world(STUBBORN, { 'timeout-kill': '1000\n' });
    sendAt(kernel, 3000, 'd');
    kernel.at(3500, () => kernel.killMain());
    play(kernel);
    kernel.advance(100);
    const ended = endOf(kernel, 3600, 6000);
    play(kernel);
    expect(ended()).toBeGreaterThanOrEqual(4600);
    expect(ended()).toBeLessThan(4620);
  });

  it('kills the group of an adopted process, too', () => {
    const kernel = world(STUBBORN, { 'timeout-kill': '1000\n', 'flag-timeout-killpg': '' });
    kernel.at(2000, () => kernel.killMain());
    play(kernel);
    kernel.at(3000, () => kernel.user.send('/svc/supervise/control', 'd'));
    const ended = endOf(kernel, 3000, 6000);
    play(kernel);
    expect(callsOf(kernel, 'kill').some((line) => /^kill\(-\d+, 9\)/.test(line))).toBe(true);
    expect(ended()).toBeLessThan(4020);
  });

  it('of a log service is as ever', () => {
    const kernel = world({ livesMs: 'forever' }, {});
    kernel.user.program('/svc/log/run', { livesMs: 'forever' });
    kernel.user.file('/svc/log/down-signal', 'QUIT\n');
    kernel.at(3000, () => kernel.user.send('/svc/log/supervise/control', 't'));
    play(kernel);
    expect(callsOf(kernel, 'kill')[0]).toMatch(/, 15\)/);
  });
});

describe('./finish', () => {
  it('is killed when its time is over, also by a new runsv', () => {
    const kernel = world({ livesMs: 2000 }, { 'timeout-finish': '700\n', down: '' });
    kernel.user.program('/svc/finish', { livesMs: 'forever' });
    sendAt(kernel, 100, 'o');
    kernel.at(2300, () => kernel.killMain());
    play(kernel);
    let lives = false;
    kernel.at(2900, () => {
      lives = kernel.live().length === 1;
    });
    kernel.at(3100, () => kernel.user.send('/svc/supervise/control', 'x'));
    expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
    expect([lives, kernel.nowMs < 3200]).toEqual([true, true]);
  });
});

describe('what is no value', () => {
  const told = (kernel: VirtualKernel): readonly string[] =>
    kernel.stderr.text.split('\n').filter((line) => line !== '');

  it('is ignored, with one line a life of ./run', () => {
    const kernel = world({ livesMs: 'forever' }, { 'timeout-kill': '7s\n', restart: 'maybe\x1b\n' });
    for (const ms of [2000, 2100, 2200]) sendAt(kernel, ms, 'tp');
    sendAt(kernel, 2300, 'd');
    play(kernel);
    expect(new Set(told(kernel))).toEqual(
      new Set([
        "runsv /svc: warning: restart: not always, on-failure or never: 'maybe?', ignored",
        "runsv /svc: warning: timeout-kill: not a number of milliseconds: '7s', ignored",
      ]),
    );
    const starts = kernel.record('/svc/run').starts;
    expect(told(kernel).filter((line) => line.includes('restart')).length).toBe(starts);
  });

  it('may be a fifo or a directory, which nobody waits for', () => {
    const kernel = world({ livesMs: 'forever' }, {});
    kernel.user.fifo('/svc/down-signal');
    kernel.user.folder('/svc/restart-delay');
    sendAt(kernel, 2000, 'd');
    play(kernel);
    expect(told(kernel)).toEqual([
      expect.stringContaining('unable to read restart-delay, ignored: '),
      expect.stringContaining('unable to read down-signal, ignored: '),
    ]);
  });
});

describe('a restart policy', () => {
  const bad: Behaviour = { livesMs: 10, exit: 3 };
  const files = { 'restart-delay': '1000 2000 10000\n', 'restart-limit': '4\n' };
  const starts = (kernel: VirtualKernel): readonly number[] => {
    const ms: number[] = [];
    kernel.user.program('/svc/run', { ...bad, onStart: () => ms.push(kernel.nowMs) });
    return ms;
  };

  it('holds the distances between starts, and ends them', () => {
    const kernel = world(bad, files);
    const ms = starts(kernel);
    play(kernel);
    const gaps = ms.slice(1).map((each, at) => each - (ms[at] as number));
    expect(gaps).toHaveLength(3);
    for (const [at, whole] of [1000, 2000, 2000].entries()) {
      expect(gaps[at]).toBeGreaterThanOrEqual((whole * 7) / 8);
      expect(gaps[at]).toBeLessThan(whole + 50);
    }
    expect(kernel.stderr.text).toBe('runsv /svc: warning: failed: exit code 3, 4 failures in a row, not restarting\n');
  });

  it('is read before each start', () => {
    const kernel = world(bad, files);
    const ms = starts(kernel);
    kernel.at(50, () => kernel.user.file('/svc/restart-limit', '1\n'));
    play(kernel);
    expect(ms).toHaveLength(2);
    expect(kernel.stderr.text).toContain('failed: exit code 3, 2 failures in a row');
  });

  it('is given up when its files are removed', () => {
    const kernel = world(bad, { 'restart-limit': '3\n' });
    const ms = starts(kernel);
    kernel.at(50, () => void kernel.user.rename('/svc/restart-limit', '/svc/limit'));
    play(kernel);
    expect(ms.length).toBeGreaterThan(50);
  });

  it('stays while the directory cannot be read', () => {
    const kernel = world(bad, files);
    const ms = starts(kernel);
    kernel.at(500, () => void kernel.fault({ call: 'readdir', errno: EMFILE }));
    play(kernel);
    expect(ms).toHaveLength(4);
  });

  it('loses a value that cannot be read, and says so', () => {
    const kernel = world(bad, files);
    const ms = starts(kernel);
    kernel.fault({ call: 'open', errno: EIO, when: (path) => path.endsWith('restart-limit') });
    play(kernel);
    expect(ms.length).toBeGreaterThan(10);
    expect(kernel.stderr.text).toContain('unable to read restart-limit, ignored: ');
  });

  it('also decides about a ./run that another runsv has started', () => {
    const kernel = world({ livesMs: 3000, exit: 0 }, { restart: 'never\n' });
    kernel.at(1000, () => kernel.killMain());
    play(kernel);
    kernel.advance(10);
    play(kernel);
    expect(kernel.record('/svc/run').starts).toBe(1);
    expect(kernel.stderr.text).toContain('failed: exit code unknown, not restarting');
  });

  it('ends the container of an essential service, with its code', () => {
    const kernel = world(bad, { ...files, 'flag-essential': '' });
    expect(play(kernel)).toEqual({ how: 'exited', code: 125 });
    expect(kernel.user.read('/svc/supervise/exitcode')).toBe('3\n');
    expect(kernel.stderr.text).toBe('runsv /svc: warning: failed: exit code 3, 4 failures in a row\n');
  });

  it('counts on over supervisors', () => {
    const kernel = world(bad, files);
    const ms = starts(kernel);
    kernel.at(500, () => kernel.killMain());
    play(kernel);
    kernel.advance(10);
    play(kernel);
    expect(ms).toHaveLength(4);
    expect(kernel.stderr.text).toContain('exit code 3, 4 failures in a row');
  });

  it('holds what it has made of the service for the next supervisor of the same parent', () => {
    const kernel = world({ livesMs: 10, exit: 0 }, { restart: 'on-failure\n' });
    kernel.at(5000, () => kernel.killMain());
    play(kernel);
    kernel.advance(10);
    let state: string | null = null;
    kernel.at(10_000, () => {
      state = kernel.user.read('/svc/supervise/state.json');
    });
    play(kernel);
    expect(kernel.record('/svc/run').starts).toBe(1);
    expect(JSON.parse(state ?? '')).toMatchObject({ outcome: 'done', reason: 'exit code 0' });
  });

  it('is new to a supervisor of another parent', () => {
    const kernel = world({ livesMs: 10, exit: 0 }, { restart: 'on-failure\n' });
    kernel.at(5000, () => kernel.killMain());
    play(kernel);
    const state = kernel.user.read('/svc/supervise/state.json') ?? '';
    kernel.user.write('/svc/supervise/state.json', state.replace(/"parent":"[^"]*"/, '"parent":"9@9"'));
    play(kernel);
    expect(kernel.record('/svc/run').starts).toBe(2);
  });

  it('is forgotten with its files', () => {
    const kernel = world({ livesMs: 10, exit: 0 }, { restart: 'on-failure\n' });
    kernel.at(5000, () => kernel.killMain());
    play(kernel);
    kernel.user.rename('/svc/restart', '/svc/restarts');
    kernel.user.rename('/svc/restarts', '/svc/away');
    play(kernel);
    expect(kernel.record('/svc/run').starts).toBeGreaterThan(10);
  });
});

describe('an end by KILL', () => {
  it('may be for lack of memory where the count of the container has grown', () => {
    const kernel = world({ livesMs: 10, exit: { signal: 9 } }, { restart: 'never\n' });
    kernel.user.file('/sys/fs/cgroup/memory.events', 'oom_kill 1\n');
    let state: string | null = null;
    kernel.at(3000, () => {
      state = kernel.user.read('/svc/supervise/state.json');
    });
    play(kernel);
    expect(JSON.parse(state ?? '')).toMatchObject({ ooms: 1, last: { signal: 9, oom: 'possible' } });
  });
});
