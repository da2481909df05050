// Dependencies as runsv sees them, on the virtual kernel: what it waits for, whom it tells to start, and what strangers put there.
import { describe, expect, it } from 'vitest';
import '../../../../src/cold-order.ts';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EMFILE, ENOSYS } from '../../../../src/abi/errno.ts';
import { O_NONBLOCK, O_RDONLY } from '../../../../src/abi/flags.ts';
import { SIGKILL, SIGTERM } from '../../../../src/abi/signals.ts';
import { encodeStatus, type Status } from '../../../../src/formats/status.ts';
import { decodeState, encodeState, NEW_STATE, type SupervisorState } from '../../../../src/formats/state.ts';
import { type Behaviour, type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const LASTING: Behaviour = { livesMs: 'forever' };
const UP: Status = { sec: 5, nsec: 0, pid: 777, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const DOWN: Status = { ...UP, pid: 0, want: 'down', phase: 'down' };

/** Another service, whose runsv a test plays. */
class Other {
  readonly #kernel: VirtualKernel;
  readonly #dir: string;
  #fifos: { close(): void }[] = [];
  #control: { read(): string | number } | null = null;

  constructor(kernel: VirtualKernel, name: string) {
    this.#kernel = kernel;
    this.#dir = `/scan/${name}`;
    kernel.user.file(`${this.#dir}/run`, '');
  }

  file(name: string, text = ''): this {
    this.#kernel.user.file(`${this.#dir}/${name}`, text);
    return this;
  }

  supervise(): this {
    const { user } = this.#kernel;
    for (const name of ['ok', 'control']) {
      if (!user.exists(`${this.#dir}/supervise/${name}`)) user.fifo(`${this.#dir}/supervise/${name}`);
      const held = user.open(`${this.#dir}/supervise/${name}`, O_RDONLY | O_NONBLOCK);
      if (typeof held === 'number') throw new Error(`open: ${held}`);
      this.#fifos.push(held);
      if (name === 'control') this.#control = held;
    }
    return this;
  }

  says(status: Status, state: SupervisorState | null = null): this {
    const put = (name: string, text: string): void => {
      this.#kernel.user.file(`${this.#dir}/supervise/${name}.x`, text);
      this.#kernel.user.rename(`${this.#dir}/supervise/${name}.x`, `${this.#dir}/supervise/${name}`);
    };
    if (state !== null) put('state.json', encodeState(state));
    put('status', encodeStatus(status));
    return this;
  }

  dies(): void {
    for (const held of this.#fifos.splice(0)) held.close();
    this.#control = null;
  }

  /** The commands that came since the last call. */
  took(): string {
    const bytes = this.#control?.read() ?? '';
    return typeof bytes === 'string' ? bytes : '';
  }
}

const world = (dependencies: Readonly<Record<string, string>>): VirtualKernel => {
  const kernel = new VirtualKernel({ trace: 6000 });
  kernel.user.program('/scan/web/run', LASTING);
  for (const [name, text] of Object.entries(dependencies)) kernel.user.file(`/scan/web/dependencies.d/${name}`, text);
  return kernel;
};

const playFor = (kernel: VirtualKernel, ms: number): Ending => {
  kernel.after(ms, () => kernel.kill(kernel.main.pid, SIGTERM));
  return kernel.run(() => runsv.run(['runsv', '/scan/web']), { argv: ['runsv', '/scan/web'] });
};

const isUp = (kernel: VirtualKernel): boolean => kernel.live().some(({ key }) => key === '/scan/web/run');
const waitingIn = (kernel: VirtualKernel): readonly string[] =>
  decodeState(kernel.user.read('/scan/web/supervise/state.json') ?? '')?.waiting ?? [];
const warnings = (kernel: VirtualKernel): readonly string[] =>
  kernel.stderr.text.split('\n').filter((line) => line !== '');

/** What holds at these moments, in milliseconds. */
const sample = <T>(kernel: VirtualKernel, look: () => T, ...moments: readonly number[]): T[] => {
  const seen: T[] = [];
  for (const ms of moments) kernel.at(ms, () => void seen.push(look()));
  return seen;
};

describe('a service with dependencies', () => {
  it('starts at once where they are ready, and leaves no record', () => {
    const kernel = world({ db: '' });
    new Other(kernel, 'db').supervise().says(UP);
    const up = sample(kernel, () => isUp(kernel), 20);
    expect(playFor(kernel, 1000)).toEqual({ how: 'exited', code: 0 });
    expect([up, waitingIn(kernel), warnings(kernel)]).toEqual([[true], [], []]);
    expect(kernel.user.exists('/scan/web/supervise/state.json')).toBe(false);
    expect(kernel.openFds()).toEqual([]);
  });

  it('waits for what is down, tells it to start once, and starts with it', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says(DOWN);
    const told = sample(kernel, () => db.took(), 100, 900);
    const waiting = sample(kernel, () => waitingIn(kernel), 500, 1500);
    const up = sample(kernel, () => isUp(kernel), 900, 1100);
    kernel.at(1000, () => void db.says(UP));
    playFor(kernel, 2000);
    expect([told, waiting, up]).toEqual([
      ['u', ''],
      [['db'], []],
      [false, true],
    ]);
  });

  it('sleeps while it waits', () => {
    const kernel = world({ db: '' });
    new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    const steps = sample(kernel, () => kernel.steps, 1000, 50_000);
    playFor(kernel, 60_000);
    expect(steps[1]).toBe(steps[0]);
  });

  it('learns of one that is missing, and of its runsv', () => {
    const kernel = world({ db: '' });
    const made: Other[] = [];
    const up = sample(kernel, () => isUp(kernel), 900, 1400, 2100);
    kernel.at(1000, () => void made.push(new Other(kernel, 'db')));
    kernel.at(1500, () => void made[0]?.supervise().says(DOWN));
    const told = sample(kernel, () => made[0]?.took(), 1900);
    kernel.at(2000, () => void made[0]?.says(UP));
    playFor(kernel, 3000);
    expect([up, told]).toEqual([[false, false, true], ['u']]);
    expect(warnings(kernel)).toEqual(['runsv /scan/web: warning: waiting for db, which is not in /scan']);
  });

  it('learns of one whose runsv came together with a command', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db');
    // the command is read first, and looks at db before the events of its runsv are taken
    kernel.at(1000, () => {
      db.supervise().says({ ...DOWN, want: 'up' });
      kernel.user.write('/scan/web/supervise/control', 'u');
    });
    kernel.at(2000, () => void db.says(UP));
    const up = sample(kernel, () => isUp(kernel), 1900, 2100);
    playFor(kernel, 3000);
    expect(up).toEqual([false, true]);
  });

  it('goes on waiting when the runsv of one dies', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    kernel.at(500, () => db.dies());
    kernel.at(1000, () => void db.says(UP));
    kernel.at(1500, () => void db.supervise());
    const up = sample(kernel, () => isUp(kernel), 1400, 1600);
    playFor(kernel, 2000);
    expect(up).toEqual([false, true]);
  });

  it('looks again and again where the kernel has no inotify', () => {
    const kernel = world({ db: '' });
    kernel.fault({ call: 'inotify', errno: ENOSYS });
    const db = new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    kernel.at(1000, () => void db.says(UP));
    const up = sample(kernel, () => isUp(kernel), 900, 3000);
    playFor(kernel, 4000);
    expect(up).toEqual([false, true]);
  });

  it('believes ready where a service can tell, and done', () => {
    const kernel = world({ db: '', migrate: '' });
    const state: SupervisorState = { ...NEW_STATE, pid: 777, by: 'fd', ready: false };
    const db = new Other(kernel, 'db').supervise().says(UP, state);
    new Other(kernel, 'migrate').supervise().says(DOWN, { ...NEW_STATE, outcome: 'done', reason: 'exit code 0' });
    const waiting = sample(kernel, () => waitingIn(kernel), 500);
    kernel.at(1000, () => void db.says(UP, { ...state, ready: true, readyAt: '2026-01-01T00:00:00.000Z' }));
    const up = sample(kernel, () => isUp(kernel), 900, 1100);
    playFor(kernel, 2000);
    expect([waiting, up]).toEqual([[['db']], [false, true]]);
  });

  it('asks ./check where a service has nothing else to tell by, again and again', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says(UP);
    let asked = 0;
    kernel.user.program('/scan/db/check', () => ({ livesMs: 5, exit: ++asked < 4 ? 1 : 0 }));
    const up = sample(kernel, () => isUp(kernel), 900, 4000);
    playFor(kernel, 5000);
    expect([up, asked]).toEqual([[false, true], 4]);
    expect(db.took()).toBe('');
  });

  it('kills a ./check that hangs, and one that is not needed any more', () => {
    const kernel = world({ db: '' });
    new Other(kernel, 'db').supervise().says(UP);
    kernel.user.program('/scan/db/check', { livesMs: 'forever', onTerm: 'ignore' });
    const checks = sample(
      kernel,
      () => kernel.live().filter(({ key }) => key === '/scan/db/check').length,
      100,
      10_100,
      12_000,
    );
    playFor(kernel, 13_000);
    expect(checks).toEqual([1, 0, 1]);
    expect(kernel.live().filter(({ key }) => key === '/scan/db/check')).toEqual([]);
  });

  it('obeys down and exit while it waits', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    kernel.at(500, () => kernel.user.send('/scan/web/supervise/control', 'd'));
    kernel.at(600, () => void db.says(UP));
    const up = sample(kernel, () => [isUp(kernel), waitingIn(kernel).length], 550, 1000);
    expect(playFor(kernel, 2000)).toEqual({ how: 'exited', code: 0 });
    expect(up).toEqual([
      [false, 0],
      [false, 0],
    ]);
  });

  it('does not tell its dependencies to start when it starts again by itself, but for a command', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says(UP);
    kernel.at(1000, () => void db.says(DOWN));
    kernel.at(2000, () => kernel.kill(kernel.live().find(({ key }) => key === '/scan/web/run')?.pid ?? 0, SIGKILL));
    const told = sample(kernel, () => db.took(), 2900, 3100, 4100);
    const waiting = sample(kernel, () => waitingIn(kernel), 2900);
    kernel.at(3000, () => kernel.user.send('/scan/web/supervise/control', 'u'));
    kernel.at(3500, () => void db.says(UP));
    kernel.at(3800, () => void db.says(DOWN));
    kernel.at(4000, () => kernel.user.send('/scan/web/supervise/control', 'u'));
    playFor(kernel, 5000);
    expect([told, waiting]).toEqual([['', 'u', 'u'], [['db']]]);
  });

  it('leaves out what is optional and will not come, and never tells it to start', () => {
    const kernel = world({ db: 'optional\n', gone: 'optional\n', cache: 'optional' });
    const db = new Other(kernel, 'db').supervise().says(DOWN);
    new Other(kernel, 'cache').file('down');
    const up = sample(kernel, () => isUp(kernel), 100);
    playFor(kernel, 1000);
    expect([up, db.took(), warnings(kernel)]).toEqual([[true], '', []]);
  });

  it('ends with one that has the word restart, and starts when that is ready again', () => {
    const kernel = world({ db: 'restart', cache: '' });
    const db = new Other(kernel, 'db').supervise().says(UP);
    new Other(kernel, 'cache').supervise().says(UP);
    kernel.at(2000, () => void db.says({ ...DOWN, want: 'up' }));
    kernel.at(4000, () => void db.says({ ...UP, pid: 778 }));
    const up = sample(kernel, () => isUp(kernel), 1900, 2100, 3900, 4100);
    playFor(kernel, 5000);
    expect(up).toEqual([true, false, false, true]);
    expect(kernel.user.read('/scan/web/supervise/history.jsonl')).toContain('"cause":"dependency"');
  });

  it('follows one with the word restart for a process that was adopted', () => {
    const kernel = world({ db: 'restart' });
    const db = new Other(kernel, 'db').supervise().says(UP);
    kernel.at(1000, () => kernel.killMain());
    kernel.run(() => runsv.run(['runsv', '/scan/web']), { argv: ['runsv', '/scan/web'] });
    kernel.after(1000, () => void db.says({ ...UP, pid: 778 }));
    const pids: number[] = [];
    kernel.after(900, () => void pids.push(kernel.live().find(({ key }) => key === '/scan/web/run')?.pid ?? 0));
    kernel.after(3000, () => void pids.push(kernel.live().find(({ key }) => key === '/scan/web/run')?.pid ?? 0));
    playFor(kernel, 4000);
    expect(pids[0]).toBeGreaterThan(0);
    expect(pids[1]).toBeGreaterThan(0);
    expect(pids[1]).not.toBe(pids[0]);
  });

  it('drops an edge that lies on a cycle through itself, and tells it once', () => {
    const kernel = world({ db: '', web: '' });
    new Other(kernel, 'db').file('dependencies.d/cache').supervise().says(DOWN);
    new Other(kernel, 'cache').file('dependencies.d/web');
    const up = sample(kernel, () => isUp(kernel), 100);
    kernel.at(2000, () => kernel.kill(kernel.live().find(({ key }) => key === '/scan/web/run')?.pid ?? 0, SIGKILL));
    playFor(kernel, 5000);
    expect(up).toEqual([true]);
    expect(warnings(kernel)).toEqual([
      'runsv /scan/web: warning: web -> db -> cache -> web is a cycle of dependencies, not waiting for db',
      'runsv /scan/web: warning: web -> web is a cycle of dependencies, not waiting for web',
    ]);
  });

  it('takes words that mean nothing for none', () => {
    const kernel = world({ db: 'option restart\n' });
    new Other(kernel, 'db').supervise().says(UP);
    playFor(kernel, 1000);
    expect(warnings(kernel)).toEqual([
      "runsv /scan/web: warning: dependencies.d/db: not optional or restart: 'option', ignored",
    ]);
  });

  it('writes to nothing but a fifo of the service, whatever a stranger puts there', () => {
    const kernel = world({ db: '', cache: '' });
    const db = new Other(kernel, 'db').supervise().says(DOWN);
    db.took();
    kernel.user.remove('/scan/db/supervise/control');
    kernel.user.file('/scan/db/supervise/control', 'mine');
    new Other(kernel, 'cache').supervise().says(DOWN);
    kernel.user.remove('/scan/cache/supervise/control');
    kernel.user.symlink('/scan/secret', '/scan/cache/supervise/control');
    kernel.user.file('/scan/secret', 'text');
    playFor(kernel, 1000);
    expect(kernel.user.read('/scan/db/supervise/control')).toBe('mine');
    expect(kernel.user.read('/scan/secret')).toBe('text');
    expect(warnings(kernel).filter((line) => line.includes('unable to tell'))).toHaveLength(2);
  });

  it('starts in the end although descriptors run out for a while', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    kernel.at(400, () => {
      const fault = kernel.fault({ call: 'open', errno: EMFILE });
      kernel.at(3000, () => fault.off());
    });
    kernel.at(500, () => void db.says(UP));
    const up = sample(kernel, () => isUp(kernel), 12_000);
    playFor(kernel, 13_000);
    expect(up).toEqual([true]);
  });

  it('waits on when a killed runsv is replaced', () => {
    const kernel = world({ db: '' });
    const db = new Other(kernel, 'db').supervise().says({ ...DOWN, want: 'up' });
    kernel.at(1000, () => kernel.killMain());
    kernel.run(() => runsv.run(['runsv', '/scan/web']), { argv: ['runsv', '/scan/web'] });
    kernel.after(1000, () => void db.says(UP));
    const seen: boolean[] = [];
    for (const ms of [900, 1100]) kernel.after(ms, () => void seen.push(isUp(kernel)));
    playFor(kernel, 2000);
    expect(seen).toEqual([false, true]);
  });
});

describe('a service without dependencies', () => {
  it('reads its directory once a start, and nothing beside', () => {
    const kernel = world({});
    new Other(kernel, 'db').supervise().says(DOWN);
    kernel.at(2000, () => kernel.kill(kernel.live().find(({ key }) => key === '/scan/web/run')?.pid ?? 0, SIGKILL));
    playFor(kernel, 5000);
    const calls = (name: string): number => kernel.trace().filter((line) => line.includes(` ${name}(`)).length;
    expect([calls('spawn'), calls('readdir'), calls('inotify'), calls('readlink')]).toEqual([2, 2, 0, 0]);
    expect(kernel.trace().some((line) => line.includes('/scan/db'))).toBe(false);
  });
});
