// `sv logs` and `sv why`: which file they read, which lines of it they show, and what they refuse to read.
import { describe, expect, it } from 'vitest';
import { FakeRunsv, SvWorld } from '../client/world.ts';

const down = { pid: 0, want: 'down', phase: 'down' } as const;
const lines = (count: number, name = 'line'): string =>
  Array.from({ length: count }, (_, at) => `${name} ${at + 1}\n`).join('');

/** A service with a log service, and this text in its log. */
const withLog = (text: string, name = 'web', world = new SvWorld()): SvWorld => {
  world.service(name);
  new FakeRunsv(world.kernel, `${name}/log`, { pid: 78 });
  world.kernel.user.file(`/svc/${name}/log/main/current`, text);
  return world;
};

describe('sv logs', () => {
  it('prints the last lines, 20 or as many as asked', () => {
    const world = withLog(lines(30));
    const last = (count: number): string =>
      lines(30)
        .split('\n')
        .slice(-count - 1)
        .join('\n');
    expect(world.run('logs web')).toMatchObject({ code: 0, err: '', out: last(20) });
    expect(world.run('logs -n 2 web').out).toBe(last(2));
    expect(world.run('logs -n 100 web').out).toBe(lines(30));
    expect(world.run('logs -n 0 web')).toMatchObject({ code: 0, out: '' });
  });

  it('leaves a line out that is being written', () => {
    expect(withLog('one\ntw').run('logs web').out).toBe('one\n');
  });

  it('takes the newest file that was rotated away for what is missing', () => {
    const world = withLog(lines(2));
    const { user } = world.kernel;
    user.file('/svc/web/log/main/@4000000065000000000000aa.s', lines(3, 'old'));
    user.file('/svc/web/log/main/@4000000065000000000000ab.u', lines(3, 'older'));
    user.file('/svc/web/log/main/@4000000065000000000000ac.t', lines(3, 'half'));
    user.file('/svc/web/log/main/state', lines(3, 'no log'));
    expect(world.run('logs -n 4 web').out).toBe('older 2\nolder 3\nline 1\nline 2\n');
    expect(world.run('logs -n 2 web').out).toBe(lines(2));
  });

  it('reads the file that the log service has open, wherever it is', () => {
    const world = new SvWorld();
    world.service('web');
    new FakeRunsv(world.kernel, 'web/log', { pid: 78 });
    world.kernel.user.file('/svc/web/log/main/current', 'wrong\n');
    world.kernel.user.file('/var/log/web/current', 'right\n');
    world.kernel.user.file('/var/log/web/lock');
    const svlogd = world.stranger(78);
    svlogd.open('/var/log/web/lock');
    svlogd.open('/var/log/web/current');
    expect(world.run('logs web').out).toBe('right\n');
  });

  it.each(['log/main', 'log'])('finds the log in ./%s of a service that is down', (folder) => {
    const world = new SvWorld();
    world.service('web', down);
    world.kernel.user.file(`/svc/web/${folder}/current`, 'then\n');
    expect(world.run('logs web').out).toBe('then\n');
  });

  it('says why there is none', () => {
    const world = new SvWorld();
    world.service('plain');
    world.service('out');
    new FakeRunsv(world.kernel, 'out/log', { pid: 78 });
    world.stranger(78);
    const ran = world.run('logs plain out no\x1bne');
    expect([ran.code, ran.out, ran.err]).toEqual([
      3,
      '',
      'sv: plain: has no log service\n' +
        'sv: out: its log goes to standard output\n' +
        'sv: no?ne: runsv not running, and no log/main/current or log/current\n',
    ]);
  });

  it('merges several by their stamps, whichever they are', () => {
    const world = withLog('@400000006b49d20a00000000 a1\n@400000006b49d20c00000000 a3\n', 'a');
    withLog('2027-01-15_08:00:01.00000 b2\n2027-01-15_08:00:03.50000 b4\n', 'b', world);
    const texts = (line: string): readonly string[] =>
      world
        .run(line)
        .out.split('\n')
        .slice(0, -1)
        .map((each) => each.replace(/^(\w: )\S+ /, '$1'));
    expect(texts('logs a b')).toEqual(['a: a1', 'b: b2', 'a: a3', 'b: b4']);
    expect(texts('logs -n 2 b a')).toEqual(['a: a3', 'b: b4']);
    expect(texts('logs -n 0 b a')).toEqual([]);
  });

  it('leaves several as they come where a line has no stamp', () => {
    const world = withLog('2027-01-15_08:00:09.00000 a1\n', 'a');
    withLog('no stamp\n', 'b', world);
    expect(world.run('logs a b').out).toBe('a: 2027-01-15_08:00:09.00000 a1\nb: no stamp\n');
  });

  it('prints bytes as they are, but to a terminal', () => {
    const text = 'x\x1b[2J\xff\n';
    expect(withLog(text).run('logs web').out).toBe(text);
    const world = withLog(text, 'web', new SvWorld({ proc: false }));
    world.kernel.user.folder('/proc/self/fd');
    world.kernel.user.symlink('/dev/tty1', '/proc/self/fd/1');
    expect(world.run('logs web').out).toBe('x?[2J\xff\n');
  });

  it('keeps of a huge file no more than the lines need', () => {
    const world = withLog(`${'x'.repeat(3_000_000)}\nlast\n`);
    const { out } = world.run('logs -n 2 web');
    expect(out.endsWith('x\nlast\n')).toBe(true);
    expect(out.length).toBeLessThan(2 * 4096 + 1);
  });

  it.each(['-1', 'many', '100001', ''])('refuses %j lines', (count) => {
    const ran = withLog('one\n').run('', { argv: ['sv', 'logs', '-n', count, 'web'] });
    expect([ran.code, ran.out]).toEqual([100, '']);
    expect(ran.err).toBe(`sv: -n: expected a number up to 100000, got '${count}'\n`);
  });
});

