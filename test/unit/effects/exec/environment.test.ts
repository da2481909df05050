// Variables from files, as chpst -e and --env-file read them, on the virtual kernel.
import { describe, expect, it } from 'vitest';
import { chpst } from '../../../../src/applets/chpst.ts';
import { EACCES, EINTR, EIO } from '../../../../src/abi/errno.ts';
import { VirtualKernel } from '../../../sim/kernel/kernel.ts';

interface Ran {
  readonly env: readonly string[];
  readonly code: number | string;
  readonly err: string;
}

const run = (words: readonly string[], prepare: (kernel: VirtualKernel) => unknown): Ran => {
  const kernel = new VirtualKernel();
  kernel.user.file('/bin/prog', '\x7fELF', 0o755);
  prepare(kernel);
  const argv = ['chpst', ...words, '/bin/prog'];
  const ending = kernel.run(() => chpst.run(argv), { argv, env: ['A=1', 'B=2'], stdin: 'pipe' });
  const env = ending.how === 'executed' ? ending.env : [];
  return { env, code: ending.how === 'exited' ? ending.code : ending.how, err: kernel.stderr.text };
};

const refusing =
  (call: 'open' | 'read' | 'poll', errno: number, path: string, text = 'C=3\n') =>
  (kernel: VirtualKernel): void => {
    kernel.user.file(path, text);
    const when = (...args: readonly unknown[]): boolean => call !== 'open' || args[0] === path;
    kernel.fault({ call, errno, when });
  };

describe('an environment directory', () => {
  it('sets a variable for each file, by its first line, and removes for an empty one', () => {
    const { env, code } = run(['-e', '/env'], ({ user }) => {
      user.file('/env/C', 'first \t\nsecond\n');
      user.file('/env/A', '');
      user.file('/env/N', 'a\0b\n');
      user.file('/env/.hidden', 'x\n');
      user.symlink('/nowhere', '/env/B');
    });
    expect(code).toBe('executed');
    expect([...env].sort()).toEqual(['C=first', 'N=a\nb']);
  });

  it.each([
    ['that is missing', 'unable to switch to directory: /env: file does not exist', (): void => {}],
    ['with a file that cannot be opened', 'unable to read /env/C: access denied', refusing('open', EACCES, '/env/C')],
    ['with a read that fails', 'unable to read /env/C: input/output error', refusing('read', EIO, '/env/C')],
    [
      'with a file that is too large',
      'unable to read /env/C: ',
      ({ user }: VirtualKernel): void => user.file('/env/C', 'x'.repeat(300_000)),
    ],
  ] as const)('%s is an error', (_what, message, prepare) => {
    const { code, err } = run(['-e', '/env'], prepare);
    expect(code).toBe(111);
    expect(err).toContain(`chpst: fatal: ${message}`);
  });

  it('may hold a value that is longer than one read', () => {
    const value = 'x'.repeat(100_000);
    expect(run(['-e', '/env'], ({ user }) => user.file('/env/C', `${value}\n`)).env).toContain(`C=${value}`);
  });

  it('does not wait for a fifo', () => {
    expect(run(['-e', '/env'], ({ user }) => user.fifo('/env/C')).code).toBe('executed');
  });

  it('may hold a subdirectory, which is no variable', () => {
    const { env, err } = run(['-e', '/env'], ({ user }) => user.folder('/env/sub'));
    expect([env, err]).toEqual([['A=1', 'B=2'], '']);
  });
});

describe('an environment file', () => {
  it('sets variables from its lines', () => {
    const { env } = run(['--env-file', '/f'], ({ user }) => user.file('/f', '# comment\nC=3\nA\n'));
    expect([...env].sort()).toEqual(['A=1', 'B=2', 'C=3']);
  });

  it.each(['/dev/stdin', '/dev/fd/0'])('may be standard input, which is waited for: %s', (path) => {
    const { env } = run(['--env-file', path], (kernel) => {
      kernel.fault({ call: 'poll', errno: EINTR, times: 1 });
      kernel.fault({ call: 'open', errno: EACCES, when: (name) => name === path });
      kernel.after(100, () => kernel.feed('C=3\n'));
      kernel.after(300, () => kernel.endInput());
    });
    expect(env).toContain('C=3');
  });

  it('that never ends is given up after a minute', () => {
    const { code, err } = run(['--env-file', '/dev/stdin'], (kernel) => {
      kernel.fault({ call: 'open', errno: EACCES, when: (name) => name === '/dev/stdin' });
      kernel.after(100, () => kernel.feed('C=3\n'));
    });
    expect([code, err]).toEqual([111, expect.stringMatching(/^chpst: fatal: unable to read \/dev\/stdin: /)]);
  });

  it.each([
    ['that is missing', (): void => {}],
    ['that cannot be read', refusing('read', EIO, '/f')],
    [
      'that cannot be polled',
      (kernel: VirtualKernel): void => {
        kernel.user.fifo('/f');
        kernel.fault({ call: 'poll', errno: EIO });
      },
    ],
    ['with a line that is wrong', ({ user }: VirtualKernel): void => user.file('/f', '=1\n')],
    ['that is too large', ({ user }: VirtualKernel): void => user.file('/f', `#${'x'.repeat(17_000_000)}\n`)],
  ])('%s is an error', (_what, prepare) => {
    const { code, err } = run(['--env-file', '/f'], prepare);
    expect(code).toBe(111);
    expect(err).toContain('chpst: fatal: unable to read /f: ');
  });
});
