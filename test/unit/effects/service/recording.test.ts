// supervise/state.json and history.jsonl, as runsv writes them on the virtual kernel: when they are made, what they hold, and
// what becomes of them where runsv is killed, the disk is full, or somebody else owns them.
import { describe, expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EACCES, ENOSPC } from '../../../../src/abi/errno.ts';
import { SIGKILL, SIGTERM } from '../../../../src/abi/signals.ts';
import { decodeHistory, encodeEvent } from '../../../../src/formats/history.ts';
import { decodeState, encodeState, NEW_STATE, type SupervisorState, withStart } from '../../../../src/formats/state.ts';
import { historyTroubles, type Seen, stateTroubles } from '../../../lib/history.ts';
import { type Behaviour, type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const HISTORY = '/svc/supervise/history.jsonl';
const STATE = '/svc/supervise/state.json';
const NOBODY = 65534;

const play = (kernel: VirtualKernel): Ending => kernel.run(() => runsv.run(['runsv', '/svc']));

/** Plays until TERM, after so many milliseconds. */
const playFor = (kernel: VirtualKernel, ms: number): void => {
  kernel.after(ms, () => kernel.kill(kernel.main.pid, SIGTERM));
  expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
};

/** A service whose lives are these, the last one again and again. */
const service = (...lives: readonly Behaviour[]): VirtualKernel => {
  const kernel = new VirtualKernel();
  let life = 0;
  kernel.user.program('/svc/run', () => lives[Math.min(life++, lives.length - 1)] as Behaviour);
  return kernel;
};

const LASTING: Behaviour = { livesMs: 'forever' };
const SHORT: Behaviour = { livesMs: 200, exit: 1 };

const events = (kernel: VirtualKernel, path = HISTORY): readonly string[] =>
  decodeHistory(kernel.user.read(path) ?? '').map(({ n, event, members }) =>
    [n, event, ...['code', 'signal', 'by', 'cause', 'why', 'lost'].map((name) => members[name])]
      .filter((word) => word !== undefined)
      .map(String)
      .join(' '),
  );

const state = (kernel: VirtualKernel, path = STATE): SupervisorState => {
  const decoded = decodeState(kernel.user.read(path) ?? '');
  if (decoded === null) throw new Error(`no ${path}`);
  return decoded;
};

const names = (kernel: VirtualKernel, dir = '/svc'): readonly string[] =>
  kernel.user
    .names(`${dir}/supervise`)
    .filter((name) => name.includes('json'))
    .sort();

const hasRecords = (kernel: VirtualKernel): readonly boolean[] =>
  [HISTORY, STATE].map((path) => kernel.user.exists(path));

describe('a service', () => {
  it('has no records as long as it ends on request only', () => {
    const kernel = service(LASTING);
    kernel.at(2000, () => kernel.user.send('/svc/supervise/control', 't'));
    kernel.at(4000, () => kernel.user.send('/svc/supervise/control', 'd'));
    kernel.at(6000, () => kernel.user.send('/svc/supervise/control', 'o'));
    kernel.at(8000, () => kernel.user.send('/svc/supervise/control', 'k'));
    playFor(kernel, 10_000);
    expect(hasRecords(kernel)).toEqual([false, false]);
  });

  it('has none where it was started once and did its work', () => {
    const kernel = service({ livesMs: 100 });
    kernel.user.file('/svc/down');
    kernel.at(1000, () => kernel.user.send('/svc/supervise/control', 'o'));
    playFor(kernel, 3000);
    expect(hasRecords(kernel)).toEqual([false, false]);
  });

  it('has them from its first unexpected exit on', () => {
    const kernel = service({ livesMs: 1500, exit: { signal: 11 } }, SHORT, LASTING);
    kernel.at(2000, () =>
      expect(state(kernel)).toMatchObject({ starts: 2, failures: 2, consecutiveFailures: 2, pid: 0 }),
    );
    kernel.at(9000, () => {
      const pid = Number(kernel.user.read('/svc/supervise/pid'));
      expect(state(kernel)).toMatchObject({ starts: 2, pid: 0 });
      expect(withStart(state(kernel), pid)).toMatchObject({
        starts: 3,
        failures: 2,
        consecutiveFailures: 2,
        next: null,
      });
    });
    playFor(kernel, 10_000);
    expect(events(kernel)).toEqual([
      '1 ended SEGV exit',
      '2 started',
      '3 ended 1 exit',
      '4 waiting delay',
      '5 started',
      '6 stopping TERM exit',
      '7 ended TERM asked',
    ]);
    expect(state(kernel)).toMatchObject({ pid: 0, starts: 3, failures: 2, consecutiveFailures: 0 });
    expect(kernel.user.names('/svc/supervise').filter((name) => /json/.test(name))).toEqual([
      'history.jsonl',
      'state.json',
    ]);
  });

  it('writes state.json once a crash: its next start is seen in status', () => {
    const kernel = service(SHORT);
    const written: string[] = [];
    let before = '';
    for (let ms = 1050; ms < 5000; ms += 100) {
      kernel.at(ms, () => {
        const text = kernel.user.read(STATE) ?? '';
        if (text !== before) written.push(text);
        before = text;
      });
    }
    playFor(kernel, 5000);
    expect(written.map((text) => decodeState(text)?.starts)).toEqual([1, 2, 3, 4]);
  });

  it('has them where ./run cannot be executed, and where ./finish fails', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/svc/run', '', 0o644);
    kernel.user.program('/svc/finish', { livesMs: 5, exit: 4 });
    playFor(kernel, 500);
    expect(events(kernel)).toEqual(['1 ended 111 exit', '2 finished 4', '3 waiting delay']);
    expect(state(kernel)).toMatchObject({ starts: 1, failures: 1, last: { pid: 0, code: 111 } });
  });

  it('tells a refused fork once, however often it is tried', () => {
    const kernel = service(SHORT, LASTING);
    const fault = kernel.fault({ call: 'spawn', errno: 11, when: () => kernel.nowMs > 1000 });
    kernel.at(5000, () => fault.off());
    playFor(kernel, 7000);
    expect(events(kernel).slice(0, 4)).toEqual(['1 ended 1 exit', '2 waiting delay', '3 waiting fork', '4 started']);
  });
});

