// The multicall front on the virtual kernel: which program a call becomes, and what runitbox itself answers.
import { describe, expect, it } from 'vitest';
import type { Applet } from '../../../src/applets/applet.ts';
import { multicall } from '../../../src/applets/runitbox.ts';
import { type RunOptions, VirtualKernel } from '../../sim/kernel/kernel.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Each call of an applet: its name, then argv. */
  readonly calls: readonly string[];
}

const run = (kernel: VirtualKernel, argv: readonly string[], options: RunOptions = {}): Ran => {
  const calls: string[] = [];
  const applet = (name: string, folder?: Applet['folder']): Applet => ({
    name,
    also: [`d${name}`],
    summary: `does ${name}`,
    help: {
      operands: 'dir',
      description: `What ${name} does.`,
      options: name === 'svlogd' ? [{ letter: 'h', text: '' }] : [],
      examples: [],
      exitCodes: [],
    },
    ...(folder === undefined ? {} : { folder }),
    run: (given) => {
      calls.push([name, ...given].join(' '));
      return 5;
    },
  });
  const applets = [applet('svlogd', 'usr/sbin'), applet('sv'), applet('runsv')];
  const ending = kernel.run(() => multicall(applets, argv), { argv, path: '/opt/runitbox', ...options });
  if (ending.how !== 'exited') throw new Error(ending.how);
  return { code: ending.code, out: kernel.stdout.text, err: kernel.stderr.text, calls };
};

const machine = (): VirtualKernel => new VirtualKernel();

describe('the name it is called by', () => {
  it.each(['sv', '/usr/bin/sv', './sv', 'a/b/sv'])('decides: %s', (argv0) => {
    expect(run(machine(), [argv0, 'up', 'a'])).toMatchObject({ code: 5, calls: [`sv ${argv0} up a`] });
  });

  it('may be a further name of a program, which no list has', () => {
    expect(run(machine(), ['/bin/dsv', 'up', 'a'])).toMatchObject({ code: 5, calls: ['sv /bin/dsv up a'] });
    expect(run(machine(), ['runitbox', '--list']).out).toBe('runsv\nsv\nsvlogd\n');
  });

  it('may be the first argument', () => {
    expect(run(machine(), ['/opt/runitbox', 'sv', 'up', 'a'])).toMatchObject({ code: 5, calls: ['sv sv up a'] });
  });

  it('may be a name of runitbox with something behind it', () => {
    expect(run(machine(), ['runitbox-amd64', 'runsv', 'x']).calls).toEqual(['runsv runsv x']);
  });

  it('may be a link to a name, over several links', () => {
    const kernel = machine();
    for (const dir of ['/etc/init.d', '/usr/bin', '/opt']) kernel.user.folder(dir);
    kernel.user.symlink('middle', '/etc/init.d/web');
    kernel.user.symlink('../../usr/bin/sv', '/etc/init.d/middle');
    kernel.user.symlink('/opt/runitbox', '/usr/bin/sv');
    expect(run(kernel, ['/etc/init.d/web', 'status']).calls).toEqual(['sv /etc/init.d/web status']);
  });

  it('is looked for in PATH where it has no slash', () => {
    const kernel = machine();
    kernel.user.folder('/etc/init.d');
    kernel.user.symlink('/usr/bin/sv', '/etc/init.d/web');
    const env = ['HOME=/', 'PATH=/nowhere:/etc/init.d'];
    expect(run(kernel, ['web', 'status'], { env }).calls).toEqual(['sv web status']);
  });

  it('that is none, and leads to none, is told', () => {
    const kernel = machine();
    kernel.user.symlink('/opt/other', '/web');
    expect(run(kernel, ['/web'])).toMatchObject({ code: 127, err: 'runitbox: applet not found: /web\n', calls: [] });
  });

  it('that is a loop of links is told', () => {
    const kernel = machine();
    kernel.user.symlink('two', '/one');
    kernel.user.symlink('one', '/two');
    expect(run(kernel, ['/one']).code).toBe(127);
  });

  it('is told where it is the first argument and none', () => {
    expect(run(machine(), ['runitbox', 'nonsense'])).toMatchObject({
      code: 127,
      out: '',
      err: 'runitbox: applet not found: nonsense\n',
    });
  });
});

