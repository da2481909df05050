// `sv new`, `link`, `remove`, `lint` and `metrics`: what they make, print, refuse and leave alone; and how verbs are loaded.
import { afterEach, describe, expect, it } from 'vitest';
import { EACCES, ENOSPC, EROFS } from '../../../src/abi/errno.ts';
import { type FakeRunsv, type Ran, SvWorld } from '../client/world.ts';

const ENV = ['SVDIR=/svc', 'SVSRC=/sv'];

const machine = (): SvWorld => {
  const world = new SvWorld();
  world.kernel.user.folder('/sv');
  return world;
};

const sv = (world: SvWorld, ...words: readonly string[]): Ran => world.run('', { argv: ['sv', ...words], env: ENV });

describe('sv new', () => {
  it('makes a service of a command, and prints each path', () => {
    const world = machine();
    const ran = sv(world, 'new', 'web', '--', 'httpd', '-f', "it's", 'a b', '');
    expect([ran.code, ran.out, ran.err]).toEqual([0, '/sv/web\n/sv/web/run\n', '']);
    expect(world.kernel.user.read('/sv/web/run')).toBe("#!/bin/sh\nexec 2>&1\nexec httpd -f 'it'\\''s' 'a b' ''\n");
    expect(world.kernel.user.names('/svc')).toEqual([]);
    expect(sv(world, 'lint', '/sv/web').code).toBeLessThanOrEqual(1);
  });

  it('adds what its options say', () => {
    const world = machine();
    const ran = sv(
      world,
      'new',
      '--log',
      '--user',
      'www:www',
      '--env',
      '/etc/web env',
      '--essential',
      'w b',
      '--',
      'x',
    );
    expect(ran.out).toBe('/sv/w b\n/sv/w b/log\n/sv/w b/run\n/sv/w b/flag-essential\n/sv/w b/log/run\n');
    const { user } = world.kernel;
    expect(user.read('/sv/w b/run')).toContain("\nexec chpst -u www:www --env-file '/etc/web env' x\n");
    expect(user.read('/sv/w b/log/run')).toBe("#!/bin/sh\nmkdir -p '/var/log/w b'\nexec svlogd -tt '/var/log/w b'\n");
  });

  it('leaves alone what is there', () => {
    const world = machine();
    world.kernel.user.file('/sv/web/run', 'mine');
    expect(sv(world, 'new', 'web', '--', 'x')).toMatchObject({
      code: 1,
      out: '',
      err: 'sv: new: /sv/web: file already exists\n',
    });
    expect(world.kernel.user.read('/sv/web/run')).toBe('mine');
  });

  it.each([
    ['a directory that cannot be made', 'mkdir', EROFS, 'read-only file system', '/sv/web'],
    ['a file that cannot be made', 'open', EACCES, 'access denied', '/sv/web/run'],
    ['a full disk', 'write', ENOSPC, 'out of disk space', '/sv/web/run'],
  ] as const)('says what fails: %s', (_, call, errno, why, path) => {
    const world = machine();
    world.kernel.fault({ call, errno, when: (...[first]) => first !== 1 && first !== 2 });
    const ran = sv(world, 'new', 'web', '--', 'x');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(new RegExp(`^sv: new: ${path}: .*${why}`));
  });

  it('says that a log directory cannot be made', () => {
    const world = machine();
    world.kernel.fault({ call: 'mkdir', errno: ENOSPC, when: (path) => path.endsWith('/log') });
    expect(sv(world, 'new', '--log', 'web', '--', 'x')).toMatchObject({ code: 1, out: '/sv/web\n' });
  });

  it.each([
    [['.web', '--', 'x'], "expected a name without '/' and without '.' in front, got '.web'"],
    [['a/b', '--', 'x'], "expected a name without '/' and without '.' in front, got 'a/b'"],
    [['a\x1b', '--', 'x'], "expected a name without '/' and without '.' in front, got 'a?'"],
    [[], "expected a name without '/' and without '.' in front, got ''"],
    [['web'], "expected '--' and a command behind the name"],
    [['web', 'x'], "expected '--' and a command behind the name"],
    [['web', '--'], "expected '--' and a command behind the name"],
    [['--procfile', '/p', 'web'], 'expected no name with --procfile'],
  ])('refuses %j', (words, why) => {
    const world = machine();
    expect(sv(world, 'new', ...words)).toMatchObject({ code: 100, out: '', err: `sv: new: ${why}\n` });
    expect(world.kernel.user.names('/sv')).toEqual([]);
  });

  it('uses /etc/sv where SVSRC is not set', () => {
    const world = machine();
    world.kernel.user.folder('/etc/sv');
    expect(world.run('new web -- x').out).toBe('/etc/sv/web\n/etc/sv/web/run\n');
  });
});

