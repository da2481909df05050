// `sv graph`: the tree that it draws of dependencies.d, with cycles, missing names and names that are not for a terminal.
import { describe, expect, it } from 'vitest';
import { EACCES } from '../../../src/abi/errno.ts';
import type { Status } from '../../../src/formats/status.ts';
import { SvWorld } from '../client/world.ts';

const down = { pid: 0, want: 'down', phase: 'down' } as const;

/** Services by name, each with what it depends on. */
const machine = (
  services: Readonly<Record<string, readonly string[]>>,
  statuses: Readonly<Record<string, Partial<Status>>> = {},
): SvWorld => {
  const world = new SvWorld();
  for (const [name, dependencies] of Object.entries(services)) {
    const runsv = world.service(name, statuses[name]);
    if (statuses[name]?.want === 'up') runsv.tell({ next: '2027-01-15T08:00:12.400Z', waiting: [] });
    for (const one of dependencies) world.kernel.user.file(`/svc/${name}/dependencies.d/${one}`, '');
  }
  return world;
};

describe('sv graph', () => {
  it('draws a tree, each service unfolded once', () => {
    const due = { pid: 0, want: 'up', phase: 'down' } as const;
    const world = machine({ web: ['db', 'cache'], cache: ['db'], db: [], log: [] }, { cache: due });
    const ran = world.run('graph');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toBe(
      'log         running\n' +
        'web         running\n' +
        '|- cache    backoff, next start in 12s\n' +
        '|  `- db    running\n' +
        '`- db       ^\n',
    );
  });

  it('ends at cycles, also where nothing else leads to them', () => {
    const world = machine({ a: ['b'], b: ['c'], c: ['a'], self: ['self'] });
    expect(world.run('graph').out).toBe(
      ['self             running', '`- self          ^', 'a                running', '`- b             running']
        .concat(['   `- c          running', '      `- a       ^', ''])
        .join('\n')
        .replace(/ {7,}(?=\S)/g, (blanks) => blanks.slice(3)),
    );
  });

  it('begins where it is told to, and shows what is missing', () => {
    const world = machine({ web: ['db', 'gone', '.hidden'], db: [] }, { db: down });
    const ran = world.run('graph web nope');
    expect([ran.code, ran.err]).toEqual([1, '']);
    expect(ran.out).toBe('web        running\n|- db      down\n`- gone    missing\nnope       missing\n');
  });

  it('takes patterns and paths', () => {
    const world = machine({ web: ['db'], db: [] });
    expect(world.run('graph w* x*')).toMatchObject({ code: 1, out: 'web      running\n`- db    running\n' });
    expect(world.run('graph /svc/web').out).toBe('/svc/web    running\n`- db       running\n');
    expect(world.run('graph ./web/', { cwd: '/svc' }).out).toContain('`- db     running\n');
  });

  it('finds the services beside a link, not beside what it leads to', () => {
    const world = machine({ db: [] });
    const { user } = world.kernel;
    user.file('/sv/shop/dependencies.d/db', '');
    user.symlink('/sv/shop', '/svc/shop');
    world.service('shop', { pid: 0, want: 'up', phase: 'down' }).tell({ waiting: ['db'] });
    expect(world.run('graph shop').out).toBe('shop     waiting\n`- db    running\n');
    expect(world.run('why shop').out).toMatch(/^shop: waiting for db \(running\)/);
  });

  it('prints data with --json', () => {
    const world = machine({ web: ['db', 'gone'], db: [] });
    const ran = world.run('graph --json web');
    expect([ran.code, JSON.parse(ran.out)]).toEqual([
      0,
      [
        { service: 'web', condition: 'running', dependencies: ['db', 'gone'] },
        { service: 'db', condition: 'running', dependencies: [] },
        { service: 'gone', condition: null, dependencies: [] },
      ],
    ]);
  });

  it('survives a chain of thousands', () => {
    const world = new SvWorld();
    for (let at = 0; at < 3000; at++) world.kernel.user.file(`/svc/s${at}/dependencies.d/s${at + 1}`, '');
    const lines = world.run('graph').out.split('\n');
    expect(lines.length).toBe(3002);
    expect(lines.at(-2)).toMatch(/^ +`- s3000 +missing$/);
  });

  it('shows no control bytes of names', () => {
    const world = machine({ 'a\x1b[2J': ['b\x07'] });
    expect(world.run('graph').out).toBe('a?[2J    running\n`- b?    missing\n');
  });

  it('says that the directory of services cannot be read', () => {
    const world = machine({});
    world.kernel.fault({ call: 'readdir', errno: EACCES });
    expect(world.run('graph')).toMatchObject({ code: 1, out: '', err: 'sv: unable to read /svc: access denied\n' });
  });
});
