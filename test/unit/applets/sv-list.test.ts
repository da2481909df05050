// `sv list` and `sv status --json`: what is printed and returned, whatever lies in supervise.
import { describe, expect, it } from 'vitest';
import { FakeRunsv, SvWorld } from '../client/world.ts';

interface Shown {
  readonly service: string;
  readonly condition: string;
  readonly [name: string]: unknown;
}

const parsed = (text: string): readonly Shown[] => JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as Shown[];

const listed = (world: SvWorld): readonly Shown[] => parsed(world.run('list --json').out);

const last = {
  at: '2027-01-15T07:59:57.000Z',
  pid: 70,
  code: 1,
  signal: 0,
  ranSeconds: 0.2,
  cause: 'exit',
  oom: null,
} as const;

describe('sv list', () => {
  it('shows a service of each kind, by name', () => {
    const world = new SvWorld();
    world.service('web');
    world.service('db', { pid: 0, want: 'down', phase: 'down' });
    world.service('bad', { pid: 0, phase: 'down' }).tell({ starts: 7, last, next: '2027-01-15T08:00:27.500Z' });
    world.service('gone').end();
    world.kernel.user.folder('/svc/.hidden/supervise');
    world.kernel.user.file('/svc/notes', 'no service');
    expect(world.run('list')).toMatchObject({
      code: 0,
      err: '',
      out: [
        'SERVICE  STATE         PID  FOR  STARTS  LAST END',
        'bad      backoff            10s  7       exit 1, 3s ago; next start in 27s',
        'db       down               10s  -',
        'gone     unsupervised                    runsv not running',
        'web      running       77   10s  -',
        '',
      ].join('\n'),
    });
  });

  it('takes patterns, and any of several', () => {
    const world = new SvWorld();
    for (const name of ['web@1', 'web@2', 'db']) world.service(name);
    const names = (line: string): readonly string[] => parsed(world.run(line).out).map(({ service }) => service);
    expect([names('list --json web@*'), names('list --json d? *@1'), names('list --json none')]).toEqual([
      ['web@1', 'web@2'],
      ['db', 'web@1'],
      [],
    ]);
  });

  it('says which directory cannot be read', () => {
    const world = new SvWorld();
    const ran = world.run('list', { env: ['SVDIR=/no\x1bwhere'] });
    expect([ran.code, ran.out, ran.err]).toEqual([1, '', 'sv: unable to read /no?where: file does not exist\n']);
  });

  it('is a table of the width and colours of a terminal, where it is written to one', () => {
    const terminal = (env: readonly string[]): string => {
      const world = new SvWorld({ terminal: [24, 0] });
      world.service('web');
      world.service('bad', { pid: 0, phase: 'down' }).tell({ last, next: '2027-01-15T08:00:27.500Z' });
      return world.run('list', { env: ['SVDIR=/svc', ...env] }).out;
    };
    const text = terminal([]);
    expect(text).toContain('\x1b[32mrunning\x1b[0m');
    expect(terminal(['NO_COLOR=1'])).not.toContain('\x1b');
    const longest = (lines: string): number => Math.max(...lines.split('\n').map((line) => line.length));
    expect(longest(terminal(['NO_COLOR=1', 'COLUMNS=50']))).toBe(50);
    expect(longest(terminal(['NO_COLOR=1', 'COLUMNS=3']))).toBeGreaterThan(50);
    expect(longest(terminal(['NO_COLOR=1', 'COLUMNS=x']))).toBeGreaterThan(50);
  });
});

