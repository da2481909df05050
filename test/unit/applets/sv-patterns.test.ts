// Names with patterns, for classic verbs and for those with options.
import { describe, expect, it } from 'vitest';
import { EACCES } from '../../../src/abi/errno.ts';
import { svc } from '../../../src/applets/svc.ts';
import { type FakeRunsv, SvWorld } from '../client/world.ts';

const NAMES = ['db', 'web@1', 'web@2'] as const;

interface Machine {
  readonly world: SvWorld;
  readonly services: Readonly<Record<string, FakeRunsv>>;
}

const machine = (...names: readonly string[]): Machine => {
  const world = new SvWorld();
  return { world, services: Object.fromEntries(names.map((name) => [name, world.service(name)])) };
};

describe('a pattern among the names of services', () => {
  it.each([
    ['up web@*', ['', 'u', 'u']],
    ['down *', ['d', 'd', 'd']],
    ['hup [a-d]*', ['h', '', '']],
    ['1 web@?', ['', '1', '1']],
    ['term web@2 web@*', ['', 't', 't']],
    ['kill /svc/web@*', ['', '', '']],
  ] as const)('%s reaches the services that match, each once', (line, bytes) => {
    const { world, services } = machine(...NAMES);
    world.run(line);
    expect(NAMES.map((name) => services[name]?.got)).toEqual(bytes);
  });

  it('shows the states of those that match, by name', () => {
    const { world } = machine(...NAMES);
    const ran = world.run('status db *');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out.split('\n').map((line) => line.split(':')[1])).toEqual([' db', ' web@1', ' web@2', undefined]);
  });

  it('waits for all of them', () => {
    const { world, services } = machine('web@1', 'web@2');
    world.at(100, () => services['web@1']?.become({ pid: 0, want: 'down', phase: 'down' }));
    world.at(200, () => services['web@2']?.become({ pid: 0, want: 'down', phase: 'down' }));
    const ran = world.run('stop web@*');
    expect([ran.code, ran.out]).toEqual([0, 'ok: down: web@1: 0s, normally up\nok: down: web@2: 0s, normally up\n']);
  });

  it('takes a directory that is named so literally', () => {
    const { world, services } = machine('w*', 'web', '[x');
    world.run('up w*');
    world.run('down [x');
    expect(['w*', 'web', '[x'].map((name) => services[name]?.got)).toEqual(['u', '', 'd']);
  });

  it('stands for no hidden name, no file and no path', () => {
    const { world, services } = machine('.hidden', 'web');
    world.kernel.user.file('/svc/wrong', '');
    expect(world.run('up *')).toMatchObject({ code: 0, err: '' });
    expect(['.hidden', 'web'].map((name) => services[name]?.got)).toEqual(['', 'u']);
  });

  it('with /log behind it stands for the log services that there are', () => {
    const { world, services } = machine('db', 'web', 'web/log');
    expect(world.run('alarm */log')).toMatchObject({ code: 0, out: '', err: '' });
    expect(services['web/log']?.got).toBe('a');
  });

  it.each(['up', 'status', 'check', 'why', 'logs', 'remove', 'status --json', 'wait up'])(
    'that matches nothing is told, and counts: %s',
    (verb) => {
      const { world } = machine('db');
      const ran = world.run(`${verb} x* y?`);
      expect([ran.code, ran.out, ran.err]).toEqual([
        2,
        verb.endsWith('--json') ? '[]\n' : '',
        'sv: x*: no service matches in /svc\nsv: y?: no service matches in /svc\n',
      ]);
    },
  );

  it('adds to the failures of the others', () => {
    const { world } = machine('db');
    expect(world.run('up x* nope db').code).toBe(2);
    expect(world.run('why x* nope db').code).toBe(2);
    expect(world.run('wait --any up x* db').code).toBe(0);
    expect(world.run('-w 0 wait down x* db').code).toBe(2);
    expect(world.run('logs -n many x* db').code).toBe(100);
    expect(world.run(`up ${'x* '.repeat(120)}`).code).toBe(99);
  });

  it('checks no other directories than those that match', () => {
    const { world } = machine('db');
    expect(world.run('lint x*')).toMatchObject({ code: 1, out: '' });
    expect(world.run('lint d*').out).toMatch(/^db: error: no \.\/run\n/);
  });

  it('says that the directory of services cannot be read, once for each', () => {
    const { world } = machine('db');
    world.kernel.fault({ call: 'readdir', errno: EACCES });
    expect(world.run('up *')).toMatchObject({ code: 1, err: 'sv: *: unable to read /svc: access denied\n' });
  });

  it('shows no control bytes', () => {
    expect(machine().world.run('', { argv: ['sv', 'up', '\x1b[2J*'] }).err).not.toContain('\x1b');
  });

  it('is none in an init script, and none for svc', () => {
    const { world, services } = machine('web');
    expect(world.run('', { argv: ['/etc/init.d/w*', 'start'] }).code).toBe(1);
    expect(world.run('-u w*', {}, svc)).toMatchObject({ code: 1 });
    expect(services['web']?.got).toBe('');
  });
});