type Form = (world: SvWorld, path: string) => void;

/** What the user who writes logs may have put there. */
const FORMS: Readonly<Record<string, Form>> = {
  link: ({ kernel: { user } }, path) => {
    user.file('/secret', 'secret\n');
    user.symlink('/secret', path);
  },
  fifo: ({ kernel: { user } }, path) => {
    user.fifo(path);
    user.open(path);
    user.send(path, 'secret\n');
  },
  directory: ({ kernel: { user } }, path) => user.folder(path),
};

describe.each(Object.keys(FORMS))('a %s in place of', (form) => {
  it('current is no log', () => {
    const world = new SvWorld();
    world.service('web');
    FORMS[form]?.(world, '/svc/web/log/main/current');
    const ran = world.run('logs web');
    expect([ran.code, ran.out, ran.ms < 1]).toEqual([1, '', true]);
    expect(world.run('why web').out).not.toContain('secret');
  });

  it('current that the log service has open, or a rotated file, is empty', () => {
    const world = withLog('one\n');
    FORMS[form]?.(world, '/svc/web/log/main/@4000000065000000000000aa.s');
    expect(world.run('logs web').out).toBe('one\n');
    const other = new SvWorld({ proc: false });
    other.service('web');
    new FakeRunsv(other.kernel, 'web/log', { pid: 78 });
    FORMS[form]?.(other, '/log/current');
    other.kernel.user.folder('/proc/78/fd');
    other.kernel.user.symlink('relative/current', '/proc/78/fd/3');
    other.kernel.user.symlink('/log/current', '/proc/78/fd/4');
    expect(other.run('logs web')).toMatchObject({ code: 0, out: '' });
  });
});

describe('sv why', () => {
  it('tells condition, last events and log lines', () => {
    const world = withLog(lines(9));
    const web = new FakeRunsv(world.kernel, 'api', { pid: 0, phase: 'down' });
    web.tell({ consecutiveFailures: 4, next: '2027-01-15T08:00:27.500Z' });
    for (let n = 1; n < 9; n++) web.record(n, { event: 'started', pid: 100 + n });
    const ran = world.run('why web api');
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(
      [
        'web: running for 10s, process 77',
        '  no unexpected exit was recorded',
        'last log lines (/svc/web/log/main/current):',
        ...[5, 6, 7, 8, 9].map((at) => `  line ${at}`),
        '',
        'api: backoff, starts again in 27s (4 failures in a row)',
        ...[3, 4, 5, 6, 7, 8].map((n) => `  08:00:0${n}  started, process ${100 + n}`),
        'to start it now: sv start api',
        '',
      ].join('\n'),
    );
  });

  it('tells how it is with the services that one waits for', () => {
    const world = new SvWorld();
    world.service('web', { pid: 0, phase: 'down' }).tell({ waiting: ['db', 'none'] });
    world.service('db', down).tell({ outcome: 'failed' });
    expect(world.run('why web').out).toMatch(/^web: waiting for db \(failed\), none \(unsupervised\)\n/);
    expect(world.run('why ./web/').out).toMatch(/^\.\/web\/: waiting for db \(failed\), none \(unsupervised\)\n/);
  });

  it('as JSON is the status, with history and log lines', () => {
    const world = withLog('x\x1b\xff\n');
    world.service('db').record(1, { event: 'started', pid: 77 });
    const { out, code } = world.run('why --json web db');
    const [web, db] = JSON.parse(Buffer.from(out, 'latin1').toString('utf8')) as Record<string, unknown>[];
    expect(code).toBe(0);
    expect(web).toMatchObject({ service: 'web', condition: 'running', history: [], log_lines: ['x\x1b\ufffd'] });
    expect(db).toMatchObject({ service: 'db', history: [{ n: 1, event: 'started', pid: 77 }], log_lines: [] });
  });

  it('counts what no runsv supervises', () => {
    const world = new SvWorld();
    world.service('idle').end();
    const ran = world.run('why idle none');
    expect(ran.code).toBe(2);
    expect(ran.out).toContain('idle: unsupervised: runsv not running\n');
    expect(ran.out).toContain('none: unsupervised: unable to change to service directory: file does not exist\n');
  });
});