describe('a log service', () => {
  const logged = (): VirtualKernel => {
    const kernel = service(LASTING);
    kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
    kernel.at(2000, () => kernel.kill(kernel.live().find(({ key }) => key === '/svc/log/run')?.pid ?? 0, SIGKILL));
    return kernel;
  };

  it('has records of its own', () => {
    const kernel = logged();
    playFor(kernel, 4000);
    expect(hasRecords(kernel)).toEqual([false, false]);
    expect(events(kernel, '/svc/log/supervise/history.jsonl')).toEqual([
      '1 ended KILL exit',
      '2 started',
      '3 ended 0 asked',
    ]);
    expect(state(kernel, '/svc/log/supervise/state.json')).toMatchObject({ starts: 2, failures: 1 });
  });

  it('that was replaced leaves its records where they are', () => {
    const kernel = logged();
    kernel.at(3000, () => {
      kernel.user.rename('/svc/log', '/svc/old');
      kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
      kernel.user.send('/svc/supervise/control', 't');
    });
    playFor(kernel, 8000);
    expect(events(kernel, '/svc/old/supervise/history.jsonl')).toEqual(['1 ended KILL exit', '2 started']);
    expect(names(kernel, '/svc/log')).toEqual([]);
  });
});

describe('the next runsv', () => {
  it('continues the counters and the numbers, with a process that it starts or adopts', () => {
    const kernel = service(SHORT, LASTING);
    playFor(kernel, 3000);
    const before = events(kernel);
    kernel.after(2000, () => kernel.killMain());
    play(kernel);
    expect(events(kernel)).toEqual([...before, '6 started']);
    kernel.after(2000, () => kernel.kill(kernel.live()[0]?.pid ?? 0, SIGKILL));
    playFor(kernel, 5000);
    expect(events(kernel).slice(before.length)).toEqual([
      '6 started',
      '7 ended null exit',
      '8 started',
      '9 stopping TERM exit',
      '10 ended TERM asked',
    ]);
    expect(state(kernel)).toMatchObject({ starts: 4, failures: 2 });
  });

  it('makes nothing of what somebody else can have written, and writes files of its own', () => {
    const kernel = service(SHORT, LASTING);
    playFor(kernel, 500);
    kernel.user.file(STATE, '{"starts":77,"failures":70}\n');
    kernel.user.file(HISTORY, '{"at":"x","n":55,"event":"lie"}\n');
    for (const path of [STATE, HISTORY]) kernel.user.chown(path, NOBODY);
    kernel.after(1500, () => kernel.kill(kernel.live()[0]?.pid ?? 0, SIGKILL));
    playFor(kernel, 2500);
    expect(events(kernel).slice(0, 2)).toEqual(['1 ended KILL exit', '2 started']);
    expect(state(kernel)).toMatchObject({ starts: 2, failures: 1 });
  });

  it('takes a directory in the place of a file for what cannot be written, and says so once', () => {
    const kernel = service(SHORT, LASTING);
    kernel.user.folder(STATE);
    kernel.user.folder(HISTORY);
    playFor(kernel, 4000);
    expect(names(kernel)).toEqual(['history.jsonl', 'state.json']);
    expect(kernel.stderr.text).toMatch(/^runsv \/svc: warning: unable to replace supervise\/state.json: .*\n$/);
  });
});

