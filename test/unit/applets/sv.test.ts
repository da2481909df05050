// sv against services whose runsv is played by hand, on the virtual kernel.
import { describe, expect, it } from 'vitest';
import { EINVAL, ENOSYS } from '../../../src/abi/errno.ts';
import { LASTING_MS, SETTLED_MS } from '../../../src/machine/client/lasting.ts';
import { SvWorld } from '../client/world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;

describe('sv status', () => {
  it('describes a service', () => {
    const world = new SvWorld();
    world.service('a');
    expect(world.run('status a')).toMatchObject({ code: 0, out: 'run: a: (pid 77) 10s\n', err: '' });
  });

  it('describes the log service in the same line', () => {
    const world = new SvWorld();
    world.service('a');
    world.service('a/log', { pid: 76 });
    expect(world.run('status a')).toMatchObject({ code: 0, out: 'run: a: (pid 77) 10s; run: log: (pid 76) 10s\n' });
  });

  it('does not take the state of the service for that of a log that has none', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.folder('/svc/a/log');
    expect(world.run('status a')).toMatchObject({
      code: 1,
      out: 'run: a: (pid 77) 10s; warning: a/log: unable to open supervise/ok: file does not exist\n',
    });
  });

  it('says when the log is no directory', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.file('/svc/a/log');
    expect(world.run('status a').out).toBe(
      'run: a: (pid 77) 10s; warning: a/log: unable to change directory: not a directory\n',
    );
  });

  it('counts what it cannot describe and goes on', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/svc/empty');
    const ended = world.service('ended');
    ended.end();
    world.service('a');
    expect(world.run('status nope empty ended a')).toMatchObject({
      code: 3,
      out:
        'fail: nope: unable to change to service directory: file does not exist\n' +
        'warning: empty: unable to open supervise/ok: file does not exist\n' +
        'fail: ended: runsv not running\n' +
        'run: a: (pid 77) 10s\n',
    });
  });

  it('says when status is not 20 bytes', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.file(`${a.dir}/supervise/status`, 'short');
    expect(world.run('status a')).toMatchObject({
      code: 1,
      out: 'warning: a: unable to read supervise/status: bad format\n',
    });
  });

  it('takes a name with a slash at its end as a path', () => {
    const world = new SvWorld();
    world.service('a');
    expect(world.run('status a/', { env: ['SVDIR=/nowhere'] }).code).toBe(0);
    expect(world.run('-v up a/', { env: ['SVDIR=/nowhere'] }).code).toBe(0);
  });

  it.each(['/etc/service', '/service', '/var/service'])('looks in %s where SVDIR says nothing', (dir) => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.folder(dir.slice(0, dir.lastIndexOf('/')));
    world.kernel.user.symlink('/svc', dir);
    expect(world.run('status a', { env: [] }).code).toBe(0);
  });

  it('finds nothing with an empty name or an empty SVDIR', () => {
    const world = new SvWorld();
    world.service('a');
    const out = 'fail: a: unable to change to service directory: file does not exist\n';
    expect(world.run('status a', { env: ['SVDIR='] }).out).toBe(out);
    expect(world.run('', { argv: ['sv', 'up', ''] }).out).toBe(out + out.replace('a:', ':'));
  });

  it('counts to 99', () => {
    const world = new SvWorld();
    expect(world.run(`status ${'nope '.repeat(150).trim()}`).code).toBe(99);
  });
});

describe('sv without waiting', () => {
  it.each([
    ['up', 'u'],
    ['down', 'd'],
    ['once', 'o'],
    ['exit', 'x'],
    ['hup', 'h'],
    ['1', '1'],
    ['kill', 'k'],
  ])('%s writes %s and says nothing', (word, byte) => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    expect(world.run(`${word} a`)).toMatchObject({ code: 0, out: '', err: '' });
    expect(a.got).toBe(byte);
  });

  it('is content with a runsv that has gone already where that was wanted', () => {
    const world = new SvWorld();
    world.service('a').end();
    expect(world.run('exit a')).toMatchObject({ code: 0, out: 'ok: a: runsv not running\n' });
  });

  it('fails for any other command where runsv has gone', () => {
    const world = new SvWorld();
    world.service('a').end();
    expect(world.run('up a')).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
  });

  it('tells a fifo that is full', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.send(`${a.dir}/supervise/control`, 'h'.repeat(65536));
    expect(world.run('up a')).toMatchObject({
      code: 1,
      out: 'warning: a: unable to write to supervise/control: temporary failure\n',
    });
  });
});

