// `sv watch`: the events that it prints, what makes it print them, and how it ends.
import { describe, expect, it } from 'vitest';
import { EMFILE, ENOSPC } from '../../../src/abi/errno.ts';
import { SIGHUP, SIGINT, SIGTERM } from '../../../src/abi/signals.ts';
import { CLOCK_REALTIME } from '../../../src/abi/flags.ts';
import { FakeRunsv, type Ran, SvWorld } from '../client/world.ts';

const END_MS = 60_000;
const down = { pid: 0, want: 'down', phase: 'down' } as const;

/** Watches for a minute. */
const watched = (world: SvWorld, line = 'watch'): Ran => {
  world.at(END_MS, () => void world.kernel.kill(world.kernel.main.pid, SIGTERM));
  return world.run(line);
};

/** The lines, without their times. */
const linesOf = ({ out }: Ran): readonly string[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));

interface Event {
  readonly service: string;
  readonly event: string;
  readonly [name: string]: unknown;
}

const eventsOf = ({ out }: Ran): readonly Event[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);

/** The ways to learn of changes: from the kernel, or by looking. */
const WAYS: readonly (readonly [string, (world: SvWorld) => void])[] = [
  ['told by inotify', () => {}],
  ['without inotify', ({ kernel }) => void kernel.fault({ call: 'inotify', errno: EMFILE })],
  ['without watches', ({ kernel }) => void kernel.fault({ call: 'watch', errno: ENOSPC })],
];

describe.each(WAYS)('sv watch, %s', (_, prepare) => {
  it('prints what services are, then what happens to them', () => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web');
    world.service('db', down);
    web.record(1, { event: 'started', pid: 77 });
    world.at(1000, () => {
      web.record(2, { event: 'ended', pid: 77, code: 1, ran: 0.2, cause: 'exit' });
      web.become({ pid: 0, phase: 'down' });
    });
    world.at(3000, () => web.record(3, { event: 'started', pid: 78 }));
    const ran = watched(world);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(linesOf(ran)).toEqual([
      'db down',
      'web running',
      'web ended after 0.2 s: exit code 1, unexpected',
      'web started, process 78',
    ]);
  });

  it('tells of services that come and go', () => {
    const world = new SvWorld();
    prepare(world);
    world.service('web');
    world.at(1000, () => void world.service('new'));
    world.at(2000, () => void world.kernel.user.remove('/svc/web'));
    expect(linesOf(watched(world))).toEqual(['web running', 'new running', 'web unsupervised', 'web removed']);
  });

  it('tells by differences of status where nobody writes a history', () => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web');
    world.at(1000, () => web.become({ pid: 78 }));
    world.at(2000, () => web.become({ pid: 78, paused: true }));
    world.at(3000, () => web.become(down));
    const ran = watched(world, 'watch --json');
    expect(eventsOf(ran).map(({ service, event, condition, pid }) => [service, event, condition, pid])).toEqual([
      ['web', 'is', 'running', 77],
      ['web', 'changed', 'running', 78],
      ['web', 'changed', 'down', undefined],
    ]);
  });

  it.each([true, false])('tells that a runsv has ended, with a history: %s', (hasHistory) => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web');
    if (hasHistory) web.record(1, { event: 'started', pid: 77 });
    world.at(1000, () => {
      if (hasHistory) web.record(2, { event: 'done', reason: 'asked' });
      web.become(down);
    });
    world.at(1001, () => web.end());
    const lines = linesOf(watched(world));
    expect(lines.at(-1)).toBe('web unsupervised');
    if (hasHistory) expect(lines.at(-2)).toBe('web done: asked');
  });

  it('tells how many events it has missed', () => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web');
    web.record(5, { event: 'started', pid: 77 });
    world.at(1000, () => web.record(9, { event: 'ready', pid: 77, after: 0.5 }, 2));
    expect(linesOf(watched(world)).slice(1)).toEqual([
      'web 3 events are missing',
      'web ready after 0.5 s (2 events before it were lost)',
    ]);
  });

  it('reads a history that begins anew', () => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web');
    web.record(9, { event: 'started', pid: 77 });
    world.at(1000, () => {
      world.kernel.user.remove('/svc/web/supervise/history.jsonl');
      web.record(1, { event: 'started', pid: 78 });
    });
    world.at(2000, () => web.record(2, { event: 'reloading', pid: 78, after: 1 }));
    expect(linesOf(watched(world)).slice(1)).toEqual(['web started, process 78', 'web reloading']);
  });

  it('goes on with a service whose directory is replaced', () => {
    const world = new SvWorld();
    prepare(world);
    world.service('web');
    let web: FakeRunsv | null = null;
    world.at(1000, () => {
      world.kernel.user.rename('/svc/web', '/old');
      web = new FakeRunsv(world.kernel, 'web', { pid: 78 });
    });
    world.at(2000, () => web?.become({ pid: 79 }));
    const pids = eventsOf(watched(world, 'watch --json')).map(({ event, pid }) => [event, pid]);
    expect(pids).toEqual([
      ['is', 77],
      ['changed', 78],
      ['changed', 79],
    ]);
  });

  it('watches a supervise directory that is made later', () => {
    const world = new SvWorld();
    prepare(world);
    world.kernel.user.folder('/svc/web');
    world.at(1000, () => void world.service('web'));
    expect(linesOf(watched(world))).toEqual(['web unsupervised', 'web running']);
  });

  it('watches only what matches', () => {
    const world = new SvWorld();
    prepare(world);
    const web = world.service('web@1');
    const db = world.service('db');
    world.at(1000, () => {
      db.become(down);
      web.become(down);
    });
    world.at(2000, () => void world.service('web@2'));
    expect(linesOf(watched(world, 'watch web@*'))).toEqual(['web@1 running', 'web@1 down', 'web@2 running']);
  });

  it('goes on where the scan directory is gone, or comes later', () => {
    const world = new SvWorld();
    prepare(world);
    world.kernel.user.remove('/svc');
    world.at(1000, () => void world.service('web'));
    world.at(END_MS, () => void world.kernel.kill(world.kernel.main.pid, SIGTERM));
    expect(linesOf(world.run('watch', { cwd: '/' }))).toEqual(['web running']);
  });
});