describe('a service that ends for good', () => {
  const ended = (path: string): VirtualKernel => {
    const kernel = service(SHORT, LASTING);
    kernel.at(3000, () => kernel.user.rename(path, `${path}.gone`));
    playFor(kernel, 4000);
    return kernel;
  };

  it('leaves its records for later', () => {
    expect(names(ended('/svc/check'))).toEqual(['history.jsonl', 'state.json']);
  });

  it('leaves none where it was removed, so that a package which is purged leaves nothing', () => {
    const known = 'control lock ok pid stat status'.split(' ');
    expect([...ended('/svc/run').user.names('/svc/supervise')].sort()).toEqual(known);
  });
});

describe('what cannot be written', () => {
  it('to the history is lost, and counted in the next line', () => {
    const kernel = service(SHORT);
    kernel.at(1100, () => void kernel.fault({ call: 'write', errno: ENOSPC, times: 3 }));
    playFor(kernel, 4000);
    const told = events(kernel);
    expect(told.slice(0, 2)).toEqual(['1 ended 1 exit', '2 waiting delay']);
    expect(told[2]).toMatch(/^[4-7] \w+ .*[1-3]$/);
    expect(historyTroubles(kernel.user.read(HISTORY), new Map())).toEqual([]);
  });

  it('where the file may not be opened, too', () => {
    const kernel = service(SHORT);
    const fault = kernel.fault({ call: 'open', errno: EACCES, when: (path) => path.endsWith('history.jsonl') });
    kernel.at(1100, () => fault.off());
    playFor(kernel, 2000);
    expect(events(kernel)[0]).toMatch(/^3 started 2$/);
  });

  it('whole is taken back', () => {
    const kernel = service(SHORT);
    kernel.at(1100, () => (kernel.mount().freeBytes = 30));
    kernel.at(1600, () => {
      expect(kernel.user.read(HISTORY)).toMatch(/\n$/);
      kernel.mount().freeBytes = 1e6;
    });
    playFor(kernel, 4000);
    expect(historyTroubles(kernel.user.read(HISTORY), new Map())).toEqual([]);
    expect(events(kernel).join('\n')).toMatch(/ \d+$/m);
    expect(state(kernel)).toMatchObject({ starts: 4, failures: 4 });
  });

  it('to state.json is tried again each second', () => {
    const kernel = service(SHORT, LASTING);
    const fault = kernel.fault({ call: 'open', errno: ENOSPC, when: (path) => path.includes('state.json.new') });
    kernel.at(3500, () => {
      expect(kernel.user.exists(STATE)).toBe(false);
      fault.off();
    });
    kernel.at(4600, () => expect(state(kernel)).toMatchObject({ starts: 2, failures: 1 }));
    playFor(kernel, 5000);
    expect(kernel.stderr.text).toBe('runsv /svc: warning: unable to replace supervise/state.json: out of disk space\n');
  });
});

