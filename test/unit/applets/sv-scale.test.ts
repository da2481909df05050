// `sv new --like`, `sv new --ready` and `sv scale`: instances of a service, and what is left where one cannot be made or removed.
import { describe, expect, it } from 'vitest';
import { EACCES, ENOSPC } from '../../../src/abi/errno.ts';
import { type FakeRunsv, type Ran, SvWorld } from '../client/world.ts';

const ENV = ['SVDIR=/svc', 'SVSRC=/sv'];

const sv = (world: SvWorld, ...words: readonly string[]): Ran => world.run('', { argv: ['sv', ...words], env: ENV });

/** A machine with a template web@ that has a log, a state and a file down. */
const machine = (): SvWorld => {
  const world = new SvWorld();
  const { user } = world.kernel;
  user.file('/sv/web@/run', '#!/bin/sh\n', 0o755);
  user.file('/sv/web@/finish', '#!/bin/sh\n', 0o755);
  user.file('/sv/web@/down', '');
  user.file('/sv/web@/env/PORT', '80');
  user.file('/sv/web@/log/run', '#!/bin/sh\n', 0o755);
  user.folder('/sv/web@/log/supervise');
  user.folder('/sv/web@/supervise');
  return world;
};

/** runsvdir: a runsv for each link a millisecond after it was made; ends one whose link is gone. */
const runsvdir = (world: SvWorld, stubborn: readonly string[] = []): Map<string, FakeRunsv> => {
  const runsvs = new Map<string, FakeRunsv>();
  const turn = (): void => {
    const names = world.kernel.user.names('/svc').filter((name) => name[0] !== '.');
    for (const name of names.filter((each) => !runsvs.has(each))) {
      if (world.kernel.user.exists(`/svc/${name}/log`)) world.service(`${name}/log`);
      runsvs.set(name, world.service(name));
    }
    for (const [name, runsv] of runsvs) if (!names.includes(name) && !stubborn.includes(name)) runsv.end();
  };
  for (let ms = 1; ms < 400; ms++) world.at(ms, turn);
  return runsvs;
};

const linked = (world: SvWorld): readonly string[] => [...world.kernel.user.names('/svc')].sort();

describe('sv new --like', () => {
  it('makes directories of links to all but supervise and down', () => {
    const world = machine();
    const ran = sv(world, 'new', '--like', 'web@', 'web@1', 'odd name');
    expect([ran.code, ran.err]).toEqual([0, '']);
    const made = ['', '/env', '/finish', '/log', '/log/run', '/run'];
    expect(ran.out).toBe(['web@1', 'odd name'].flatMap((name) => made.map((path) => `/sv/${name}${path}\n`)).join(''));
    const { user } = world.kernel;
    expect(user.read('/sv/odd name/run')).toBe('#!/bin/sh\n');
    expect(user.read('/sv/web@1/log/run')).toBe('#!/bin/sh\n');
    user.file('/sv/web@/env/HOST', 'h');
    expect(user.read('/sv/web@1/env/HOST')).toBe('h');
  });

  it.each([
    [['--like', 'web@'], 'expected names of instances with --like'],
    [['--like', '../web', 'a'], "expected a name without '/' and without '.' in front, got '../web'"],
    [['--like', 'web@', 'a', 'b/c'], "expected a name without '/' and without '.' in front, got 'b/c'"],
    [['--like', 'web@', '--log', 'a'], 'expected no --log with --like'],
    [['--like', 'web@', '--user', 'u', 'a'], 'expected no --user with --like'],
  ])('refuses %j', (words, why) => {
    const world = machine();
    expect(sv(world, 'new', ...words)).toMatchObject({ code: 100, out: '', err: `sv: new: ${why}\n` });
    expect(world.kernel.user.names('/sv')).toEqual(['web@']);
  });

  it('says which could not be made, and leaves alone what is there', () => {
    const world = machine();
    world.kernel.user.file('/sv/web@1/run', 'mine');
    const ran = sv(world, 'new', '--like', 'web@', 'web@1', 'web@2');
    expect([ran.code, ran.err]).toEqual([1, 'sv: new: /sv/web@1: file already exists\n']);
    expect(world.kernel.user.read('/sv/web@1/run')).toBe('mine');
    expect(sv(world, 'new', '--like', 'none', 'x')).toMatchObject({
      code: 1,
      err: 'sv: new: /sv/none/run: file does not exist\n',
    });
  });

  it.each([
    ['symlink', '/sv/web@1/env: out of disk space'],
    ['readdir', '/sv/web@: out of disk space'],
  ] as const)('says what fails: %s', (call, why) => {
    const world = machine();
    world.kernel.fault({ call, errno: ENOSPC });
    expect(sv(world, 'new', '--like', 'web@', 'web@1')).toMatchObject({ code: 1, err: `sv: new: ${why}\n` });
  });
});