describe('sv new --procfile', () => {
  const from = (text: string, world = machine()): Ran => {
    world.kernel.user.file('/p', text);
    return sv(world, 'new', '--procfile', '/p');
  };

  it('makes one for each line', () => {
    const world = machine();
    const ran = from("web: bundle exec rails -p $PORT\r\n# no\n\nwork-er:  echo 'a' && exec x \n", world);
    expect([ran.code, ran.out]).toEqual([0, '/sv/web\n/sv/web/run\n/sv/work-er\n/sv/work-er/run\n']);
    expect(world.kernel.user.read('/sv/web/run')).toBe(
      "#!/bin/sh\nexec 2>&1\ncd / || exit\nexport PORT=5000\nexec sh -c 'exec bundle exec rails -p $PORT'\n",
    );
    expect(world.kernel.user.read('/sv/work-er/run')).toContain("PORT=5100\nexec sh -c 'echo '\\''a'\\'' && exec x'");
  });

  it('says which directory is missing', () => {
    const world = machine();
    world.kernel.user.rename('/sv', '/elsewhere');
    expect(from('a: x\n', world)).toMatchObject({
      code: 1,
      out: '',
      err: 'sv: new: /sv: expected a directory, found none: make it, or set SVSRC to another one\n',
    });
  });

  it('runs commands beside the Procfile, however that is named', () => {
    const world = machine();
    world.kernel.user.folder('/home/o k');
    world.kernel.user.file('/home/o k/p', 'a: ./a\n');
    world.kernel.user.file('/home/o k/q', 'b: ./b\n');
    expect(sv(world, 'new', '--procfile', '/home/o k/p').code).toBe(0);
    expect(world.kernel.user.read('/sv/a/run')).toContain("cd '/home/o k' || exit\n");
    expect(sv(world, 'new', '--procfile', '../home/o k/q').code).toBe(0);
    expect(world.kernel.user.read('/sv/b/run')).toContain("cd '/svc/../home/o k' || exit\n");
  });

  it('counts what could not be made, up to 99', () => {
    const world = machine();
    world.kernel.user.folder('/sv/b');
    expect(from('a: x\nb: x\na: y\n', world).code).toBe(2);
    expect(from('a: x\n'.repeat(257), machine()).code).toBe(99);
  });

  it('refuses a file that is none, or too long to be read whole', () => {
    expect(from('')).toMatchObject({ code: 1, err: "sv: new: /p: expected lines 'name: command', found none\n" });
    expect(sv(machine(), 'new', '--procfile', '/none')).toMatchObject({
      code: 1,
      err: 'sv: new: /none: file does not exist\n',
    });
    const long = `${'#'.repeat(65_530)}\na: rm -r /tmp/x\n`;
    expect(from(long)).toMatchObject({ code: 1, out: '', err: 'sv: new: /p: longer than 65535 bytes\n' });
  });

  it('does not wait for a fifo', () => {
    const world = machine();
    world.kernel.user.fifo('/p');
    const ran = sv(world, 'new', '--procfile', '/p');
    expect([ran.code, ran.ms < 1]).toEqual([1, true]);
  });
});