describe('sv that waits', () => {
  it('returns as soon as the state changes', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(123, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
    expect(ran.ms).toBeGreaterThanOrEqual(123);
    expect(ran.ms).toBeLessThan(124);
    expect(a.got).toBe('d');
  });

  it('sleeps until there are news, but for the first milliseconds', () => {
    const world = new SvWorld();
    const a = world.service('a');
    let early = 0;
    world.at(100, () => {
      early = world.kernel.wakeUps;
    });
    world.at(3000, () => a.become(DOWN));
    world.run('stop a');
    expect(early).toBeLessThanOrEqual(20);
    expect(world.kernel.wakeUps - early).toBe(1);
  });

  it.each([2, 12])('does without inotify for what is done after %d ms', (ms) => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(ms, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(ms + 2);
    expect(world.kernel.trace().filter((line) => line.includes('inotify'))).toEqual([]);
  });

  it('misses no change between its last look and the watch', () => {
    let asleepAt = 0;
    const quiet = new SvWorld();
    quiet.service('a');
    quiet.at(100, () => {
      asleepAt = quiet.kernel.steps;
    });
    quiet.run('stop a');
    for (let step = 10; step <= asleepAt; step++) {
      const world = new SvWorld();
      const a = world.service('a');
      world.kernel.atStep(step, () => a.become(DOWN));
      expect(world.run('stop a').ms, `change before call ${step} of ${asleepAt}`).toBeLessThan(30);
    }
    expect(asleepAt).toBeGreaterThan(100);
  });

  it('looks every 0.42 s where inotify is refused', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.fault({ call: 'inotify', errno: ENOSYS });
    world.at(500, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeGreaterThan(855);
    expect(ran.ms).toBeLessThan(865);
  });

  it.each([
    ['-w 0', 420],
    ['-w 1', 1260],
    ['-w nonsense', 420],
    ['-w 7', 7140],
    ['-w 2 -w 1', 1260],
  ])('gives up with %s after %d ms', (options, ms) => {
    const world = new SvWorld();
    world.service('a');
    const ran = world.run(`${options} stop a`);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^timeout: run: a: \(pid 77\) \d+s\n$/);
    expect(Math.round(ran.ms)).toBe(ms);
  });

  it.each([
    [['SVDIR=/svc'], 7140],
    [['SVDIR=/svc', 'SVWAIT=1'], 1260],
    [['SVDIR=/svc', 'SVWAIT=x'], 420],
  ])('gives up with the environment %j after %d ms', (env, ms) => {
    const world = new SvWorld();
    world.service('a');
    expect(Math.round(world.run('stop a', { env }).ms)).toBe(ms);
  });

  it.each([-3600_000, 3600_000])('keeps its time when the clock is set by %d ms', (step) => {
    const world = new SvWorld();
    world.service('a');
    world.at(500, () => world.kernel.stepWall(step));
    expect(Math.round(world.run('-w 1 restart a').ms)).toBe(1260);
  });

  it('believes that a service is down only when runsv has read the command', () => {
    const world = new SvWorld();
    const a = world.service('a', { pid: 0, phase: 'down', want: 'up' });
    world.at(900, () => a.show({ want: 'down' }));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(Math.round(ran.ms)).toBe(900);
  });

  it('sends KILL after force-stop, and says so', () => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('-w 0 force-stop a')).toMatchObject({ code: 1, out: 'kill: run: a: (pid 77) 10s\n' });
    expect(a.got).toBe('dk');
  });

  it('tells all services before it waits for any', () => {
    const world = new SvWorld();
    const [a, b] = [world.service('a'), world.service('b')];
    world.at(100, () => expect([a.got, b.got]).toEqual(['d', 'd']));
    world.at(200, () => b.become(DOWN));
    world.at(300, () => a.become(DOWN));
    expect(world.run('stop a b').out).toBe('ok: down: a: 0s, normally up\nok: down: b: 0s, normally up\n');
  });

  it('does not keep what is done long for what is not', () => {
    const world = new SvWorld();
    const [a, b] = [world.service('a'), world.service('b')];
    world.at(10, () => b.become(DOWN));
    world.at(5000, () => a.become(DOWN));
    world.at(450, () => expect(world.kernel.stdout.text).toMatch(/^ok: down: b/));
    expect(world.run('stop a b').code).toBe(0);
  });

  it('waits for one service under two names', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(10, () => a.become(DOWN));
    const ran = world.run('stop a ./a');
    expect(ran.out).toBe('ok: down: a: 0s, normally up\nok: down: ./a: 0s, normally up\n');
    expect(ran.ms).toBeLessThan(11);
  });

  it('fails when runsv ends meanwhile', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => a.end());
    const ran = world.run('stop a');
    expect(ran).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
    expect(ran.ms).toBeLessThan(51);
  });

  it('answers shutdown when runsv ends', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => a.become(DOWN));
    world.at(800, () => a.end());
    const ran = world.run('shutdown a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: a: runsv not running\n' });
    expect(Math.round(ran.ms)).toBe(800);
    expect(world.kernel.wakeUps).toBe(1);
  });

  it('stays with a runsv that replaced itself', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => {
      a.end();
      a.listen();
    });
    world.at(90, () => a.become(DOWN));
    expect(world.run('stop a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
  });

  it.each([
    ['it keeps fifos of', 1024],
    ['it can open files', 40],
  ])('waits for more services than %s', (_what, fdLimit) => {
    const world = new SvWorld();
    // the host's own limit
    world.kernel.fault({ call: 'poll', errno: EINVAL, when: (fds) => fds.length > 2 * 512 });
    const names = Array.from({ length: 600 }, (_, at) => `s${at}`);
    const all = names.map((name) => world.service(name));
    for (const service of all) world.at(100, () => service.become(DOWN));
    const ran = world.run(`stop ${names.join(' ')}`, { fdLimit });
    expect(ran.code).toBe(0);
    expect(ran.out.split('\n').length).toBe(601);
    expect(ran.ms).toBeLessThan(1000);
  });

  it('leaves nothing open and nobody behind', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 100, exit: 1 });
    world.run('-w 1 start a');
    expect(world.kernel.live()).toEqual([]);
    expect(world.kernel.zombies()).toBe(0);
  });
});

