// The npm packages, as their users meet them: installed offline into an empty directory, their programs run, the module
// imported. `make npm-test` packs them first.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applets } from '../../src/whole.ts';
import { type Ran, ROOT, freshDirectory, makeService, run, STATIC, start, until } from './place.ts';

const TARBALLS = readdirSync(join(ROOT, 'dist/npm'))
  .filter((name) => name.endsWith('.tgz'))
  .map((name) => join(ROOT, 'dist/npm', name));

const NODE = dirname(process.execPath);

/** PATH with the installed programs, as npm's own scripts have it, and any Node.js. */
const path = (dir: string): string => `${dir}/node_modules/.bin:${NODE}:/usr/local/bin:/usr/bin:/bin`;

/** npm with an empty cache, in a home of its own. */
const npm = (dir: string, program: 'npm' | 'npx', args: readonly string[]): Ran =>
  run(program, ['--offline', '--cache', join(dir, '.cache'), ...args], {
    cwd: dir,
    env: { PATH: path(dir), HOME: dir },
  });

const install = (packages: readonly string[]): string => {
  const dir = mkdtempSync(join(tmpdir(), 'runitbox-npm-'));
  writeFileSync(join(dir, 'package.json'), '{ "name": "user", "version": "1.0.0" }\n');
  const { code, err } = npm(dir, 'npm', ['install', '--no-audit', '--no-fund', ...packages]);
  if (code !== 0) throw new Error(err);
  return dir;
};

