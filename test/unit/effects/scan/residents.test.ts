// runsvdir --one-process on the virtual kernel: services and logs in the process of runsvdir.
import { beforeEach, describe, expect, it } from 'vitest';
import '../../../../src/cold-one.ts';
import '../../../../src/cold-order.ts';
import { runsvdir } from '../../../../src/applets/runsvdir.ts';
import { SIGHUP, SIGTERM } from '../../../../src/abi/signals.ts';
import { type Behaviour, type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';
import { OLD_MS } from './world.ts';

let kernel: VirtualKernel;

const service = (name: string, run: Behaviour = {}): void => {
  kernel.user.program(`/service/${name}/run`, { key: name, ...run });
};
const log = (name: string): void => {
  kernel.user.program(`/service/${name}/log/run`, {
    key: `${name}/log`,
    readsStdinUntilEof: true,
    keepsInput: true,
  });
};
const send = (name: string, letters: string): void =>
  void kernel.user.write(`/service/${name}/supervise/control`, letters);
const stat = (name: string): string => kernel.user.read(`/service/${name}/supervise/stat`) ?? '';
const at = (ms: number, act: () => void): void => kernel.after(ms, act);
const signal = (ms: number, number: number): void => at(ms, () => kernel.kill(kernel.main.pid, number));

const run = (words: readonly string[] = ['--one-process', '/service'], pid?: number): Ending => {
  const argv = ['runsvdir', ...words];
  const program = (): number => runsvdir.run([...kernel.main.argv]) as number;
  const options = { argv, env: ['PATH=/bin'], ...(pid === undefined ? {} : { pid }) };
  let ending = kernel.run(program, options);
  while (ending.how === 'executed') ending = kernel.runOn(program, ending.env);
  return ending;
};

beforeEach(() => {
  kernel = new VirtualKernel();
  kernel.user.folder('/service');
  kernel.advance(OLD_MS);
});

describe('services in the process of runsvdir', () => {
  it('start, obey, and end in order at HUP', () => {
    service('a', { writes: [{ bytes: 'hello\n' }] });
    log('a');
    service('b');
    kernel.advance(OLD_MS);
    at(1000, () => send('b', 'd'));
    at(1500, () => expect([stat('a'), stat('a/log'), stat('b')]).toEqual(['run\n', 'run\n', 'down\n']));
    signal(2000, SIGHUP);
    expect(run()).toEqual({ how: 'exited', code: 111 });
    expect(kernel.live()).toEqual([]);
    expect(kernel.record('a/log').input).toBe('hello\n');
    expect([kernel.record('a').starts, kernel.record('b').starts]).toEqual([1, 1]);
  });

  it('outlive runsvdir at TERM, and are adopted by the next', () => {
    service('a');
    log('a');
    kernel.advance(OLD_MS);
    signal(1000, SIGTERM);
    expect(run()).toEqual({ how: 'exited', code: 0 });
    expect(kernel.live()).toHaveLength(2);
    signal(1000, SIGHUP);
    expect(run()).toEqual({ how: 'exited', code: 111 });
    expect(kernel.live()).toEqual([]);
    expect([kernel.record('a').starts, kernel.record('a/log').starts]).toEqual([1, 1]);
    expect(kernel.stderr.text).toContain('runsv a: warning: taking over ./run, still running as process');
  });

  it('are taken up again a second after they were told to exit', () => {
    service('a');
    kernel.advance(OLD_MS);
    at(2000, () => send('a', 'x'));
    at(2500, () => expect(kernel.user.open('/service/a/supervise/ok', 1)).toBeLessThan(0));
    at(3500, () => expect(stat('a')).toBe('run\n'));
    signal(4000, SIGHUP);
    run();
    expect(kernel.record('a').starts).toBe(2);
  });

  it('keep their directory when it is renamed, and end when their name goes', () => {
    kernel.user.folder('/sv');
    kernel.user.program('/sv/a/run', { key: 'a' });
    kernel.user.symlink('/sv/a', '/service/a');
    kernel.advance(OLD_MS);
    at(1000, () => kernel.user.rename('/sv/a', '/sv/b'));
    at(1001, () => kernel.user.write('/sv/b/supervise/control', 't'));
    at(2500, () => {
      expect(kernel.user.read('/sv/b/supervise/stat')).toBe('run\n');
      expect(kernel.record('a').starts).toBe(2);
      kernel.user.remove('/service/a');
    });
    at(4000, () => expect(kernel.live()).toEqual([]));
    signal(5000, SIGHUP);
    expect(run()).toEqual({ how: 'exited', code: 111 });
  });

  it('of a container end it with the exit code of an essential one', () => {
    service('a', { livesMs: 500, exit: 7 });
    kernel.user.program('/service/a/finish', { livesMs: 1, exit: 125 });
    kernel.user.file('/service/a/flag-essential');
    service('b');
    kernel.advance(OLD_MS);
    expect(run(['--one-process', '--subreaper', '/service'])).toEqual({ how: 'exited', code: 7 });
    expect(kernel.live()).toEqual([]);
  });
});

describe('an engine failure', () => {
  it('keeps what runs, what is down, and exit codes', () => {
    service('a', { livesMs: 2500, exit: 3 });
    let ended = '';
    kernel.user.program('/service/a/finish', ({ argv }) => {
      ended = argv.slice(1).join(' ');
      return { livesMs: 1 };
    });
    log('a');
    service('b');
    kernel.advance(OLD_MS);
    at(1000, () => send('b', 'd'));
    at(2000, () => expect(kernel.failEngine()).toBe(true));
    at(2400, () => expect([stat('a'), stat('a/log'), stat('b')]).toEqual(['run\n', 'run\n', 'down\n']));
    at(2800, () => expect(ended).toBe('3 0'));
    signal(5000, SIGHUP);
    expect(run()).toEqual({ how: 'exited', code: 111 });
    expect(kernel.stderr.text).toContain('re-executed after an engine failure, 2 services kept');
    expect(kernel.record('b').starts).toBe(1);
    expect(kernel.live()).toEqual([]);
  });
});
