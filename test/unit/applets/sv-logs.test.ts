// `sv logs` and `sv why`: which file they read, which lines of it they show, and what they refuse to read.
import { describe, expect, it } from 'vitest';
import { EMFILE } from '../../../src/abi/errno.ts';
import { SIGHUP, SIGINT, SIGTERM } from '../../../src/abi/signals.ts';
import { FakeRunsv, type Ran, SvWorld } from '../client/world.ts';

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
    const text = 'x\t\x1b[2J\xff\n';
    expect(withLog(text).run('logs web').out).toBe(text);
    const world = withLog(text, 'web', new SvWorld({ terminal: [24, 80] }));
    expect(world.run('logs web').out).toBe('x\t?[2J\xef\xbf\xbd\n');
  });

  it.each(['logs', 'logs -f'])('%s says so where it may not read', (line) => {
    const world = withLog('one\n');
    world.kernel.user.chmod(`${MAIN}/current`, 0o600);
    const ran = world.run('', { argv: ['sv', ...line.split(' '), 'web'], uid: 1000 });
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain(`sv: web: unable to open ${MAIN}/current: access denied\n`);
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

const END_MS = 60_000;

/** Follows for a minute. */
const followed = (world: SvWorld, line: string): Ran => {
  world.at(END_MS, () => void world.kernel.kill(world.kernel.main.pid, SIGTERM));
  return world.run(line);
};

const MAIN = '/svc/web/log/main';
const label = (number: number): string => `@40000000650000000000${String(number).padStart(4, '0')}`;

/** The log is rotated away as svlogd does it, and has this text from then on. */
const rotate = ({ kernel: { user } }: SvWorld, number: number, text: string, end = 's'): void => {
  user.rename(`${MAIN}/current`, `${MAIN}/${label(number)}.${end}`);
  user.file(`${MAIN}/current`, text);
};

/** The ways to learn of changes: from the kernel, or by looking. */
const WAYS: readonly (readonly [string, (world: SvWorld) => void])[] = [
  ['told by inotify', () => {}],
  ['without inotify', ({ kernel }) => void kernel.fault({ call: 'inotify', errno: EMFILE })],
];

describe.each(WAYS)('sv logs -f, %s', (_, prepare) => {
  it('goes on behind the last lines, with whole lines only', () => {
    const world = withLog(`${lines(3)}un`);
    prepare(world);
    world.at(1000, () => world.kernel.user.append(`${MAIN}/current`, 'finished\nmo'));
    world.at(2000, () => world.kernel.user.append(`${MAIN}/current`, 're\n'));
    expect(followed(world, 'logs -f -n 2 web')).toMatchObject({
      code: 0,
      err: '',
      out: 'line 2\nline 3\nunfinished\nmore\n',
    });
  });

  it('follows several rotations at once, and what was written to a file before it was rotated away', () => {
    const world = withLog('one\n');
    prepare(world);
    world.kernel.user.file(`${MAIN}/${label(1)}.s`, 'before\n');
    world.at(1000, () => {
      world.kernel.user.append(`${MAIN}/current`, 'two\n');
      rotate(world, 2, 'three\n');
      rotate(world, 3, 'four\n', 'u');
      rotate(world, 4, 'five\n');
    });
    world.at(2000, () => rotate(world, 5, 'six\n'));
    expect(followed(world, 'logs -f -n 1 web')).toMatchObject({
      code: 0,
      err: '',
      out: 'one\ntwo\nthree\nfour\nfive\nsix\n',
    });
  });

  it('says where files were removed before they were read', () => {
    const world = withLog('one\n');
    prepare(world);
    world.at(1000, () => {
      rotate(world, 2, 'two\n');
      rotate(world, 3, 'three\n');
      world.kernel.user.remove(`${MAIN}/${label(2)}.s`);
    });
    const ran = followed(world, 'logs -f -n 1 web');
    expect(ran.out).toBe('one\ntwo\nthree\n');
    expect(ran.err).toBe('sv: web: files of its log were removed before they were read: lines are missing\n');
  });

  it('shows no file twice that a processor has replaced, and none that it has compressed', () => {
    const world = withLog('one\n');
    prepare(world);
    world.kernel.user.file(`${MAIN}/config`, '!gzip\n');
    world.at(1000, () => {
      world.kernel.user.append(`${MAIN}/current`, 'two\n');
      rotate(world, 2, 'three\n', 'u');
      world.kernel.user.file(`${MAIN}/${label(2)}.s`, 'one\ntwo\n');
      world.kernel.user.remove(`${MAIN}/${label(2)}.u`);
      rotate(world, 3, 'four\n', 'u');
      world.kernel.user.file(`${MAIN}/${label(3)}.s`, '\x1f\x8b\x08\0');
      world.kernel.user.remove(`${MAIN}/${label(3)}.u`);
    });
    const ran = followed(world, 'logs -f -n 1 web');
    expect(ran.out).toBe('one\ntwo\nfour\n');
    expect(ran.err).toContain('lines are missing');
  });

  it('reads a file that was cut from its start', () => {
    const world = withLog('a long line\n');
    prepare(world);
    world.at(1000, () => world.kernel.user.write(`${MAIN}/current`, 'new\n'));
    expect(followed(world, 'logs -f -n 0 web').out).toBe('new\n');
  });

  it('waits for a service, a log, and a log that is made again', () => {
    const world = new SvWorld();
    prepare(world);
    world.at(1000, () => withLog('one\n', 'web', world));
    world.at(2000, () => world.kernel.user.append(`${MAIN}/current`, 'two\nthr'));
    world.at(3000, () => world.kernel.user.rename('/svc/web', '/gone'));
    world.at(4000, () => withLog('four\n', 'web', world));
    const ran = followed(world, 'logs -f web');
    expect(ran.out).toBe('one\ntwo\nthr\nfour\n');
    expect(ran.err).toMatch(/^sv: web: .*file does not exist; waiting for its log\n$/);
  });

  it('of a log that appears with much in it shows the last lines', () => {
    const world = new SvWorld();
    prepare(world);
    world.at(1000, () => withLog(lines(10_000), 'web', world));
    expect(followed(world, 'logs -f -n 2 web').out).toBe('line 9999\nline 10000\n');
  });

  it('follows the log service to another directory', () => {
    const world = new SvWorld();
    prepare(world);
    world.service('web');
    const log = new FakeRunsv(world.kernel, 'web/log', { pid: 78 });
    const { user } = world.kernel;
    user.file(`${MAIN}/current`, 'one\n');
    world.at(1000, () => {
      user.file('/var/log/web/current', 'two\n');
      world.stranger(79).open('/var/log/web/current');
      log.show({ pid: 79 });
    });
    expect(followed(world, 'logs -f web').out).toBe('one\ntwo\n');
  });
});

describe('sv logs -f', () => {
  it('ends where there is nothing to follow', () => {
    const world = new SvWorld();
    world.service('plain');
    world.service('out');
    new FakeRunsv(world.kernel, 'out/log', { pid: 78 });
    world.stranger(78);
    expect(world.run('logs -f plain out')).toMatchObject({
      code: 2,
      out: '',
      err: 'sv: plain: has no log service\nsv: out: its log goes to standard output\n',
    });
  });

  it.each([SIGHUP, SIGINT, SIGTERM])('ends with 0 at signal %d', (signal) => {
    const world = withLog('one\n');
    world.at(1000, () => void world.kernel.kill(world.kernel.main.pid, signal));
    expect(world.run('logs -f web')).toMatchObject({ code: 0, out: 'one\n' });
  });

  it('gives a line that never ends in parts, and much text in several looks', () => {
    const world = withLog('');
    const long = 'x'.repeat(5_000_000);
    world.at(1000, () => world.kernel.user.append(`${MAIN}/current`, `${long}\nend\n`));
    const { out } = followed(world, 'logs -f web');
    expect(out.replaceAll('\n', '')).toBe(`${long}end`);
    expect(out.split('\n').length).toBe(4);
  });

  it('ends with 1 where it cannot catch signals', () => {
    const world = withLog('one\n');
    world.kernel.fault({ call: 'catchSignals', errno: EMFILE });
    expect(world.run('logs -f web').code).toBe(1);
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
    expect(world.run('why web').out).toMatch(/^web: waiting for db \(failed\), none \(missing\)\n/);
    expect(world.run('why ./web/').out).toMatch(/^\.\/web\/: waiting for db \(failed\), none \(missing\)\n/);
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