describe('sv link and remove', () => {
  const prepared = (): SvWorld => {
    const world = machine();
    world.kernel.user.file('/sv/web/run', '#!/bin/sh\n', 0o755);
    return world;
  };

  /** A runsv at the service's own directory, behind the link. */
  const runsv = (world: SvWorld): FakeRunsv => world.service('web');

  it('links, waits until a runsv has come, and prints its state', () => {
    const world = prepared();
    world.at(500, () => void runsv(world));
    const ran = sv(world, 'link', 'web');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(/^run: web: \(pid 77\) 1[01]s\n$/);
    expect(ran.ms).toBeGreaterThanOrEqual(500);
    expect(ran.ms).toBeLessThan(502);
    expect(world.kernel.user.read('/svc/web/run')).toBe('#!/bin/sh\n');
  });

  it('takes patterns over SVSRC', () => {
    const world = prepared();
    world.kernel.user.file('/sv/worker/run', '#!/bin/sh\n', 0o755);
    world.at(5, () => {
      for (const name of ['web', 'worker']) world.service(name);
    });
    expect(sv(world, 'link', 'w*', 'x*')).toMatchObject({
      code: 1,
      out: 'run: web: (pid 77) 10s\nrun: worker: (pid 77) 10s\n',
      err: 'sv: x*: no service matches in /sv\n',
    });
  });

  it('makes all links first: runsvdir starts them together', () => {
    const world = prepared();
    world.kernel.user.file('/sv/db/run', '#!/bin/sh\n', 0o755);
    world.at(500, () => {
      expect([...world.kernel.user.names('/svc')].sort()).toEqual(['db', 'web']);
      for (const name of ['db', 'web']) world.service(name);
    });
    const ran = sv(world, 'link', 'web', 'db');
    expect([ran.code, ran.ms < 502]).toEqual([0, true]);
    expect(ran.out).toMatch(/^run: web: .*\nrun: db: .*\n$/);
  });

  it('waits for runsv, not for a service that is normally down', () => {
    const world = prepared();
    world.at(500, () => void world.service('web', { pid: 0, want: 'down', phase: 'down' }));
    expect(sv(world, 'link', 'web').out).toMatch(/^down: web: 1[01]s, normally up\n$/);
  });

  it('waits for the first start of it, but not for long', () => {
    const world = prepared();
    const due = { pid: 0, want: 'up', phase: 'down' } as const;
    world.at(500, () => {
      const web = world.service('web', due);
      world.at(510, () => web.become({ pid: 78, phase: 'run' }));
    });
    expect(sv(world, 'link', 'web').out).toBe('run: web: (pid 78) 0s\n');
    const other = prepared();
    other.at(500, () => void other.service('web', due));
    const ran = sv(other, 'link', 'web');
    expect(ran.out).toMatch(/^down: web: 1[12]s, normally up, want up\n$/);
    expect(ran.ms).toBeLessThan(1502);
  });

  it('says that no runsv has come within -w', () => {
    const world = prepared();
    const ran = sv(world, '-w', '1', 'link', 'web');
    expect([ran.code, ran.err]).toEqual([1, 'sv: link: web: linked, but no runsv has started: does runsvdir run?\n']);
    expect([ran.ms > 1000, ran.ms < 1500]).toEqual([true, true]);
  });

  it('refuses what is no service, and what is there', () => {
    const world = prepared();
    world.kernel.user.folder('/sv/empty');
    world.kernel.user.file('/sv/there/run', '');
    world.service('there');
    const ran = sv(world, 'link', 'empty', 'there', '../x');
    expect([ran.code, ran.out, ran.err]).toEqual([
      3,
      '',
      'sv: link: empty: /sv/empty/run: file does not exist\n' +
        'sv: link: there: /svc/there: file already exists\n' +
        "sv: link: ../x: expected a name without '/' and without '.' in front\n",
    ]);
  });

  it.each(['/sv/web', '../sv/web'])('removes the link to %s, and waits until its runsv has ended', (target) => {
    const world = prepared();
    world.kernel.user.symlink(target, '/svc/web');
    const web = runsv(world);
    world.at(1000, () => web.end());
    const ran = sv(world, 'remove', 'web');
    expect([ran.code, ran.out, ran.err]).toEqual([0, 'ok: web: removed\n', '']);
    expect([ran.ms >= 1000, ran.ms < 1002, world.kernel.user.exists('/svc/web')]).toEqual([true, true, false]);
    expect(world.kernel.user.read('/sv/web/run')).toBe('#!/bin/sh\n');
  });

  it('removes a link that leads nowhere', () => {
    const world = machine();
    world.kernel.user.symlink('/nowhere', '/svc/web');
    expect(sv(world, 'remove', 'web')).toMatchObject({ code: 0, out: 'ok: web: removed\n' });
  });

  it('says that the runsv stays', () => {
    const world = prepared();
    world.kernel.user.symlink('/sv/web', '/svc/web');
    runsv(world);
    expect(sv(world, '-w', '1', 'remove', 'web')).toMatchObject({
      code: 1,
      err: 'sv: remove: web: the link is gone, but its runsv still runs\n',
    });
  });

  it('removes no directory, and nothing elsewhere', () => {
    const world = prepared();
    world.service('real');
    const ran = sv(world, 'remove', 'real', 'none', '..', 'a/b');
    expect([ran.code, ran.out]).toEqual([4, '']);
    expect(ran.err).toBe(
      'sv: remove: real: /svc/real is not a link; to remove it: sv shutdown real && mv /svc/real elsewhere\n' +
        'sv: remove: none: no such service\n' +
        "sv: remove: ..: expected a name without '/' and without '.' in front\n" +
        "sv: remove: a/b: expected a name without '/' and without '.' in front\n",
    );
    expect(world.kernel.user.exists('/svc/real/supervise')).toBe(true);
  });

  it('says what it may not remove, or look at', () => {
    const world = prepared();
    world.kernel.user.symlink('/sv/web', '/svc/web');
    world.kernel.fault({ call: 'unlink', errno: EACCES, times: 1 });
    expect(sv(world, 'remove', 'web')).toMatchObject({ code: 1, err: 'sv: remove: web: access denied\n' });
    world.kernel.fault({ call: 'lstat', errno: EACCES });
    expect(sv(world, 'remove', 'web')).toMatchObject({ code: 1, err: 'sv: remove: web: access denied\n' });
  });
});

