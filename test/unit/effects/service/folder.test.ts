// Services in any folder, not only the current directory: several in one process, by the handlers that runsv has for its one.
import { expect, it } from 'vitest';
import { SIGCHLD, SIGKILL, SIGTERM } from '../../../../src/abi/signals.ts';
import { newLoop, reap, turn } from '../../../../src/effects/loop.ts';
import { orFatal, diagnosticsOf } from '../../../../src/effects/diagnostics.ts';
import type { LivePair } from '../../../../src/effects/service/pair.ts';
import { exitService, superviseService, tidy } from '../../../../src/effects/service/supervisor.ts';
import type { Fd } from '../../../../src/host/calls.ts';
import { sys } from '../../../../src/host/sys.ts';
import { type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

/** Supervises services in these folders until TERM, from the root directory. */
const supervise = (folders: readonly string[]): number => {
  const services: LivePair[] = [];
  const voice = diagnosticsOf('test');
  return orFatal(voice, () => {
    const loop = newLoop(sys.catchSignals([SIGCHLD, SIGTERM]) as Fd, (signals) => {
      if (signals.includes(SIGCHLD)) reap(loop, () => undefined);
      if (signals.includes(SIGTERM)) services.forEach(exitService);
    });
    for (const folder of folders) superviseService(loop, voice, folder, '', (live) => services.push(live));
    while (services.some(({ pair }) => !pair.done)) turn(loop, null);
    services.forEach(tidy);
    return 0;
  });
};

const play = (kernel: VirtualKernel, ...folders: string[]): Ending => kernel.run(() => supervise(folders));

const end = (kernel: VirtualKernel, ms: number): void => {
  kernel.at(ms, () => kernel.kill(kernel.main.pid, SIGTERM));
};

const service = (kernel: VirtualKernel, name: string): void => {
  kernel.user.program(`/svc/${name}/run`, { livesMs: 'forever', writes: [{ bytes: `${name}\n` }] });
  kernel.user.program(`/svc/${name}/finish`, { livesMs: 1 });
  kernel.user.program(`/svc/${name}/log/run`, { readsStdinUntilEof: true, keepsInput: true });
};

const NAMES = ['a', 'b'];

it.each([
  ['absolute', '/svc/'],
  ['relative', 'svc/'],
])('many live in one process, each with its log, by %s paths', (_, scan) => {
  const kernel = new VirtualKernel();
  for (const name of NAMES) service(kernel, name);
  kernel.at(1000, () => kernel.user.write('/svc/a/supervise/control', 'd'));
  kernel.at(1500, () => {
    expect(kernel.user.read('/svc/a/supervise/stat')).toBe('down\n');
    expect(kernel.user.read('/svc/b/supervise/stat')).toBe('run\n');
    for (const name of NAMES) expect(kernel.user.read(`/svc/${name}/log/supervise/stat`)).toBe('run\n');
  });
  end(kernel, 2000);
  expect(play(kernel, ...NAMES.map((name) => `${scan}${name}/`))).toEqual({ how: 'exited', code: 0 });
  for (const name of NAMES) {
    expect(kernel.record(`/svc/${name}/run`).starts).toBe(1);
    expect(kernel.record(`/svc/${name}/finish`).starts).toBe(1);
    expect(kernel.record(`/svc/${name}/log/run`).input).toBe(`${name}\n`);
  }
  expect(kernel.stderr.text).toBe('');
  expect(kernel.live()).toEqual([]);
  expect(kernel.user.exists('/supervise')).toBe(false);
});

it('asks the control scripts of its own folder', () => {
  const kernel = new VirtualKernel();
  for (const name of NAMES) service(kernel, name);
  kernel.user.program('/svc/a/control/t', { livesMs: 1 });
  kernel.at(1000, () => kernel.user.write('/svc/a/supervise/control', 't'));
  kernel.at(1000, () => kernel.user.write('/svc/b/supervise/control', 't'));
  end(kernel, 3000);
  play(kernel, '/svc/a/', '/svc/b/');
  expect(kernel.record('/svc/a/control/t').starts).toBe(2);
  // a script that exits 0 vetoes the first; the second comes with the end
  expect([kernel.record('/svc/a/run').starts, kernel.record('/svc/b/run').starts]).toEqual([1, 2]);
});

it('takes over what an earlier supervisor has left in its folder', () => {
  const kernel = new VirtualKernel();
  for (const name of NAMES) service(kernel, name);
  kernel.at(1000, () => kernel.killMain(SIGKILL));
  play(kernel, '/svc/a/', '/svc/b/');
  end(kernel, 2000);
  expect(play(kernel, '/svc/a/', '/svc/b/')).toEqual({ how: 'exited', code: 0 });
  const taken = /^(test: warning: taking over (log\/)?\.\/run, still running as process \d+\n){4}$/;
  expect(kernel.stderr.text).toMatch(taken);
  for (const name of NAMES) expect(kernel.record(`/svc/${name}/run`).starts).toBe(1);
});

it('opens a log that is made later, and closes one that was removed', () => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/a/run', { livesMs: 'forever' });
  kernel.at(1500, () => kernel.user.program('/svc/a/log/run', { readsStdinUntilEof: true }));
  kernel.at(1600, () => kernel.user.write('/svc/a/supervise/control', 't'));
  kernel.at(1800, () => expect(kernel.user.read('/svc/a/log/supervise/stat')).toBe('run\n'));
  kernel.at(3000, () => {
    kernel.user.rename('/svc/a/log', '/svc/old');
    kernel.user.write('/svc/a/supervise/control', 't');
  });
  kernel.at(9000, () => expect(kernel.live()).toHaveLength(1));
  end(kernel, 9500);
  expect(play(kernel, '/svc/a/')).toEqual({ how: 'exited', code: 0 });
  expect(kernel.record('/svc/a/log/run').starts).toBe(1);
  expect(kernel.stderr.text).toBe('test: warning: ./log was removed, starting ./run without a log\n');
});

it('names what cannot be taken by its path', () => {
  const kernel = new VirtualKernel();
  service(kernel, 'a');
  kernel.user.file('/svc/a/supervise/control', '', 0o600);
  expect(play(kernel, '/svc/a/')).toEqual({ how: 'exited', code: 111 });
  expect(kernel.stderr.text).toBe('test: fatal: /svc/a/supervise/control exists but is not a fifo\n');
});

it('starts nothing where its directory has been replaced by another one', () => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/a/run', { livesMs: 1500 });
  kernel.at(1000, () => {
    kernel.user.rename('/svc/a', '/svc/old');
    kernel.user.program('/svc/a/run', { livesMs: 'forever', key: 'new' });
    kernel.user.folder('/svc/a/supervise');
    kernel.user.lock('/svc/a/supervise/lock');
  });
  end(kernel, 4000);
  play(kernel, '/svc/a/');
  expect(kernel.record('new').starts).toBe(0);
  expect(kernel.stderr.text).toContain('its directory was replaced and cannot be locked, trying again');
});
