// `sv monitor` on the simulated kernel: what it sends, what it shows, and how it leaves the terminal.
import { describe, expect, it } from 'vitest';
import { EMFILE, ENOTTY, ENOSPC } from '../../../src/abi/errno.ts';
import { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH } from '../../../src/abi/signals.ts';
import { FakeRunsv, type Ran, SvWorld } from '../client/world.ts';

const END_MS = 10_000;
const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Types keys, one chunk each 100 ms, then q after ten seconds. */
const monitored = (world: SvWorld, ...typed: readonly string[]): Ran => {
  for (const [at, keys] of typed.entries()) world.at(100 * (at + 1), () => void world.kernel.feed(keys));
  world.at(END_MS, () => void world.kernel.feed('qqq'));
  return world.run('monitor', { stdin: 'pipe' });
};

const PIECE = /\x1b\[(\d+);1H|\x1b\[[0-9;?]*[a-zA-Z]|[^\x1b]+/g;

/** The lines that a terminal of 24 rows shows at last. */
const screenOf = ({ out }: Ran): readonly string[] => {
  const lines = Array.from({ length: 24 }, () => '');
  let row = 0;
  for (const [piece, place] of out.slice(0, out.lastIndexOf(LEAVE)).matchAll(PIECE)) {
    if (place !== undefined) {
      row = Number(place) - 1;
      lines[row] = '';
    } else if (piece === '\x1b[2J') lines.fill('');
    else if (piece[0] !== '\x1b') lines[row] += piece;
  }
  return lines.map((line) => line.trimEnd());
};

const terminal = (): SvWorld => new SvWorld({ terminal: [24, 80] });

describe('sv monitor', () => {
  it('shows services and their changes on a screen of its own, and restores the terminal', () => {
    const world = terminal();
    const web = world.service('web');
    world.service('idle').end();
    world.at(1000, () => web.become({ pid: 0, phase: 'down' }));
    const ran = monitored(world);
    expect([ran.code, ran.err, ran.out.startsWith(ENTER), ran.out.endsWith(LEAVE)]).toEqual([0, '', true, true]);
    const lines = screenOf(ran);
    expect(lines[0]).toBe('/svc  2 services, 1 unsupervised, 1 backoff  sort: name');
    expect(lines[2]).toMatch(/^> idle +unsupervised +- +runsv not running$/);
    expect(lines[3]).toMatch(/^ {2}web +backoff +\d+s +-/);
  });

  it.each([
    ['d', 'd'],
    ['u', 'u'],
    ['r', 'tcu'],
    ['R', 'h'],
    ['Ky', 'k'],
    ['Kn', ''],
  ])('at %s sends %j', (keys, bytes) => {
    const world = terminal();
    const web = world.service('web');
    monitored(world, keys);
    expect(web.got).toBe(bytes);
  });

  it('says so where nothing can be sent', () => {
    const world = terminal();
    world.service('web').end();
    expect(screenOf(monitored(world, 'u')).at(-1)).toBe('fail: web: runsv not running');
  });

  it('shows the log of the selected service below, and over the whole screen', () => {
    const world = terminal();
    world.service('db');
    world.service('web');
    new FakeRunsv(world.kernel, 'web/log', { pid: 78 });
    world.kernel.user.file('/svc/web/log/main/current', 'one\ntwo\n');
    expect(screenOf(monitored(world)).some((line) => line === '--')).toBe(true);
    const more = terminal();
    more.service('web');
    more.kernel.user.file('/svc/web/log/main/current', 'one\ntwo\n');
    more.at(2000, () => more.kernel.user.append('/svc/web/log/main/current', 'thr\x1bee\n'));
    const below = screenOf(monitored(more));
    expect(below.slice(below.indexOf('-- /svc/web/log/main/current --')).slice(1, 4)).toEqual(['one', 'two', 'thr?ee']);
    const page = terminal();
    page.service('web');
    page.kernel.user.file('/svc/web/log/main/current', 'one\ntwo\n');
    page.at(2000, () => page.kernel.user.append('/svc/web/log/main/current', 'three\n'));
    page.at(3000, () => void page.kernel.kill(page.kernel.main.pid, SIGTERM));
    const lines = screenOf(monitored(page, 'l'));
    expect(lines.slice(0, 4)).toEqual(['log: web  /svc/web/log/main/current', 'one', 'two', 'three']);
  });

  it('explains a service, and says that it has no log', () => {
    const why = terminal();
    why.service('web');
    why.at(3000, () => void why.kernel.kill(why.kernel.main.pid, SIGTERM));
    const lines = screenOf(monitored(why, 'w'));
    expect(lines[0]).toBe('why: web');
    expect(lines[1]).toMatch(/^web: running for 1[23]s, process 77$/);
    const none = terminal();
    none.service('web');
    none.at(3000, () => void none.kernel.kill(none.kernel.main.pid, SIGTERM));
    expect(screenOf(monitored(none, 'l'))[1]).toBe('no log was found');
  });

  it('shows the graph of all services', () => {
    const world = terminal();
    world.service('web');
    world.service('db');
    world.kernel.user.file('/svc/web/dependencies.d/db');
    world.at(3000, () => void world.kernel.kill(world.kernel.main.pid, SIGTERM));
    const lines = screenOf(monitored(world, 'g'));
    expect(lines.slice(1, 3)).toEqual([
      expect.stringMatching(/^web +running$/),
      expect.stringMatching(/^`- db +running$/),
    ]);
  });

  it('reloads by the signal that the service names, and says which it cannot send', () => {
    const world = terminal();
    const web = world.service('web');
    world.kernel.user.file('/svc/web/reload-signal', 'USR1\n');
    monitored(world, 'R');
    expect(web.got).toBe('1');
    const odd = terminal();
    odd.service('web');
    odd.kernel.user.file('/svc/web/reload-signal', 'WINCH\n');
    expect(screenOf(monitored(odd, 'R')).at(-1)).toContain('WINCH');
  });

  it('takes an escape that nothing follows for the key', () => {
    const world = terminal();
    for (const name of ['a', 'b']) world.service(name);
    expect(screenOf(monitored(world, '/b', '\x1b'))[0]).not.toContain('filter');
    const slow = terminal();
    for (const name of ['a', 'b']) slow.service(name);
    slow.at(1000, () => void slow.kernel.feed('\x1b['));
    slow.at(1020, () => void slow.kernel.feed('B'));
    expect(screenOf(monitored(slow))[3]).toMatch(/^> b /);
  });

  it.each([SIGHUP, SIGINT, SIGQUIT, SIGTERM])('ends with 0 at signal %d', (signal) => {
    const world = terminal();
    world.service('web');
    world.at(1000, () => void world.kernel.kill(world.kernel.main.pid, signal));
    const ran = monitored(world);
    expect([ran.code, ran.ms < 2000, ran.out.endsWith(LEAVE)]).toEqual([0, true, true]);
  });

  it('ends where nothing more can be typed', () => {
    const world = terminal();
    world.at(1000, () => world.kernel.endInput());
    expect(monitored(world)).toMatchObject({ code: 0 });
  });

  it('draws everything again at a new size, and at Control-L', () => {
    const world = terminal();
    world.service('web');
    world.at(1000, () => void world.kernel.kill(world.kernel.main.pid, SIGWINCH));
    const { out } = monitored(world, '\x0c');
    expect(out.split('\x1b[2J').length - 1).toBe(4);
  });

  it('measures the processes of services where /proc does not list children', () => {
    const world = terminal();
    world.service('web', { pid: 79 });
    world.stranger(79);
    expect(screenOf(monitored(world, 'sss')).find((line) => line.startsWith('> web'))).toMatch(
      /^> web +running +79 +\d+s +0\.0 +0K +1 /,
    );
  });

  it.each(['inotify', 'watch'] as const)('without %s looks again', (call) => {
    const world = terminal();
    const web = world.service('web');
    world.kernel.fault({ call, errno: call === 'watch' ? ENOSPC : EMFILE });
    world.at(1000, () => web.become({ pid: 0, phase: 'down', want: 'down' }));
    expect(screenOf(monitored(world))[2]).toMatch(/^> web +down /);
  });

  it('prints the table once where there is no terminal, or it refuses raw mode', () => {
    const plain = new SvWorld();
    plain.service('web');
    expect(plain.run('monitor').out).toMatch(/^SERVICE +STATE .*\nweb +running /);
    const dumb = terminal();
    dumb.service('web');
    expect(dumb.run('monitor', { env: ['SVDIR=/svc', 'TERM=dumb'] }).out).not.toContain(ENTER);
    const odd = terminal();
    odd.service('web');
    odd.kernel.fault({ call: 'rawMode', errno: ENOTTY });
    expect(odd.run('monitor').out).toMatch(/SERVICE +STATE .*\nweb /);
  });

  it('says so where the services cannot be read', () => {
    expect(terminal().run('monitor', { env: ['SVDIR=/nowhere'] })).toMatchObject({
      code: 1,
      out: '',
      err: 'sv: unable to read /nowhere: file does not exist\n',
    });
  });

  it('ends with 1 where it cannot catch signals', () => {
    const world = terminal();
    world.kernel.fault({ call: 'catchSignals', errno: EMFILE });
    expect(world.run('monitor').code).toBe(1);
  });
});