describe('sv lint', () => {
  const linted = (): SvWorld => {
    const world = machine();
    const { user } = world.kernel;
    user.file('/bin/sh', '\x7fELF', 0o755);
    user.file('/svc/good/run', '#!/bin/sh\nexec x\n', 0o755);
    user.file('/svc/warned/run', '#!/bin/sh\nx\n', 0o755);
    user.file('/svc/bad/run', '#!/bin/sh\nexec x\n');
    return world;
  };

  it('looks at every service, and counts those with errors', () => {
    const ran = sv(linted(), 'lint');
    expect([ran.code, ran.err]).toEqual([1, '']);
    expect(ran.out.split('\n').slice(0, -1)).toEqual([
      'bad: error: ./run is not executable (chmod +x run)',
      "warned: warning: ./run does not 'exec' its last command: signals will reach the shell",
    ]);
  });

  it('finds cycles of dependencies and wrong words in them', () => {
    const world = linted();
    const { user } = world.kernel;
    for (const [one, other] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['c', 'good'],
    ]) {
      user.file(`/svc/${one}/run`, '#!/bin/sh\nexec x\n', 0o755);
      user.file(`/svc/${one}/dependencies.d/${other}`, other === 'good' ? 'soft optional hard\n' : '');
    }
    const ran = sv(world, 'lint', 'a', 'b', 'c');
    expect([ran.code, ran.out.split('\n').slice(0, -1)]).toEqual([
      2,
      [
        'b: error: ./dependencies.d: a cycle of dependencies: b -> c -> b',
        'c: error: ./dependencies.d: a cycle of dependencies: c -> b -> c',
        "c: error: ./dependencies.d/good: expected the words optional and restart or nothing, got 'soft'",
        "c: error: ./dependencies.d/good: expected the words optional and restart or nothing, got 'hard'",
      ],
    ]);
  });

  it('counts warnings too with --strict', () => {
    expect(sv(linted(), 'lint', '--strict').code).toBe(2);
    expect(sv(linted(), 'lint', '--strict', 'good').code).toBe(0);
  });

  it('looks at those that are named, wherever they are', () => {
    expect(sv(linted(), 'lint', '/svc/good', 'warned')).toMatchObject({ code: 0 });
    expect(sv(linted(), 'lint', './no\x1bne')).toMatchObject({ code: 1, out: './no?ne: error: no such directory\n' });
  });

  it('says which directory cannot be read', () => {
    const ran = machine().run('lint', { env: ['SVDIR=/none'] });
    expect([ran.code, ran.err]).toEqual([1, 'sv: unable to read /none: file does not exist\n']);
  });

  it('opens neither fifo nor device, and does not wait', () => {
    const world = machine();
    world.kernel.user.fifo('/svc/odd/run');
    world.kernel.user.fifo('/svc/odd/finish');
    world.kernel.user.fifo('/svc/odd/control');
    const ran = sv(world, 'lint', 'odd');
    expect([ran.code, ran.ms < 1]).toEqual([1, true]);
    expect(ran.out).toContain('odd: error: ./run is not a regular file\n');
  });

  it('reports what cannot be opened as what it is', () => {
    const world = linted();
    world.kernel.fault({ call: 'open', errno: EACCES });
    world.kernel.fault({ call: 'readdir', errno: EACCES });
    expect(sv(world, 'lint', 'good').out).toBe('good: error: ./run is empty\n');
  });
});