describe('sv restart', () => {
  it('waits for a process that started after the command', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(1, () => a.show({ gotTerm: true }));
    world.at(700, () => a.become({ pid: 0, phase: 'down', gotTerm: false }));
    world.at(1700, () => a.become({ pid: 78, phase: 'run' }));
    const ran = world.run('restart a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 78) 0s\n' });
    expect(Math.round(ran.ms)).toBe(1700 + LASTING_MS);
    expect(a.got).toBe('tcu');
  });

  it('is not fooled by a service that started in the same second, before it', () => {
    const world = new SvWorld();
    world.service('a').become({});
    expect(world.run('-w 1 restart a').code).toBe(1);
  });

  it('sees the new process though the clock was set back', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(100, () => world.kernel.stepWall(-3600_000));
    world.at(200, () => a.become({ pid: 78 }));
    expect(world.run('restart a')).toMatchObject({ code: 0, ms: expect.closeTo(200 + LASTING_MS, 0) });
  });

  it('of a service that is down only if it is wanted: try-restart', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    expect(world.run('try-restart a')).toMatchObject({ code: 0, out: 'ok: down: a: 10s, normally up\n' });
  });
});

describe('sv once', () => {
  it('is done when the process came and went', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.at(30, () => a.become({}));
    expect(world.run('-v once a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
  });
});

describe('sv check', () => {
  it('sends nothing and waits for what is wanted', () => {
    const world = new SvWorld();
    const a = world.service('a', { pid: 0, phase: 'down', want: 'up' });
    world.at(600, () => a.become({ pid: 79, phase: 'run' }));
    const ran = world.run('check a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 79) 1s\n' });
    // it was about to be started again
    expect(Math.round(ran.ms)).toBe(600 + SETTLED_MS);
    expect(a.got).toBe('');
  });

  it('fails where there is no runsv', () => {
    const world = new SvWorld();
    world.service('a').end();
    expect(world.run('check a')).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
  });
});

describe('./check', () => {
  it('says when the service is up', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 250 });
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(Math.round(ran.ms)).toBe(250);
  });

  it('is asked again 0.42 s after a no', () => {
    const world = new SvWorld();
    world.service('a');
    let asked = 0;
    world.kernel.user.program('/svc/a/check', () => ({ livesMs: 10, exit: ++asked < 3 ? 1 : 0 }));
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(asked).toBe(3);
    expect(Math.round(ran.ms)).toBe(10 + 430 + 430);
  });

  it('that hangs holds up no other service, and does not outlive the waiting', () => {
    const world = new SvWorld();
    world.service('a');
    const b = world.service('b', DOWN);
    world.kernel.user.program('/svc/a/check', {});
    world.at(200, () => b.become({ pid: 80, phase: 'run', want: 'up' }));
    world.at(850, () => expect(world.kernel.stdout.text).toBe('ok: run: b: (pid 80) 0s\n'));
    const ran = world.run('-w 1 start a b');
    expect(ran.code).toBe(1);
    expect(Math.round(ran.ms)).toBe(1260);
    expect(world.kernel.live()).toEqual([]);
  });

  it('that is killed has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 1, exit: { signal: 9 } });
    expect(world.run('-w 0 start a').code).toBe(1);
  });

  it('that cannot be run is told once, and has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', {}, 0o644);
    expect(world.run('-w 2 start a')).toMatchObject({
      code: 1,
      err: 'warning: unable to run a/check: access denied\nsv: a: ./check could not be run\n',
    });
  });

  it('that cannot be looked up is told once, and has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.symlink('check', '/svc/a/check');
    expect(world.run('-w 2 start a')).toMatchObject({
      code: 1,
      err: 'warning: unable to stat a/check: symbolic link loop\nsv: a: ./check could not be run\n',
    });
  });

  it('is looked at from time to time where there is no pidfd', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.fault({ call: 'pidfd', errno: ENOSYS });
    world.kernel.user.program('/svc/a/check', { livesMs: 55 });
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(80);
  });

  it('tells its exit code though sv was started with SIGCHLD ignored', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 5 });
    expect(world.run('-w 0 start a', { ignores: [17] }).code).toBe(0);
  });

  it('about a process that has been replaced meanwhile is asked anew', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 100 });
    world.at(50, () => a.become({ pid: 90 }));
    // and a yes does not count until the second process has lasted
    expect(Math.round(world.run('start a').ms)).toBe(50 + SETTLED_MS + 100);
  });

  it('is not asked about a service that is not up', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    world.kernel.user.program('/svc/a/check', {});
    world.run('-w 1 check a');
    expect(world.kernel.record('/svc/a/check').starts).toBe(0);
  });
});