describe('sv new --ready', () => {
  it.each([
    ['fd', { 'notification-fd': '3\n' }],
    ['socket', { 'notification-socket': '' }],
    ['http:8080', { check: '#!/bin/sh\nexec svprobe http://127.0.0.1:8080/\n', 'check-interval': '' }],
  ])('%s makes the files for it', (ready, files) => {
    const world = machine();
    const ran = sv(world, 'new', '--ready', ready, 'w', '--', 'x');
    const paths = Object.keys(files).map((name) => `/sv/w/${name}\n`);
    expect([ran.code, ran.out]).toEqual([0, `/sv/w\n/sv/w/run\n${paths.join('')}`]);
    for (const [name, text] of Object.entries(files)) expect(world.kernel.user.read(`/sv/w/${name}`)).toBe(text);
  });

  it.each(['', 'http', 'http:', 'http:0', 'http:65536', 'http:8x', 'toString', 'fd\x1b'])('refuses %j', (ready) => {
    const ran = sv(machine(), 'new', '--ready', ready, 'w', '--', 'x');
    expect([ran.code, ran.err]).toEqual([
      100,
      `sv: new: --ready: expected fd, socket or http:PORT, got '${ready.replace('\x1b', '?')}'\n`,
    ]);
  });

  it('gives each instance of a template a log directory of its own', () => {
    const world = machine();
    sv(world, 'new', '--log', 'api@', '--', 'x');
    expect(world.kernel.user.read('/sv/api@/log/run')).toContain('dir=/var/log/${service##*/}\n');
  });
});

describe('sv scale', () => {
  it('makes instances, links them and prints their states', () => {
    const world = machine();
    runsvdir(world);
    const ran = sv(world, 'scale', 'web@', '2');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toBe(
      'run: web@1: (pid 77) 10s; run: log: (pid 77) 10s\nrun: web@2: (pid 77) 10s; run: log: (pid 77) 10s\nok: web@: 2 instances\n',
    );
    expect(linked(world)).toEqual(['web@1', 'web@2']);
    expect(sv(world, 'scale', 'web@', '2')).toMatchObject({ code: 0, out: 'ok: web@: 2 instances\n' });
  });

  it('fills gaps first, and removes from the highest number down', () => {
    const world = machine();
    const { user } = world.kernel;
    for (const name of ['web@2', 'web@10']) {
      user.file(`/sv/${name}/run`, '', 0o755);
      user.symlink(`/sv/${name}`, `/svc/${name}`);
    }
    for (const name of ['web@01', 'web@x', 'web']) user.folder(`/svc/${name}`);
    runsvdir(world);
    expect(sv(world, 'scale', 'web@', '4')).toMatchObject({ code: 0 });
    expect(linked(world)).toEqual(['web', 'web@01', 'web@1', 'web@10', 'web@2', 'web@3', 'web@x']);
    const ran = sv(world, 'scale', 'web@', '1');
    expect(ran.out).toBe('ok: web@10: removed\nok: web@3: removed\nok: web@2: removed\nok: web@: 1 instance\n');
    expect(linked(world)).toEqual(['web', 'web@01', 'web@1', 'web@x']);
    expect(user.exists('/sv/web@2')).toBe(true);
  });

  it('waits for each before it removes the next, and says what is left where one stays', () => {
    const world = machine();
    runsvdir(world, ['web@2']);
    sv(world, 'scale', 'web@', '3');
    const ran = sv(world, '-w', '1', 'scale', 'web@', '0');
    expect([ran.code, ran.out]).toEqual([1, 'ok: web@3: removed\n']);
    expect(ran.err).toBe(
      'sv: scale: web@2: the link is gone, but its runsv still runs\nsv: scale: web@: expected 0 instances, got 1: web@1\n',
    );
    expect(linked(world)).toEqual(['web@1']);
  });

  it('goes on with the others where one cannot be added', () => {
    const world = machine();
    world.kernel.user.folder('/sv/web@1');
    runsvdir(world);
    const ran = sv(world, 'scale', 'web@', '2');
    expect([ran.code, ran.out]).toEqual([1, 'run: web@2: (pid 77) 10s; run: log: (pid 77) 10s\n']);
    expect(ran.err).toBe(
      'sv: scale: web@1: /sv/web@1/run: file does not exist\nsv: scale: web@: expected 2 instances, got 1: web@2\n',
    );
    world.kernel.fault({ call: 'mkdir', errno: ENOSPC });
    expect(sv(world, 'scale', 'web@', '3').err).toContain('sv: scale: web@3: /sv/web@3: out of disk space\n');
  });

  it('removes no directory', () => {
    const world = machine();
    world.service('web@1');
    const ran = sv(world, 'scale', 'web@', '0');
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain('sv: scale: web@1: /svc/web@1 is not a link');
  });

  it.each([
    [['web', '2'], "expected a name that ends in '@' and a number, got 'web 2'"],
    [['../web@', '2'], "expected a name that ends in '@' and a number, got '../web@ 2'"],
    [['web@', '2', '3'], "expected a name that ends in '@' and a number, got 'web@ 2 3'"],
    [['web@'], "expected a number up to 1000, got ''"],
    [['web@', '--', '-1'], "expected a number up to 1000, got '-1'"],
    [['web@', '1001'], "expected a number up to 1000, got '1001'"],
  ])('refuses %j', (words, why) => {
    expect(sv(machine(), 'scale', ...words)).toMatchObject({ code: 100, out: '', err: `sv: scale: ${why}\n` });
  });

  it('says that there is no template, or that the scan directory cannot be read', () => {
    const world = machine();
    expect(sv(world, 'scale', 'db@', '1')).toMatchObject({
      code: 1,
      err: 'sv: scale: db@: /sv/db@/run: file does not exist\n',
    });
    world.kernel.fault({ call: 'readdir', errno: EACCES });
    expect(sv(world, 'scale', 'web@', '1')).toMatchObject({ code: 1, err: 'sv: scale: web@: /svc: access denied\n' });
  });
});
