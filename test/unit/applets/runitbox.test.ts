// The multicall front on the virtual kernel: which program a call becomes, and what runitbox itself answers.
import { readFileSync } from 'node:fs';
import '../../../src/cold-setup.ts';
import '../../../src/cold-sv.ts';
import { describe, expect, it } from 'vitest';
import type { Applet } from '../../../src/cli/applet.ts';
import '../../../src/whole.ts';
import { multicall } from '../../../src/applets/runitbox.ts';
import { ID_LINE } from '../../../src/cli/version.ts';
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

  it('is that of the executed file where argv[0] names none', () => {
    const other = run(machine(), ['alsa', 'up', 'a'], { path: '/opt/bin/sv' });
    expect(other).toMatchObject({ code: 5, calls: ['sv alsa up a'] });
    const kernel = machine();
    kernel.user.folder('/etc/init.d');
    kernel.user.symlink('/opt/bin/sv', '/etc/init.d/web');
    const script = run(kernel, ['alsa', 'up'], { path: '/etc/init.d/web' });
    expect(script).toMatchObject({ code: 5, calls: ['sv alsa up'] });
  });

  it('is that of the program which saved its state, after a failure of the engine', () => {
    const kernel = machine();
    const head = '0'.repeat(10);
    Object.defineProperty(kernel.calls, 'restore', { value: () => `${head} ${head} runsv - {}` });
    expect(run(kernel, ['alsa', 'x'], { path: '/proc/self/exe' })).toMatchObject({ code: 5, calls: ['runsv alsa x'] });
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
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(run(machine(), ['runitbox', '--version']).out).toBe(`runitbox ${version}\n`);
    const id = Buffer.from(`runitbox-${version}`.padEnd(19, '\0'), 'latin1').toString('hex');
    expect(ID_LINE).toBe(`$Id: ${id}0a $\n`);
  });

  it.each([[['runitbox', '--help']], [['runitbox']]])('%j explains itself and lists the programs', (argv) => {
    const ran = run(machine(), argv);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^usage: runitbox /);
    expect(ran.out).toContain('  svlogd  does svlogd\n');
  });

  it.each([[], ['bash'], ['zsh'], ['fish']])('--completion %s prints a script', (...words) => {
    const ran = run(machine(), ['runitbox', '--completion', ...words]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.split('\n')[0]).toContain(words[0] === 'zsh' ? '#compdef' : (words[0] ?? 'bash'));
  });

  it('--completion refuses other shells', () => {
    expect(run(machine(), ['runitbox', '--completion', 'tc\x1bsh'])).toMatchObject({
      code: 100,
      err: "runitbox: --completion: expected bash, zsh, fish, got 'tc?sh'\n",
    });
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

  const install = (kernel: VirtualKernel, ...words: readonly string[]): Ran =>
    run(kernel, ['/opt/runitbox', '--install', ...words]);
  const LEFT = 'runitbox: /bin/sv: exists already, left alone; --force replaces it\n';

  it('leaves names alone that are there, and tells', () => {
    const kernel = prepared();
    kernel.user.symlink('/mine', '/bin/sv');
    expect(install(kernel, '-s', '/bin')).toMatchObject({ code: 0, err: LEFT });
    expect(install(kernel, '/bin/')).toMatchObject({ code: 0, err: LEFT + LEFT });
    expect(targets(kernel, '/bin')['sv']).toBe('/mine');
  });

  it('says nothing the second time', () => {
    for (const words of [['-s', '/bin'], ['/bin']]) {
      const kernel = prepared();
      install(kernel, ...words);
      expect(install(kernel, ...words)).toMatchObject({ code: 0, err: '' });
      expect(install(kernel, '--force', ...words)).toMatchObject({ code: 0, err: '' });
    }
  });

  it('--force replaces what is there, links to elsewhere too, but no directory', () => {
    const kernel = prepared();
    kernel.user.symlink('/mine', '/bin/sv');
    kernel.user.file('/bin/runsv', 'old', 0o755);
    kernel.user.folder('/bin/svlogd');
    const ran = install(kernel, '--force', '-s', '/bin');
    expect(ran).toMatchObject({ code: 1, err: 'runitbox: unable to make /bin/svlogd: is a directory\n' });
    const own = '/opt/runitbox';
    expect(targets(kernel, '/bin')).toMatchObject({ runsv: own, sv: own });
    expect(kernel.user.names('/bin').filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(install(kernel, '--force', '/bin').code).toBe(1);
    expect(kernel.user.read('/bin/sv')).toBe('x');
  });

  it('--force leaves the executable itself', () => {
    const kernel = machine();
    kernel.user.file('/bin/sv', 'x', 0o755);
    const argv = ['runitbox', '--install', '--force', '-s', '/bin'];
    expect(run(kernel, argv, { path: '/bin/sv' })).toMatchObject({ code: 0, err: '' });
    expect(kernel.user.read('/bin/sv')).toBe('x');
    expect(targets(kernel, '/bin')).toMatchObject({ runsv: 'sv', svlogd: 'sv' });
  });

  it('names a directory once that links cannot be made in, and fails', () => {
    expect(install(prepared(), '-s', '/none')).toMatchObject({
      code: 1,
      err: 'runitbox: unable to make links in /none: file does not exist\n',
    });
  });

  it('says what helps where hard links cannot lead', () => {
    const kernel = prepared();
    kernel.fault({ call: 'link', errno: 18 });
    expect(install(kernel, '/bin').err).toBe(
      'runitbox: unable to make links in /bin: cross-device link, -s makes symbolic ones\n',
    );
  });

  it('without a directory puts each where it belongs', () => {
    const kernel = prepared();
    kernel.user.folder('/usr/bin');
    kernel.user.folder('/usr/sbin');
    expect(install(kernel, '-s').code).toBe(0);
    expect(kernel.user.names('/usr/bin')).toEqual(['sv', 'runsv']);
    expect(kernel.user.names('/usr/sbin')).toEqual(['svlogd']);
  });

  it.each([
    ['/root/bin/runitbox', '/root/bin', 'runitbox'],
    ['/root/bin/runitbox', '/root/usr/bin', '../../bin/runitbox'],
    ['/root/opt/it/runitbox', '/root/bin', '../opt/it/runitbox'],
    ['/root/bin/runitbox', '/root/linked', '../bin/runitbox'],
    ['/root/bin/runitbox', 'relative', '../bin/runitbox'],
    ['/opt/runitbox', '/root/bin', '/opt/runitbox'],
  ])('makes links to %s in %s that are right below any root: %s', (path, dir, target) => {
    const kernel = machine();
    kernel.user.file(path, 'xyz', 0o755);
    for (const each of ['/root/bin', '/root/usr/bin', '/root/opt', '/root/relative']) kernel.user.folder(each);
    kernel.user.symlink('usr/../relative/.', '/root/linked');
    const argv = ['runitbox', '--install', '-s', dir];
    expect(run(kernel, argv, { path, cwd: '/root' })).toMatchObject({ code: 0, err: '' });
    expect(targets(kernel, dir[0] === '/' ? dir : `/root/${dir}`)['sv']).toBe(target);
  });

  it('prefers a copy of itself in the directory', () => {
    const kernel = prepared();
    kernel.user.file('/bin/runitbox', 'x', 0o755);
    expect(install(kernel, '-s', '/bin').code).toBe(0);
    expect(targets(kernel, '/bin')['sv']).toBe('runitbox');
  });

  it.each([
    ['/opt/runitbox', '-s'],
    ['runitbox', '-s'],
    ['opt/runitbox', '-s'],
    ['/runitbox-link', ''],
  ])('works without /proc, called as %s', (argv0, how) => {
    const kernel = new VirtualKernel({ proc: false });
    kernel.user.file('/opt/runitbox', 'x', 0o755);
    kernel.user.folder('/bin');
    kernel.user.symlink('opt/runitbox', '/runitbox-link');
    const argv = [argv0, '--install', ...(how === '' ? [] : [how]), '/bin'];
    expect(run(kernel, argv, { env: ['PATH=/none:/opt', 'PWD=/'] })).toMatchObject({ code: 0, err: '' });
    expect(kernel.user.read('/bin/sv')).toBe('x');
  });

  it('says so where it does not find itself', () => {
    const kernel = new VirtualKernel({ proc: false });
    kernel.user.folder('/bin');
    expect(run(kernel, ['runitbox', '--install', '-s', '/bin'])).toMatchObject({
      code: 1,
      err: 'runitbox: unable to find this executable: /proc/self/exe cannot be read, and runitbox is not found either\n',
    });
  });

  it.each([
    ['-x', 'runitbox: illegal option -- x\n'],
    ['--forced', 'runitbox: illegal option -- forced\n'],
    ['/bin -s', 'runitbox: --install: one directory at most, not also -s\n'],
  ])('%s is wrong usage', (line, err) => {
    const kernel = prepared();
    expect(install(kernel, ...line.split(' '))).toMatchObject({ code: 100, err });
    expect(kernel.user.names('/bin')).toEqual([]);
  });
});