describe('runitbox', () => {
  it('--list prints the names in order', () => {
    expect(run(machine(), ['runitbox', '--list'])).toMatchObject({ code: 0, out: 'runsv\nsv\nsvlogd\n' });
  });

  it('--list-full prints where each belongs', () => {
    const out = 'usr/bin/runsv\nusr/bin/sv\nusr/sbin/svlogd\n';
    expect(run(machine(), ['runitbox', '--list-full'])).toMatchObject({ code: 0, out });
  });

  it('--version prints one line', () => {
    expect(run(machine(), ['runitbox', '--version']).out).toMatch(/^runitbox \d+\.\d+\.\d+\n$/);
  });

  it.each([[['runitbox', '--help']], [['runitbox']]])('%j explains itself and lists the programs', (argv) => {
    const ran = run(machine(), argv);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^usage: runitbox /);
    expect(ran.out).toContain('  svlogd  does svlogd\n');
  });

  it('answers --help for every program', () => {
    const ran = run(machine(), ['sv', '--help']);
    expect(ran).toMatchObject({ code: 0, calls: [] });
    expect(ran.out).toMatch(/^usage: sv dir\n/);
  });

  it('answers -h likewise, where the program has no such letter, and --version', () => {
    expect(run(machine(), ['sv', '-h']).out).toMatch(/^usage: sv dir\n/);
    expect(run(machine(), ['svlogd', '-h']).calls).toEqual(['svlogd svlogd -h']);
    expect(run(machine(), ['sv', '--version']).out).toMatch(/^runitbox \d+\.\d+\.\d+\n$/);
  });

  it('leaves --help to the program where more follows', () => {
    expect(run(machine(), ['sv', '--help', 'x']).calls).toEqual(['sv sv --help x']);
  });

  it('says that it failed when its words do not arrive', () => {
    const kernel = machine();
    kernel.fault({ call: 'write', errno: 32 });
    expect(run(kernel, ['runitbox', '--list']).code).toBe(1);
  });
});

describe('runitbox --install', () => {
  const prepared = (): VirtualKernel => {
    const kernel = machine();
    kernel.user.file('/opt/runitbox', 'x', 0o755);
    kernel.user.folder('/bin');
    return kernel;
  };

  const targets = (kernel: VirtualKernel, dir: string): Record<string, string | number> => {
    const seen: Record<string, string | number> = {};
    kernel.run(
      () => {
        for (const name of kernel.user.names(dir)) seen[name] = kernel.calls.readlink(`${dir}/${name}`);
        return 0;
      },
      { argv: ['look'] },
    );
    return seen;
  };

  it('-s makes a symbolic link for each', () => {
    const kernel = prepared();
    expect(run(kernel, ['/opt/runitbox', '--install', '-s', '/bin']).code).toBe(0);
    const own = targets(kernel, '/bin')['sv'];
    expect(targets(kernel, '/bin')).toEqual({ runsv: own, sv: own, svlogd: own });
  });

  it('makes hard links where nothing else is said', () => {
    const kernel = prepared();
    expect(run(kernel, ['/opt/runitbox', '--install', '/bin'])).toMatchObject({ code: 0, err: '' });
    expect(kernel.user.read('/bin/sv')).toBe('x');
    expect(kernel.user.names('/bin')).toEqual(['svlogd', 'sv', 'runsv']);
  });

  it('leaves names alone that are there', () => {
    const kernel = prepared();
    kernel.user.symlink('/mine', '/bin/sv');
    expect(run(kernel, ['/opt/runitbox', '--install', '-s', '/bin'])).toMatchObject({ code: 0, err: '' });
    expect(targets(kernel, '/bin')['sv']).toBe('/mine');
  });

  it('names each that it cannot make, and fails', () => {
    const kernel = prepared();
    expect(run(kernel, ['/opt/runitbox', '--install', '-s', '/none'])).toMatchObject({
      code: 1,
      err:
        'runitbox: unable to make /none/svlogd: file does not exist\n' +
        'runitbox: unable to make /none/sv: file does not exist\n' +
        'runitbox: unable to make /none/runsv: file does not exist\n',
    });
  });

  it('without a directory puts each where it belongs', () => {
    const kernel = prepared();
    kernel.user.folder('/usr/bin');
    kernel.user.folder('/usr/sbin');
    expect(run(kernel, ['/opt/runitbox', '--install', '-s']).code).toBe(0);
    expect(kernel.user.names('/usr/bin')).toEqual(['sv', 'runsv']);
    expect(kernel.user.names('/usr/sbin')).toEqual(['svlogd']);
  });

  it('says so where /proc is not there', () => {
    const kernel = new VirtualKernel({ proc: false });
    expect(run(kernel, ['/opt/runitbox', '--install', '-s', '/'])).toMatchObject({
      code: 1,
      err: 'runitbox: unable to read /proc/self/exe: file does not exist\n',
    });
  });
});