describe('sv metrics', () => {
  const TWO = 'runit_service_up{service="web"} 1';

  it('prints every service that matches', () => {
    const world = machine();
    world.service('web').tell({ starts: 4, failures: 3 });
    world.service('db').end();
    const { code, out } = sv(world, 'metrics');
    expect(code).toBe(0);
    for (const line of [TWO, 'runit_service_supervised{service="db"} 0', 'runit_service_starts_total{service="web"} 4'])
      expect(out).toContain(`${line}\n`);
    expect(out).not.toContain('starts_total{service="db"}');
    expect(sv(world, 'metrics', 'd*').out).not.toContain('web');
  });

  it('writes names so that they can be read back', () => {
    const world = machine();
    world.service('a"\\\n\xff');
    expect(sv(world, 'metrics').out).toContain('runit_service_up{service="a\\"\\\\\\n\xef\xbf\xbd"} 1\n');
  });

  it('replaces a file whole', () => {
    const world = machine();
    world.service('web');
    world.kernel.user.file('/m.prom', 'old');
    expect(sv(world, 'metrics', '--output', '/m.prom')).toMatchObject({ code: 0, out: '', err: '' });
    expect(world.kernel.user.read('/m.prom')).toContain(TWO);
    expect(world.kernel.user.names('/').filter((name) => name.startsWith('m.prom'))).toEqual(['m.prom']);
  });

  it('replaces it too where one that was killed has left its file', () => {
    const world = machine();
    world.kernel.user.file('/precious', 'precious');
    for (let pid = 100; pid < 110; pid++) world.kernel.user.symlink('/precious', `/m.prom.${pid}`);
    expect(sv(world, 'metrics', '--output', '/m.prom').code).toBe(0);
    expect(world.kernel.user.read('/m.prom')).toContain('runit_build_info');
    expect(world.kernel.user.read('/precious')).toBe('precious');
  });

  it.each([
    ['write', ENOSPC],
    ['rename', EACCES],
  ] as const)('leaves the file as it is, and nothing beside it, where %s fails', (call, errno) => {
    const world = machine();
    world.kernel.user.file('/m.prom', 'old');
    world.kernel.fault({ call, errno, when: (...[first]) => first !== 1 && first !== 2 });
    const ran = sv(world, 'metrics', '--output', '/m.prom');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^sv: unable to replace \/m\.prom: /);
    expect(world.kernel.user.read('/m.prom')).toBe('old');
    expect(world.kernel.user.names('/').filter((name) => name.startsWith('m.prom'))).toEqual(['m.prom']);
  });

  it('fails where nobody reads, or SVDIR cannot be read', () => {
    const world = machine();
    world.kernel.fault({ call: 'write', errno: 32, when: (fd) => fd === 1 });
    expect(sv(world, 'metrics').code).toBe(1);
    expect(machine().run('metrics', { env: ['SVDIR=/none'] })).toMatchObject({
      code: 1,
      err: 'sv: unable to read /none: file does not exist\n',
    });
    expect(sv(machine(), 'metrics', '--output', '/none/m')).toMatchObject({
      code: 1,
      err: 'sv: unable to replace /none/m: file does not exist\n',
    });
  });
});

describe('the part of the program with these verbs', () => {
  interface Loader {
    __cold?: (name: string) => void;
    __parts?: unknown;
  }
  const loader = globalThis as Loader;
  const parts = loader.__parts;
  afterEach(() => {
    loader.__parts = parts;
    delete loader.__cold;
  });

  it('is loaded when one of them is called, and once', () => {
    const loaded: string[] = [];
    loader.__parts = {};
    loader.__cold = (name) => {
      loaded.push(name);
      loader.__parts = parts;
    };
    machine().run('status');
    expect(loaded).toEqual([]);
    machine().run('list');
    machine().run('list');
    expect(loaded).toEqual(['sv']);
  });
});
