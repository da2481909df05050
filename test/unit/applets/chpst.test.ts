// chpst's command line and its calls, on the virtual kernel: what is done, in which order, and that bad input does nothing.
// What the calls make of a process is seen in test/compat, from inside real programs.
import { describe, expect, it } from 'vitest';
import type { Applet } from '../../../src/cli/applet.ts';
import { chpst } from '../../../src/applets/chpst.ts';
import { family } from '../../../src/applets/chpst/family.ts';
import type { Calls } from '../../../src/host/calls.ts';
import { sys, useHost } from '../../../src/host/sys.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

const CHANGES = [
  'setsid',
  'chdir',
  'chroot',
  'numericCall',
  'setgroups',
  'setaffinity',
  'capabilities',
  'rlimit',
  'flock',
];
const NOTED = [...CHANGES, 'setCloexec', 'exec'];

interface Ran {
  readonly calls: readonly string[];
  readonly code: number | string;
  readonly err: string;
}

/** Answers of calls that the virtual kernel does not have. */
type Answers = Readonly<Record<string, unknown>>;
const ANSWERS: Answers = { rlimit: [100, 1000], capabilities: [0, 0xffffffff, 0, 0, 0x1ff, 0] };

/** The kernel's calls, those that it does not have answered, and each change noted with its arguments. */
const noting = (calls: string[], host: Calls, answers: Answers): Calls =>
  new Proxy(host, {
    get: (target, name: keyof Calls) => {
      const call = (target[name] as (...args: readonly unknown[]) => unknown).bind(target);
      if (!NOTED.includes(name)) return call;
      return (...args: readonly unknown[]) => {
        const told = name === 'exec' ? args.slice(0, 2) : args;
        calls.push(`${name}(${told.map((arg) => (Array.isArray(arg) ? `[${arg}]` : String(arg))).join(', ')})`);
        return CHANGES.includes(name) && name !== 'flock' ? (answers[name] ?? 0) : call(...args);
      };
    },
  });

const withAccounts = ({ user }: VirtualKernel): void => {
  user.file('/etc/passwd', 'log:x:100:101::/:\n');
  user.file('/etc/group', 'log:x:101:\nadm:x:4:log\n');
};

const run = (line: string, applet: Applet = chpst, prepare = withAccounts, answers: Answers = {}): Ran => {
  const kernel = new VirtualKernel({ proc: false });
  kernel.user.file('/bin/prog', '\x7fELF', 0o755);
  prepare(kernel);
  const calls: string[] = [];
  const argv = [applet.name, ...line.split(' ').filter((word) => word !== '')];
  const ending = kernel.run(
    () => {
      useHost(noting(calls, sys, { ...ANSWERS, ...answers }));
      return applet.run(argv);
    },
    { argv, env: ['PATH=/none:/bin', 'A=1'] },
  );
  return { calls, code: ending.how === 'exited' ? ending.code : ending.how, err: kernel.stderr.text };
};

const EXEC = ['exec(/none/prog, [prog])', 'exec(/bin/prog, [prog])'];