it('a torn last line goes with the next event', () => {
  const kernel = service(SHORT, LASTING);
  playFor(kernel, 3000);
  const whole = kernel.user.read(HISTORY) ?? '';
  kernel.user.write(HISTORY, `${whole}{"at":"2026-11-2`);
  playFor(kernel, 2000);
  expect(kernel.user.read(HISTORY)?.startsWith(`${whole}{"at":`)).toBe(true);
  expect(events(kernel).slice(-3)).toEqual(['6 started', '7 stopping TERM exit', '8 ended TERM asked']);
  expect(historyTroubles(kernel.user.read(HISTORY), new Map())).toEqual([]);
});

it('a thousand restarts leave at most 8 KiB', () => {
  const kernel = service(SHORT);
  const seen: Seen = new Map();
  const troubles: string[] = [];
  for (let second = 1; second < 1000; second += 7) {
    kernel.at(second * 1000 + 700, () => troubles.push(...historyTroubles(kernel.user.read(HISTORY), seen)));
  }
  playFor(kernel, 1_210_000);
  expect(troubles).toEqual([]);
  expect(state(kernel).starts).toBeGreaterThan(1000);
  expect(events(kernel).length).toBeGreaterThan(40);
});

/** A history that the next event makes too long. */
const FULL = Array.from({ length: 100 }, (_, n) =>
  encodeEvent({ at: '2026-11-27T11:52:59.871Z', n: n + 1, lost: 0 }, { event: 'started', pid: 1000 + n }),
).join('');

/** A service that crashes; `text`: what its history holds already. */
const crashing = (text: string): VirtualKernel => {
  const kernel = service(SHORT);
  playFor(kernel, 100);
  if (text === '') return kernel;
  kernel.user.file(HISTORY, text);
  kernel.user.file(STATE, encodeState({ ...NEW_STATE, starts: 100, failures: 99 }));
  return kernel;
};

/** The number of the system call before which runsv has nothing to record, and of its last one. */
const callsOf = (text: string): { readonly first: number; readonly last: number } => {
  const kernel = crashing(text);
  let first = 0;
  kernel.after(150, () => (first = kernel.steps));
  playFor(kernel, 1800);
  return { first, last: kernel.steps };
};

it.each([
  ['first', ''],
  ['last', FULL],
])(
  'a kill -9 before any system call, at the %s lines of a history, leaves no torn file and no number twice',
  (_, text) => {
    const { first, last } = callsOf(text);
    const failures: string[] = [];
    for (let step = first; step <= last; step++) {
      const kernel = crashing(text);
      const seen: Seen = new Map();
      const look = (): readonly string[] => [
        ...historyTroubles(kernel.user.read(HISTORY), seen),
        ...stateTroubles(kernel.user.read(STATE)),
      ];
      const troubles = [...look()];
      kernel.killMainAt(step);
      kernel.after(3000, () => kernel.kill(kernel.main.pid, SIGTERM));
      play(kernel);
      troubles.push(...look());
      playFor(kernel, 3000);
      troubles.push(...look());
      failures.push(...troubles.map((trouble) => `killed before call ${step}: ${trouble}`));
    }
    expect(last - first).toBeGreaterThan(60);
    expect(failures).toEqual([]);
  },
);
