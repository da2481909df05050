// runsvchdir on the virtual kernel, killed before every one of its calls: the next one does what it is asked for, `current` was
// there all the time, and no set of services is lost.
import { describe, expect, it } from 'vitest';
import { runsvchdir } from '../../../src/applets/runsvchdir.ts';
import { isErrno } from '../../../src/host/calls.ts';
import { EINVAL } from '../../../src/abi/errno.ts';
import { S_IFDIR, S_IFMT } from '../../../src/abi/flags.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

const HOME = '/etc/runit/runsvdir';

type Current = 'link' | 'directory';

const machine = (current: Current): VirtualKernel => {
  const kernel = new VirtualKernel();
  for (const name of ['a', 'b', 'c']) kernel.user.folder(`${HOME}/${name}`);
  if (current === 'directory') kernel.user.file(`${HOME}/current/here`, '');
  else kernel.user.symlink('a', `${HOME}/current`);
  return kernel;
};

const run = (kernel: VirtualKernel, dir: string): string => {
  const ending = kernel.run(() => runsvchdir.run(['runsvchdir', dir]), { argv: ['runsvchdir', dir] });
  return ending.how === 'exited' ? `exit ${ending.code}` : ending.how;
};

/** What the names in the directory are: where links lead, or 'directory'. */
const seen = (kernel: VirtualKernel): Record<string, string> => {
  const names: Record<string, string> = {};
  kernel.run(
    () => {
      for (const name of kernel.user.names(HOME)) {
        const stat = kernel.calls.lstat(`${HOME}/${name}`);
        const isDirectory = !isErrno(stat) && (stat[0] & S_IFMT) === S_IFDIR;
        if (name.length > 1) names[name] = isDirectory ? 'directory' : String(kernel.calls.readlink(`${HOME}/${name}`));
      }
      return 0;
    },
    { argv: ['look'] },
  );
  return names;
};

const noExchange = (kernel: VirtualKernel): void => void kernel.fault({ call: 'exchange', errno: EINVAL });

/** Kills a change to `b` at call after call; `check` looks at what is left each time. Returns how often. */
const killedEverywhere = (
  current: Current,
  check: (kernel: VirtualKernel) => void,
  prepare = (_: VirtualKernel): void => {},
): number => {
  for (let step = 1; step < 100; step++) {
    const kernel = machine(current);
    prepare(kernel);
    kernel.killMainAt(step);
    if (run(kernel, 'b').startsWith('exit')) return step - 1;
    check(kernel);
  }
  throw new Error('it never came to its end');
};

describe('a change that is killed', () => {
  it('from a link leaves a current, and the next change works', () => {
    const kills = killedEverywhere('link', (kernel) => {
      expect(['a', 'b']).toContain(seen(kernel)['current']);
      const led = seen(kernel)['current'];
      expect(run(kernel, 'c')).toBe('exit 0');
      expect(seen(kernel)).toEqual({ current: 'c', previous: led });
    });
    expect(kills).toBeGreaterThan(8);
  });

  it('from a directory leaves a current, and the next change keeps the directory', () => {
    const kills = killedEverywhere('directory', (kernel) => {
      expect(['directory', 'b']).toContain(seen(kernel)['current']);
      expect(run(kernel, 'b')).toBe('exit 0');
      expect(seen(kernel)).toEqual({ current: 'b', previous: 'directory' });
      expect(kernel.user.names(`${HOME}/previous`)).toEqual(['here']);
    });
    expect(kills).toBeGreaterThan(8);
  });

  it('where names cannot be exchanged is brought to its end by the next one', () => {
    const kills = killedEverywhere(
      'directory',
      (kernel) => {
        expect(run(kernel, 'b')).toBe('exit 0');
        expect(seen(kernel)).toEqual({ current: 'b', previous: 'directory' });
        expect(kernel.user.names(`${HOME}/previous`)).toEqual(['here']);
      },
      noExchange,
    );
    expect(kills).toBeGreaterThan(8);
  });

  it("of C's, between its two renames, is brought to its end too", () => {
    const kernel = new VirtualKernel();
    for (const name of ['a', 'b', 'c']) kernel.user.folder(`${HOME}/${name}`);
    kernel.user.symlink('a', `${HOME}/previous`);
    kernel.user.symlink('b', `${HOME}/current.new`);
    expect(run(kernel, 'c')).toBe('exit 0');
    expect(seen(kernel)).toEqual({ current: 'c', previous: 'b' });
  });
});

describe('what is in the way', () => {
  it('is told, and stays', () => {
    const kernel = machine('link');
    kernel.user.file(`${HOME}/previous/kept`, '');
    expect(run(kernel, 'b')).toBe('exit 111');
    expect(kernel.stderr.text).toBe('runsvchdir: fatal: unable to copy: current to previous: is a directory\n');
    expect(seen(kernel)['current']).toBe('a');
    expect(kernel.user.names(`${HOME}/previous`)).toEqual(['kept']);
  });

  it('a failing exchange of another kind is told', () => {
    const kernel = machine('directory');
    kernel.fault({ call: 'exchange', errno: 5 });
    expect(run(kernel, 'b')).toBe('exit 111');
    expect(kernel.stderr.text).toBe('runsvchdir: fatal: unable to move: previous.new to current: input/output error\n');
    expect(run(kernel, 'b')).toBe('exit 111');
    expect(seen(kernel)['current']).toBe('directory');
  });
});