describe('sv as an init script', () => {
  const as = (name: string, ...args: readonly string[]) => ({ argv: [`/etc/init.d/${name}`, ...args] });

  it.each([
    ['run', {}, 0],
    ['down', DOWN, 3],
    ['finish', { phase: 'finish' } as const, 0],
  ])('answers status of %s', (_name, status, code) => {
    const world = new SvWorld();
    world.service('a', status);
    expect(world.run('', as('a', 'status')).code).toBe(code);
  });

  it('answers with the state of the service, not of its log', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    world.service('a/log');
    expect(world.run('', as('a', 'status')).code).toBe(3);
  });

  it('answers 4 for a state that cannot be had, 1 where there is no service', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/svc/a');
    expect(world.run('', as('a', 'status')).code).toBe(4);
    expect(world.run('', as('nope', 'status')).code).toBe(1);
    world.service('b');
    world.kernel.user.remove('/svc/b/supervise/status');
    expect(world.run('', as('b', 'status')).code).toBe(4);
  });

  it('answers 1 when the time is over', () => {
    const world = new SvWorld();
    world.service('a');
    expect(world.run('', as('a', '-w', '0', 'stop')).code).toBe(1);
  });

  it.each([[], ['-x']])('answers 2 for wrong usage: %j', (...args) => {
    const world = new SvWorld();
    const ran = world.run('', as('a', ...args));
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/usage: a \[-w sec\] command\n\na: 'sv --help' explains commands and options\n$/);
  });

  it.each([
    ['stat', "did you mean 'status'?"],
    ['foo', "'sv --help' lists the commands"],
    ['enable', "'ln -s /etc/sv/a /svc/' adds a service"],
  ])('answers 2 for %s, which is no command', (word, hint) => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('', as('a', word))).toMatchObject({
      code: 2,
      out: '',
      err: `a: ${word}: no such command; ${hint}\n`,
    });
    expect(a.got).toBe('');
  });

  it('takes no notice of further words', () => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('', as('a', 'up', 'b')).code).toBe(0);
    expect(a.got).toBe('u');
  });
});

describe('wrong usage of sv', () => {
  const POINTER = "sv: 'sv --help' explains commands and options\n";

  it.each(['status', '-v'])('is told: %s', (line) => {
    expect(new SvWorld().run(line)).toMatchObject({
      code: 100,
      out: '',
      err: `usage: sv [-v] [-w sec] command service ...\n\n${POINTER}`,
    });
  });

  it.each([
    ['enable', "'ln -s /etc/sv/a /svc/' adds a service"],
    ['stpo', "did you mean 'stop'?"],
    ['restar', "did you mean 'restart'?"],
    ['nonsense', "'sv --help' lists the commands"],
  ])('%s sends nothing, and is told in one line', (word, hint) => {
    const world = new SvWorld();
    const a = world.service('a');
    const err = `sv: ${word}: no such command; ${hint}\n`;
    expect(world.run(`${word} a`)).toMatchObject({ code: 100, out: '', err });
    expect(a.got).toBe('');
  });

  it('shows no control bytes', () => {
    const run = new SvWorld().run('', { argv: ['sv', 'a\x1b[2J\xc2\x9b1m', 'b'] });
    expect(run.err).toBe("sv: a?[2J?1m: no such command; 'sv --help' lists the commands\n");
  });

  it('names the option', () => {
    expect(new SvWorld().run('-x up a').err).toBe(
      `sv: illegal option -- x\nusage: sv [-v] [-w sec] command service ...\n\n${POINTER}`,
    );
  });

  it('-V prints the version too', () => {
    const ran = new SvWorld().run('-V');
    expect(ran.code).toBe(100);
    expect(ran.err).toMatch(/^\$Id: [0-9a-f]{40} \$\nusage: /);
  });
});