let dir = '';
beforeAll(() => {
  dir = install(TARBALLS);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const bin = (name: string): string => join(dir, 'node_modules/.bin', name);

const supervised = async (file: string, args: readonly string[], service: string, env = {}): Promise<number> => {
  const { pid } = start(file, args, [], { env: { PATH: path(dir), ...env } });
  await until('the service', () => run(bin('sv'), ['status', service]).out.startsWith('run: ') || undefined);
  return pid;
};

/** What uname says -> the package whose executable the launcher takes, where that of `installed` is there. */
const LAUNCHES: readonly (readonly [machine: string, installed: string])[] = [
  ['x86_64', 'x64'],
  ['x86_64', 'ia32'],
  ['i686', 'ia32'],
  ['aarch64', 'arm64'],
  ['aarch64', 'arm'],
  ['armv7l', 'arm'],
  ['armv8l', 'arm'],
  ['riscv64', 'riscv64'],
  ['ppc64le', 'ppc64'],
  ['s390x', 's390x'],
];

const script = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
};

describe('the launcher', () => {
  it.each(LAUNCHES)('takes, on %s, the executable for %s', (machine, installed) => {
    const top = freshDirectory();
    script(join(top, 'fake/uname'), `echo ${machine}`);
    script(join(top, 'fake/node'), 'echo node');
    script(join(top, `node_modules/runitbox-linux-${installed}/runitbox`), `echo ${installed} "$@"`);
    const launcher = join(top, 'node_modules/runitbox/bin/sv');
    script(launcher, readFileSync(join(ROOT, 'dist/npm/runitbox/bin/sv'), 'utf8').replace(/^#!.*\n/, ''));
    const env = { PATH: `${join(top, 'fake')}:/usr/bin:/bin` };
    expect(run(launcher, ['status', 'a b'], { env }).out).toBe(`${installed} sv status a b\n`);
  });
});

describe('the npm packages', () => {
  it('install two packages and nothing else', () => {
    const folders = readdirSync(join(dir, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(folders.sort()).toEqual(['runitbox', `runitbox-linux-${process.arch}`]);
  });

  it.each(['runitbox', ...applets.map(({ name }) => name)])('run %s as the static executable does', (name) => {
    const words = name === 'runitbox' ? [] : [name];
    expect(run(bin(name), ['--help'])).toEqual(run(STATIC, [...words, '--help']));
  });

  it('pass on arguments as they are', () => {
    expect(run(bin('chpst'), ['printf', '%s|', 'a b', '', '*', '"$0"'])).toEqual({
      code: 0,
      out: 'a b||*|"$0"|',
      err: '',
    });
  });

  it('bring npx runitbox sv status to work', async () => {
    const service = makeService(join(freshDirectory(), 'web'), 'exec sleep 1000');
    await supervised(bin('runsv'), [service], service);
    const { code, out } = npm(dir, 'npx', ['runitbox', 'sv', 'status', service]);
    expect(out).toMatch(new RegExp(`^run: ${service}: \\(pid \\d+\\) \\d+s\n$`));
    expect(code).toBe(0);
    expect(npm(dir, 'npx', ['sv', 'exit', service]).code).toBe(0);
  });

  it('become the executable itself: no shell and no Node.js stays between', async () => {
    const service = makeService(join(freshDirectory(), 'web'), 'exec sleep 1000');
    const pid = await supervised(bin('runsv'), [service], service);
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe(join(dir, `node_modules/runitbox-linux-${process.arch}/runitbox`));
  });

  it('let runsvdir find its runsv', async () => {
    const services = freshDirectory();
    const web = makeService(join(services, 'web'), 'exec sleep 1000');
    await supervised(bin('runsvdir'), [services], web);
  });
});

describe('without the static executable', () => {
  const env = { RUNITBOX_FLAVOUR: 'node' };

  it('the programs run on Node.js, and say the same', () => {
    const setting = { env: { ...env, PATH: path(dir) } };
    for (const name of ['sv', 'runsvdir', 'chpst'])
      expect(run(bin(name), ['--help'], setting)).toEqual(run(STATIC, [name, '--help']));
    const odd = ['--env-file', 'none', '--inspect'];
    expect(run(bin('chpst'), ['echo', ...odd], setting)).toEqual({ code: 0, out: `${odd.join(' ')}\n`, err: '' });
  });

  it('runsvdir on Node.js runs runsv on Node.js, where PATH has none', async () => {
    const services = freshDirectory();
    const web = makeService(join(services, 'web'), 'echo $PPID > parent; exec /bin/sleep 1000');
    const script = join(dir, 'node_modules/runitbox/lib/runitbox.cjs');
    await supervised(process.execPath, [script, 'runsvdir', services], web, { PATH: '/nonexistent' });
    const runsv = readFileSync(join(web, 'parent'), 'latin1').trim();
    const command = readFileSync(`/proc/${runsv}/cmdline`, 'latin1');
    expect(command).toContain(`${script}\0runsv\0web\0`);
  });

  it('links made by --install are the programs', () => {
    const place = freshDirectory();
    const script = join(dir, 'node_modules/runitbox/lib/runitbox.cjs');
    expect(run(process.execPath, [script, '--install', '-s', place])).toEqual({ code: 0, out: '', err: '' });
    expect(run(process.execPath, [join(place, 'sv'), '--help'])).toEqual(run(STATIC, ['sv', '--help']));
  });

  it('and without Node.js there is one line, and exit code 111', () => {
    const place = freshDirectory();
    const front = TARBALLS.filter((name) => !name.includes('-linux-'));
    mkdirSync(join(place, 'bin'));
    for (const tool of ['sh', 'readlink', 'uname']) run('ln', ['-s', `/bin/${tool}`, join(place, 'bin', tool)]);
    expect(run('tar', ['-xzf', front[0] ?? '', '-C', place]).code).toBe(0);
    const { code, err } = run(join(place, 'package/bin/sv'), ['status'], { env: { PATH: join(place, 'bin') } });
    expect(err).toBe(`sv: fatal: neither runitbox-linux-${process.arch} nor Node.js is installed\n`);
    expect(code).toBe(111);
  });
});

describe('the module', () => {
  const USE = `
    const down = readStatus(dir);
    sendControl(dir, 'up');
    console.log(JSON.stringify([down.phase, down.pid, isSupervised(dir), isSupervised('/'), commands.length]));
    console.log(formatTai64n(parseTai64n('@4000000065000000075bcd15 text')), parseTai64n('no label'));
    for (const wrong of [() => sendControl(dir, 'nonsense'), () => sendControl('/', 'up'), () => readStatus('/')]) {
      try { wrong(); } catch (problem) { console.log(problem.code ?? problem.name); }
    }`;
  const NAMES = 'commands, formatTai64n, isSupervised, parseTai64n, readStatus, sendControl';

  it.each([
    ['imported', 'use.mjs', `import { ${NAMES} } from 'runitbox';`],
    ['required', 'use.cjs', `const { ${NAMES} } = require('runitbox');`],
  ])('reads status, sends commands and knows labels, %s', async (_how, file, head) => {
    const service = makeService(join(freshDirectory(), 'web'), 'exec sleep 1000');
    writeFileSync(join(service, 'down'), '');
    start(STATIC, ['runsv', service]);
    await until('runsv', () => existsSync(join(service, 'supervise/status')) || undefined);
    writeFileSync(join(dir, file), `${head}\nconst dir = process.argv[2];${USE}`);
    const { out, err } = run(process.execPath, [join(dir, file), service]);
    expect(err).toBe('');
    const label = '@4000000065000000075bcd15 null';
    expect(out.split('\n')).toEqual(['["down",null,true,false,14]', label, 'TypeError', 'ENOENT', 'ENOENT', '']);
    await until('the service', () => run(STATIC, ['sv', 'status', service]).out.startsWith('run: ') || undefined);
  });

  it('lists, waits for and watches services with the facts that sv prints', async () => {
    const scan = freshDirectory();
    const web = makeService(join(scan, 'web'), 'exec sleep 1000');
    makeService(join(scan, 'bad'), 'exit 3');
    await supervised(bin('runsvdir'), [scan], web);
    const use = `
      import { list, wait, watch, why } from 'runitbox';
      const options = { svdir: process.argv[2], timeoutMs: 20_000 };
      await wait('up', ['web'], options);
      const events = watch({ ...options, patterns: ['web'], signal: AbortSignal.timeout(20_000) });
      process.kill(why('web', options).pid, 'SIGKILL');
      for await (const { event, condition, pid } of events) {
        console.error(condition ?? event);
        if (event === 'started' || (event === 'changed' && pid !== undefined)) break;
      }
      await wait('up', ['web'], options);
      console.log(JSON.stringify(list(options)));`;
    writeFileSync(join(dir, 'live.mjs'), use);
    const { out, err } = run(process.execPath, [join(dir, 'live.mjs'), scan]);
    expect(err).toMatch(/^running\n(backoff\n|ended\n|waiting\n)*(running|started)\n$/);
    const printed = run(bin('sv'), ['list', '--json'], { env: { SVDIR: scan, PATH: path(dir) } });
    // bad starts again every second
    const [, facts] = JSON.parse(printed.out) as Record<string, unknown>[];
    const [, told] = JSON.parse(out) as Record<string, unknown>[];
    const { pid, since, condition, want, starts } = told ?? {};
    expect(facts).toMatchObject({ pid, since, condition, want, starts });
    expect(Object.keys(told ?? {}).map((name) => name.replace(/[A-Z]/g, '_$&').toLowerCase())).toEqual(
      Object.keys(facts ?? {}),
    );
  });

  it('has types, for both ways', () => {
    const use = `const some: readonly Service[] = list({ patterns: ['web@*'], usage: true });
      for (const one of some) if (one.supervised) console.log(one.lastEnd?.ranSeconds, one.memoryBytes); else console.log(one.error);
      // @ts-expect-error no state
      void wait('sideways', ['web']);
      const events: AsyncIterable<ServiceEvent> = watch({ signal: AbortSignal.timeout(1) });
      const failed: readonly WaitResult[] = new WaitError('up', []).results; console.log(events, failed, why('web').logLines);
      const phase: 'down' | 'run' | 'finish' = readStatus('/etc/service/web').phase;
      // @ts-expect-error no command
      sendControl('/etc/service/web', 'nonsense');
      const word: Command = 'up'; const moment: Moment | null = parseTai64n(phase + word); console.log(moment);`;
    for (const ending of ['mts', 'cts'])
      writeFileSync(
        join(dir, `types.${ending}`),
        `import { type Command, list, type Moment, parseTai64n, readStatus, sendControl, type Service, type ServiceEvent,
          wait, WaitError, type WaitResult, watch, why } from 'runitbox';\n${use}`,
      );
    const types = join(ROOT, 'node_modules/@types');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--typeRoots', types, '--types', 'node'];
    const { code, out } = run(join(ROOT, 'node_modules/.bin/tsc'), [...options, 'types.mts', 'types.cts'], {
      cwd: dir,
      env: { PATH: path(dir) },
    });
    expect(out).toBe('');
    expect(code).toBe(0);
  });
});