describe('sv status --json', () => {
  it('shows everything that a supervisor has written, in the order asked', () => {
    const world = new SvWorld();
    const web = world.service('web', { sec: 1_799_999_688 });
    web.tell({
      by: 'socket',
      ready: true,
      readyAt: '2027-01-15T07:55:00.000Z',
      text: 'Serving 3 clients',
      starts: 4,
      failures: 3,
      last: { ...last, code: -1, signal: 9, oom: true },
    });
    new FakeRunsv(world.kernel, 'web/log', { pid: 78 });
    world.kernel.user.file('/svc/db/down');
    world.service('db', { pid: 0, want: 'down', phase: 'down' });
    const ran = world.run('status --json web db');
    const [first, second] = parsed(ran.out);
    expect(ran.code).toBe(0);
    expect(first).toMatchObject({
      service: 'web',
      directory: '/svc/web',
      supervised: true,
      condition: 'ready',
      state: 'run',
      pid: 77,
      seconds: 312,
      want: 'up',
      normally: 'up',
      ready: true,
      ready_by: 'socket',
      ready_since: '2027-01-15T07:55:00.000Z',
      text: 'Serving 3 clients',
      starts: 4,
      failures: 3,
      last_end: { code: null, signal: 'KILL', oom: true },
      log: { condition: 'running', pid: 78 },
    });
    expect(second).toMatchObject({ service: 'db', condition: 'down', pid: null, normally: 'down', starts: null });
    expect([second?.['ready'], second?.['log'], second?.['last_end']]).toEqual([null, null, null]);
  });

  it('counts what cannot be asked, and says why', () => {
    const world = new SvWorld();
    world.service('web');
    world.service('idle').end();
    const ran = world.run('status --json web nope idle');
    expect(ran.code).toBe(2);
    expect(parsed(ran.out).map(({ service, error }) => [service, error])).toEqual([
      ['web', undefined],
      ['nope', 'unable to change to service directory: file does not exist'],
      ['idle', 'runsv not running'],
    ]);
  });

  it('is as before without an option', () => {
    const world = new SvWorld();
    world.service('web');
    expect(world.run('status web').out).toBe('run: web: (pid 77) 10s\n');
  });

  it('takes what state.json says of another process for nothing', () => {
    const world = new SvWorld();
    world.service('web').tell({ pid: 76, by: 'fd', ready: true, readyAt: '2027-01-15T07:55:00.000Z', text: 'old' });
    const [shown] = parsed(world.run('status --json web').out);
    expect([shown?.condition, shown?.['ready'], shown?.['text'], shown?.['ready_since']]).toEqual([
      'starting',
      false,
      null,
      null,
    ]);
  });

  it.each(['a\x1b]0;title\x07\n', 'd\xc3\xa9j\xc3\xa0', '\xff\xc2\x9b', 'a"\\', 'x'.repeat(255)])(
    'is valid JSON and UTF-8 without control characters for %j',
    (name) => {
      const world = new SvWorld();
      world.service(name).tell({ text: name, by: 'fd', ready: true, outcome: 'failed', reason: name });
      for (const argv of [
        ['sv', 'status', '--json', name],
        ['sv', 'list', '--json'],
      ]) {
        const { code, out } = world.run('', { argv });
        expect(code).toBe(0);
        expect(out.slice(0, -1)).not.toMatch(/[\0-\x1f\x7f]|\xc2[\x80-\x9f]/);
        const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(out, 'latin1'));
        const expected = new TextDecoder().decode(Buffer.from(name, 'latin1'));
        expect((JSON.parse(text) as Shown[])[0]?.service).toBe(expected);
      }
      expect(world.run('list').out.replaceAll('\n', '')).not.toMatch(/[\0-\x1f\x7f]|\xc2[\x80-\x9f]/);
    },
  );
});

type Form = (world: SvWorld, path: string) => void;

const FORMS: Readonly<Record<string, Form>> = {
  missing: () => {},
  link: ({ kernel: { user } }, path) => {
    user.file('/secret', '{"starts":99}');
    user.symlink('/secret', path);
  },
  fifo: ({ kernel: { user } }, path) => {
    user.fifo(path);
    user.open(path);
  },
  directory: ({ kernel: { user } }, path) => user.folder(path),
  empty: ({ kernel: { user } }, path) => user.file(path),
  'huge file': ({ kernel: { user } }, path) => user.file(path, '{"starts":99,"x":"'.padEnd(1 << 21, 'x')),
  'file of one byte too many': ({ kernel: { user } }, path) => user.file(path, '{"starts":99}'.padEnd(2049)),
  'file of bytes': ({ kernel: { user } }, path) => user.file(path, '\xff\0\x1b[2J'),
  'file that is no object': ({ kernel: { user } }, path) => user.file(path, '["starts"]'),
  'deep file': ({ kernel: { user } }, path) => user.file(path, '['.repeat(2000)),
};

describe.each(Object.keys(FORMS))('state.json that is a %s', (form) => {
  it('counts as absent, and nobody waits for it', () => {
    const world = new SvWorld();
    world.service('a');
    FORMS[form]?.(world, '/svc/a/supervise/state.json');
    const [shown] = listed(world);
    expect([shown?.condition, shown?.['starts']]).toEqual(['running', null]);
    expect(world.run('status --json a').ms).toBeLessThan(1);
  });
});

describe('state.json whose members are not of their kind', () => {
  it('has characters as bytes, however they were written', () => {
    const world = new SvWorld();
    world.service('a', { pid: 0, want: 'down', phase: 'down' });
    const text = '{"outcome":"failed","reason":"\\u4e2d\\ud83d\\u009b[2J","starts":1}';
    world.kernel.user.file('/svc/a/supervise/state.json', text);
    expect(listed(world)[0]?.['reason']).toBe('中\ufffd\u009b[2J');
    expect(world.run('list').out).toContain('\xe4\xb8\xad\xef\xbf\xbd?[2J\n');
  });

  it('has what can be used of it', () => {
    const world = new SvWorld();
    world.service('a');
    const odd = { pid: '77', by: 'magic', ready: 1, starts: -3, failures: 2, last: { at: 5 }, waiting: [1, 'b'] };
    world.kernel.user.file('/svc/a/supervise/state.json', JSON.stringify(odd));
    const [shown] = listed(world);
    expect(shown).toMatchObject({ ready_by: null, starts: 1, failures: 2, last_end: null, waiting_for: ['b'] });
  });
});