describe('sv watch', () => {
  it('looks at everything where the kernel has lost events', () => {
    const world = new SvWorld();
    const web = world.service('web');
    const db = world.service('db');
    world.at(1000, () => {
      for (let n = 0; n < 20_000; n++) world.kernel.user.file(`/svc/db/supervise/${n % 2 === 0 ? 'x' : 'y'}`, 'z');
      db.become(down);
      web.become(down);
    });
    expect(linesOf(watched(world))).toEqual(['db running', 'web running', 'db down', 'web down']);
  });

  it('sleeps while nothing happens', () => {
    const world = new SvWorld();
    world.service('web');
    watched(world);
    expect(world.kernel.wakeUps).toBeLessThanOrEqual(2);
  });

  it.each([SIGHUP, SIGINT, SIGTERM])('ends with 0 at signal %d', (signal) => {
    const world = new SvWorld();
    world.at(1000, () => void world.kernel.kill(world.kernel.main.pid, signal));
    expect(world.run('watch')).toMatchObject({ code: 0, out: '', err: '' });
  });

  it('ends with 0 when nobody reads any more', () => {
    const world = new SvWorld();
    const web = world.service('web');
    world.at(1000, () => {
      world.kernel.fault({ call: 'write', errno: 32, when: (fd) => fd === 1 });
      web.become(down);
    });
    expect(world.run('watch').code).toBe(0);
  });

  it('ends with 1 where it cannot catch signals', () => {
    const world = new SvWorld();
    world.kernel.fault({ call: 'catchSignals', errno: EMFILE });
    expect(world.run('watch').code).toBe(1);
  });

  it('prints each event as a JSON object on a line, the time first after the name', () => {
    const world = new SvWorld();
    const web = world.service('web');
    world.at(1000, () => web.record(1, { event: 'stopping', pid: 77, signal: 'TERM', by: 'sv' }));
    const ran = watched(world, 'watch --json');
    expect(ran.out.split('\n')[1]).toBe(
      '{"service":"web","at":"2027-01-15T08:00:01.000Z","event":"stopping","n":1,"pid":77,"signal":"TERM","by":"sv"}',
    );
    const sec = world.kernel.world.clock.read(CLOCK_REALTIME)?.[0] ?? 0;
    expect(Math.abs(Date.parse(String(eventsOf(ran)[0]?.['at'])) / 1000 - sec)).toBeLessThan(120);
  });

  it('lets no line of a history speak for another service, or reach a terminal', () => {
    const hostile = [
      { at: '2027-01-15T08:00:01.000Z', n: 1, event: 'ready', service: 'db', after: 1 },
      { at: '\x1b[2J', n: 2, event: 'x\x1b[31m', '\x1b': 'y', __proto__: null },
      { at: 'x', n: 3, event: 'failed', reason: '\xff\x07\xc2\x9b' },
    ];
    const text = `${hostile.map((line) => JSON.stringify(line)).join('\n')}\nnot JSON\n[1]\n{"n":4}\n{"at":"x","n":`;
    const play = (line: string): Ran => {
      const world = new SvWorld();
      world.service('web');
      world.at(1000, () => world.kernel.user.file('/svc/web/supervise/history.jsonl', text));
      return watched(world, line);
    };
    const events = eventsOf(play('watch --json'));
    expect(events.map(({ service, event }) => [service, event])).toEqual([
      ['web', 'is'],
      ['web', 'ready'],
      ['web', 'x\x1b[31m'],
      ['web', 'failed'],
    ]);
    const lines = linesOf(play('watch'));
    expect(lines.slice(1)).toEqual(['web ready after 1.0 s', '--:--:-- web x?[31m', '--:--:-- web failed: \xff??']);
    expect(play('watch --json').out.replaceAll('\n', '')).not.toMatch(/[\0-\x1f\x7f]/);
  });

  it.each([
    ['nested without end', `{"at":"x","n":1,"event":"e","x":${'['.repeat(8000)}${']'.repeat(8000)}}\n`],
    ['a huge file', '{"at":"x","n":1,"event":"e"}\n'.repeat(10_000)],
    ['one long line', `{"at":"x","n":1,"event":"${'e'.repeat(10_000)}"}\n`],
  ])('takes a history that is %s for none', (_, text) => {
    const world = new SvWorld();
    const web = world.service('web');
    world.kernel.user.file('/svc/web/supervise/history.jsonl', text);
    world.at(1000, () => web.become(down));
    expect(linesOf(watched(world))).toEqual(['web running', 'web down']);
  });
});