describe('chpst', () => {
  it('becomes the program, and does nothing else where nothing is asked for', () => {
    expect(run('prog')).toEqual({ calls: EXEC, code: 'executed', err: '' });
  });

  it.each([
    ['-u log', ['setgroups([101])', 'numericCall(1, [101])', 'numericCall(0, [100])']],
    ['-u :7:8:9', ['setgroups([8,9])', 'numericCall(1, [8])', 'numericCall(0, [7])']],
    ['-u log --initgroups', ['setgroups([101,4])', 'numericCall(1, [101])', 'numericCall(0, [100])']],
    ['-n 0', []],
    ['-P -C /tmp -/ /', ['setsid()', 'chdir(/)', 'chroot(.)', 'chdir(/tmp)']],
    ['-o 50 -c 2000', ['rlimit(7, [])', 'rlimit(7, [50,1000])', 'rlimit(4, [])', 'rlimit(4, [1000,1000])']],
    ['-2 -0', ['setCloexec(0, 1)', 'setCloexec(2, 1)']],
    ['-l /lock', ['flock(3, 2)', 'setCloexec(3, 0)']],
    ['-L /lock', ['flock(3, 6)', 'setCloexec(3, 0)']],
    ['--no-new-privs --umask 77', ['numericCall(2, [63])', 'numericCall(7, [38,1])']],
    ['--cap-drop kill', ['numericCall(7, [24,5])', 'capabilities([])', 'capabilities([0,4294967263,0,0,511,0])']],
  ])('%s', (options, calls) => {
    expect(run(`${options} prog`)).toEqual({ calls: [...calls, ...EXEC], code: 'executed', err: '' });
  });

  it.each([
    ['--cap-keep all', [], [5, 256], [0, 2, 40]],
    ['--cap-keep all --cap-drop chown', ['numericCall(7, [24,0])'], [4, 256], [2, 40]],
  ])('%s keeps what a container has', (options, before, [low, high], kept) => {
    const capabilities = [0, 5, 0, 0, 256, 0];
    const calls = [
      ...before,
      'capabilities([])',
      `capabilities([${low},${low},${low},${high},${high},${high}])`,
      ...kept.map((each) => `numericCall(7, [47,2,${each}])`),
      ...EXEC,
    ];
    expect(run(`${options} prog`, chpst, withAccounts, { capabilities }).calls).toEqual(calls);
  });

  it('drops capabilities that the kernel has and we have no name for', () => {
    const { calls } = run('--cap-drop all prog');
    expect(calls.filter((call) => call.startsWith('numericCall(7, [24,')).length).toBe(64);
    expect(calls).toContain('capabilities([0,0,0,0,0,0])');
  });

  it('that already is what is asked for has nothing to change without privileges', () => {
    const status =
      (groups: string) =>
      (kernel: VirtualKernel): void => {
        withAccounts(kernel);
        kernel.user.file(
          '/proc/self/status',
          `Uid:\t100\t100\t100\t100\nGid:\t101\t101\t101\t101\nGroups:\t${groups}\n`,
        );
      };
    const answers = { setgroups: -1 };
    expect(run('-u log prog', chpst, status('101'), answers)).toEqual({
      calls: ['setgroups([101])', ...EXEC],
      code: 'executed',
      err: '',
    });
    expect(run('-u log prog', chpst, status('101 4'), answers)).toEqual({
      calls: ['setgroups([101])'],
      code: 111,
      err: 'chpst: fatal: unable to setgroups: permission denied\n',
    });
  });

  it('reads no file of accounts for numbers', () => {
    expect(run('-u :7:8 prog', chpst, () => {}).code).toBe('executed');
  });

  it.each([
    ['-P -l /lock -z prog', 100],
    ['-P -l /lock -m 1x prog', 100],
    ['-P -l /lock --rlimit nofile=2:1 prog', 100],
    ['-P -l /lock --cap-keep foo prog', 100],
    ['-P -l /lock --no-such prog', 100],
    ['-P -l /lock -u', 100],
    ['-P -l /lock', 100],
    ['-P -l /lock -V prog', 100],
    ['-P -l /lock -L /lock prog', 100],
    ['-P -l /lock --initgroups prog', 100],
    ['-P -l /lock -u :1 prog', 111],
  ])('does nothing at all for %s', (line, code) => {
    const ran = run(line);
    expect([ran.calls, ran.code]).toEqual([[], code]);
    expect(ran.err).not.toBe('');
  });

  it('runs nothing where a step fails', () => {
    const ran = run('-P -u nobody -l /lock prog');
    expect(ran).toEqual({ calls: ['setsid()'], code: 111, err: 'chpst: fatal: unknown user/group: nobody\n' });
  });

  it('keeps standard error until the program runs', () => {
    expect(run('-2 nosuch')).toMatchObject({
      code: 111,
      err: 'chpst: fatal: unable to run: nosuch: file does not exist\n',
    });
  });

  it.each([
    ['-m 1x', 'chpst: -m 1x: not such a number'],
    ['--umask 9', 'chpst: --umask=9: not such a number'],
    ['--initgroups', 'chpst: --initgroups: needs -u with a user and no group'],
  ])('says of %s in one line what is wrong, and where to read on', (options, line) => {
    expect(run(`${options} prog`).err).toBe(`${line}\ntry 'chpst --help'\n`);
  });

  it('says which file of accounts cannot be read', () => {
    const ran = run('-u log prog', chpst, ({ user }) => user.folder('/etc/passwd'));
    expect(ran).toMatchObject({
      calls: [],
      code: 111,
      err: 'chpst: fatal: unable to read /etc/passwd: is a directory\n',
    });
  });
});

const named = (name: string): Applet => {
  const applet = family.find((each) => each.name === name);
  if (applet === undefined) throw new Error(`no ${name}`);
  return applet;
};

describe('the programs beside it', () => {
  it.each([
    ['setuidgid', 'nobody prog', 'unknown account: nobody'],
    ['envuidgid', 'nobody prog', 'unknown account: nobody'],
    ['envdir', '/none prog', 'unable to switch to directory: /none: file does not exist'],
    ['pgrphack', '/none', 'unable to run: /none: file does not exist'],
    ['setlock', '/none/lock prog', 'unable to open lock: /none/lock: file does not exist'],
    ['softlimit', '-o 5 /none', 'unable to run: /none: file does not exist'],
  ])('%s %s says what is wrong in its own name', (name, line, why) => {
    expect(run(line, named(name)).err).toBe(`${name}: fatal: ${why}\n`);
  });

  it.each([
    ['setuidgid', 'log prog', ['setgroups([101])', 'numericCall(1, [101])', 'numericCall(0, [100])']],
    ['pgrphack', 'prog', ['setsid()']],
    ['setlock', '/lock prog', ['flock(3, 2)', 'setCloexec(3, 0)']],
    ['setlock', '-n /lock prog', ['flock(3, 6)', 'setCloexec(3, 0)']],
    ['setlock', '-nN /lock prog', ['flock(3, 2)', 'setCloexec(3, 0)']],
    ['softlimit', '-o = prog', ['rlimit(7, [])', 'rlimit(7, [1000,1000])']],
    ['softlimit', '-s 5 prog', ['rlimit(3, [])', 'rlimit(3, [5,1000])']],
  ])('%s %s', (name, line, calls) => {
    expect(run(line, named(name))).toMatchObject({ calls: [...calls, ...EXEC], code: 'executed' });
  });

  it.each([
    ['setuidgid', 'log', 100],
    ['setuidgid', 'nobody prog', 111],
    ['envuidgid', 'nobody prog', 111],
    ['envdir', 'none prog', 111],
    ['setlock', '-z /lock prog', 100],
    ['setlock', '/lock', 100],
    ['setlock', '-x /none/lock prog', 0],
    ['softlimit', '-o x prog', 100],
  ])('%s %s exits with %d, having done nothing', (name, line, code) => {
    expect(run(line, named(name))).toMatchObject({ calls: [], code });
  });
});