describe('a status that cannot be used', () => {
  it.each(['link', 'fifo', 'directory', 'empty'])('as a %s makes the service one without supervisor', (form) => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.remove('/svc/a/supervise/status');
    FORMS[form]?.(world, '/svc/a/supervise/status');
    const [shown] = listed(world);
    expect([shown?.condition, String(shown?.['error']).replace(/:.*/, '')]).toEqual([
      'unsupervised',
      expect.stringMatching(/^unable to (open|read) supervise\/status$/),
    ]);
  });

  it('of a log leaves the log out', () => {
    const world = new SvWorld();
    world.service('a');
    new FakeRunsv(world.kernel, 'a/log').end();
    expect(listed(world)[0]?.['log']).toBe(null);
  });
});

describe('without the right to ask runsv', () => {
  const locked = (): SvWorld => {
    const world = new SvWorld();
    world.service('web');
    world.stranger(55).lock('/svc/web/supervise/lock');
    return world;
  };
  const asNobody = (world: SvWorld): readonly Shown[] => parsed(world.run('list --json', { uid: 65534 }).out);

  it.each([
    ['a lock that root holds tells that it lives', 'running', () => {}],
    ['a lock that nobody holds tells that it does not', 'unsupervised', (world: SvWorld) => unlock(world)],
    ['a status that may not be read is none', 'unsupervised', ({ kernel }: SvWorld) => seal(kernel.user, 'status')],
    ['a directory that is closed tells nothing', 'unsupervised', ({ kernel }: SvWorld) => seal(kernel.user, '')],
  ])('%s', (_, condition, change) => {
    const world = locked();
    change(world);
    const [shown] = asNobody(world);
    expect(shown?.condition).toBe(condition);
    if (condition === 'unsupervised') expect(shown?.['error']).toMatch(/access denied|permission denied/);
  });
});

const seal = (user: SvWorld['kernel']['user'], file: string): void => {
  user.chmod(`/svc/web/supervise/${file}`.replace(/\/$/, ''), 0);
};

const unlock = ({ kernel: { user } }: SvWorld): void => {
  user.remove('/svc/web/supervise/lock');
  user.file('/svc/web/supervise/lock');
};

describe('sv list of names and patterns', () => {
  const world = (): SvWorld => {
    const made = new SvWorld();
    made.service('web');
    made.kernel.user.file('/svc/notes');
    return made;
  };

  it('fails once for each that matches nothing', () => {
    const ran = world().run('list web nope n*');
    expect([ran.code, ran.out.split('\n').length]).toEqual([2, 3]);
    expect(ran.err).toBe('sv: nope: no service matches in /svc\nsv: n*: no service matches in /svc\n');
  });

  it('shows no file that is no directory', () => {
    expect(listed(world()).map(({ service }) => service)).toEqual(['web']);
  });
});

describe('what services use', () => {
  const stat = (pid: number, parent: number, user: number, system: number): string =>
    `${pid} (a) b) S ${parent} 1 1 0 -1 4194304 0 0 0 0 ${user} ${system} 0 0 20 0 1 0 5 1000000 100 18446744073709551615\n`;

  const machine = (): SvWorld => {
    const world = new SvWorld({ proc: false });
    world.service('web');
    world.service('old', { pid: 99 });
    world.service('off', { pid: 0, phase: 'down' });
    const { user } = world.kernel;
    user.file('/proc/77/stat', stat(77, 1, 100, 20));
    user.file('/proc/77/statm', '100 50 20 1 0 35 0\n');
    user.file('/proc/80/stat', stat(80, 77, 5, 0));
    user.file('/proc/81/stat', stat(81, 80, 0, 5));
    user.file('/proc/81/statm', '100 3 2 1 0 35 0\n');
    user.file('/proc/self/status', 'Name:\tsv\nVmSize:\t    3892 kB\n');
    // its size may have changed between two looks
    user.file('/proc/self/statm', '1005 900 380 168 0 929 0\n');
    user.file('/proc/82/stat', stat(82, 77, 900, 0).replace(' S ', ' Z '));
    user.file('/proc/90/stat', stat(90, 1, 900, 0));
    user.folder('/proc/91');
    user.file('/proc/uptime', '5');
    user.file('/proc/:x/stat', stat(95, 77, 1, 1));
    return world;
  };

  it('is the sum over the living descendants of a process', () => {
    const shown = parsed(machine().run('list --usage').out);
    expect(
      shown.map(({ service, cpu_seconds, memory_bytes, processes }) => [service, cpu_seconds, memory_bytes, processes]),
    ).toEqual([
      ['off', undefined, undefined, undefined],
      ['old', undefined, undefined, undefined],
      ['web', 1.3, 53 * 4096, 3],
    ]);
    expect(parsed(machine().run('status --usage web').out)[0]).toMatchObject({ processes: 3 });
  });

  it('is in the metrics, and left out where it is unknown', () => {
    const { out, code } = machine().run('metrics');
    expect(code).toBe(0);
    expect(out).toContain('runit_service_cpu_seconds_total{service="web"} 1.3\n');
    expect(out).not.toContain('cpu_seconds_total{service="old"}');
  });

  it('is unknown without /proc', () => {
    const world = new SvWorld({ proc: false });
    world.service('web');
    expect(parsed(world.run('list --usage').out)[0]?.['processes']).toBe(undefined);
  });
});
