// `sv wait`: when it returns, with what, and what it says.
import { describe, expect, it } from 'vitest';
import { EMFILE, ENOSPC } from '../../../src/abi/errno.ts';
import { SETTLED_MS, STABLE_MS } from '../../../src/machine/client/stability.ts';
import { type FakeRunsv, SvWorld } from '../client/world.ts';

const down = { pid: 0, want: 'down', phase: 'down' } as const;

const failed = (web: FakeRunsv): void => {
  web.become(down);
  web.tell({ outcome: 'failed', reason: 'exit code 1' });
};

describe('sv wait', () => {
  it('returns at once for what is so already', () => {
    const world = new SvWorld();
    world.service('web');
    world.service('db', down);
    for (const line of ['wait up web', 'wait ready web', 'wait down db', 'wait gone none', 'wait --any up db web']) {
      const ran = world.run(line);
      expect([line, ran.code, ran.out, ran.err, ran.ms < 1]).toEqual([line, 0, '', '', true]);
    }
  });

  it('is woken by the change, without a limit', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    world.at(100_000, () => {
      web.become({ pid: 78, want: 'up', phase: 'run' });
      web.tell({ by: 'fd' });
    });
    world.at(100_300, () => web.tell({ by: 'fd', ready: true, readyAt: '2027-01-15T08:00:00.000Z' }));
    const ran = world.run('wait ready web');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.ms).toBeGreaterThanOrEqual(100_300);
    expect(ran.ms).toBeLessThan(100_302);
  });

  it('takes a process that cannot tell for up when sv start would: one of many must outlive the second', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    world.at(1000, () => web.become({ pid: 78, want: 'up', phase: 'run' }));
    world.at(1100, () => web.become({ pid: 0, want: 'up', phase: 'down' }));
    world.at(2000, () => web.become({ pid: 79, want: 'up', phase: 'run' }));
    const ran = world.run('wait up web');
    expect([ran.code, ran.ms >= 2000 + SETTLED_MS, ran.ms < 2010 + SETTLED_MS]).toEqual([0, true, true]);
  });

  it('takes the first process of a service for up once it has lasted, and is idle then', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    world.at(1000, () => web.become({ pid: 78, want: 'up', phase: 'run' }));
    const ran = world.run('wait up web');
    expect([ran.code, ran.ms >= 1000 + STABLE_MS, ran.ms < 1005 + STABLE_MS]).toEqual([0, true, true]);
  });

  it('takes one that can tell for up when it starts', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    world.at(1000, () => {
      web.become({ pid: 78, want: 'up', phase: 'run' });
      web.tell({ by: 'fd' });
    });
    const ran = world.run('wait up web');
    expect([ran.code, ran.ms < 1002]).toEqual([0, true]);
  });

  it('gives up at the end of -w, and says what each is', () => {
    const world = new SvWorld();
    world.service('web');
    world.service('db', down);
    const ran = world.run('-w 1 wait up web db none');
    expect([ran.code, ran.out, ran.err]).toEqual([2, '', 'sv: db: down, not up\nsv: none: unsupervised, not up\n']);
    expect(ran.ms).toBeGreaterThan(1000);
    expect(ran.ms).toBeLessThan(1500);
  });

  it.each(['up', 'ready', 'done'])('for %s ends at once where the service has failed', (goal) => {
    const world = new SvWorld();
    const web = world.service('web');
    failed(web);
    const ran = world.run(`wait ${goal} web`);
    expect([ran.code, ran.err, ran.ms < 1]).toEqual([1, `sv: web: failed, not ${goal}\n`, true]);
  });

  it('for failed and for done knows the outcome', () => {
    const world = new SvWorld();
    const web = world.service('web');
    const job = world.service('job');
    world.at(5000, () => failed(web));
    world.at(6000, () => {
      job.become(down);
      job.tell({ outcome: 'done' });
    });
    expect(world.run('wait failed web')).toMatchObject({ code: 0, err: '' });
    expect(world.run('wait done job')).toMatchObject({ code: 0, err: '' });
  });

  it('with --any needs one, and ends when none can be', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    failed(world.service('bad'));
    world.at(3000, () => web.become({ pid: 78, want: 'up', phase: 'run', sec: 1 }));
    const ran = world.run('wait --any up bad web');
    expect([ran.code, ran.err, ran.ms >= 3000]).toEqual([0, '', true]);
    const none = world.run('wait --any up bad');
    expect([none.code, none.err]).toEqual([1, 'sv: bad: failed, not up\n']);
  });

  it('is woken by the end of a runsv', () => {
    const world = new SvWorld();
    const web = world.service('web');
    world.at(1000, () => web.end());
    const ran = world.run('wait gone web');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1002]).toEqual([0, true, true]);
  });

  it('sleeps while nothing happens: one wake-up for the one change', () => {
    const world = new SvWorld();
    const web = world.service('web', down);
    let early = 0;
    world.at(100, () => {
      early = world.kernel.wakeUps;
    });
    world.at(100_000, () => {
      web.become({ pid: 78, want: 'up', phase: 'run' });
      web.tell({ by: 'fd', ready: true });
    });
    expect(world.run('wait ready web other').code).toBe('atRest');
    expect(world.kernel.wakeUps - early).toBeLessThanOrEqual(2);
  });

  it('holds no more than 200 fifos, and looks at the others', () => {
    const world = new SvWorld();
    const all = Array.from({ length: 202 }, (_, at) => world.service(`s${at}`));
    world.at(1000, () => {
      for (const one of all) one.end();
    });
    const ran = world.run(`wait gone ${all.map((_, at) => `s${at}`).join(' ')}`);
    expect([ran.code, ran.ms >= 1000, ran.ms < 1430]).toEqual([0, true, true]);
  });

  it.each(['inotify', 'watch'] as const)('looks by itself where %s is refused', (call) => {
    const world = new SvWorld();
    const web = world.service('web');
    world.kernel.fault({ call, errno: call === 'inotify' ? EMFILE : ENOSPC });
    world.at(1000, () => web.become(down));
    const ran = world.run('wait down web');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1430]).toEqual([0, true, true]);
  });

  it('is woken by a service that is not there yet', () => {
    const world = new SvWorld();
    world.at(1000, () => void world.service('new', { sec: 1 }));
    const ran = world.run('wait up new');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1005 + STABLE_MS]).toEqual([0, true, true]);
  });

  it.each(['a directory', 'a link'])('is woken by one whose %s is exchanged for another', (what) => {
    const world = new SvWorld();
    const { user } = world.kernel;
    user.folder('/old/web');
    if (what === 'a link') user.symlink('/old/web', '/svc/web');
    else user.folder('/svc/web');
    world.at(1000, () => {
      if (what === 'a link') user.remove('/svc/web');
      else user.rename('/svc/web', '/gone');
      void world.service('web', { sec: 1 });
    });
    const ran = world.run('wait up web');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1005 + STABLE_MS]).toEqual([0, true, true]);
  });

  it('looks for one in a directory that is not there yet', () => {
    const world = new SvWorld();
    world.at(1000, () => void world.service('far/web', { sec: 1 }));
    const ran = world.run('wait up /svc/far/web');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1425 + STABLE_MS]).toEqual([0, true, true]);
  });

  it('finds one where supervise is a link to nowhere yet', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/svc/web');
    world.kernel.user.folder('/run');
    world.kernel.user.symlink('/run/web', '/svc/web/supervise');
    world.at(1000, () => {
      world.kernel.user.folder('/run/web');
      void world.service('web', { sec: 1 });
    });
    const ran = world.run('wait up web');
    expect([ran.code, ran.ms >= 1000, ran.ms < 1425 + STABLE_MS]).toEqual([0, true, true]);
  });

  it('for gone does not take what may not be asked for gone', () => {
    const world = new SvWorld();
    world.service('web');
    world.kernel.user.chmod('/svc/web/supervise', 0o700);
    const ran = world.run('wait gone web', { uid: 65534 });
    expect([ran.code, ran.err]).toEqual([1, 'sv: web: unable to open supervise/ok: access denied\n']);
  });

  it('for gone asks the locks where they can be read', () => {
    const world = new SvWorld();
    const web = world.service('web');
    const held = world.stranger(55).lock('/svc/web/supervise/lock');
    world.at(1000, () => {
      web.end();
      if (typeof held !== 'number') held.close();
    });
    const ran = world.run('wait gone web', { uid: 65534 });
    expect([ran.code, ran.err, ran.ms >= 1000]).toEqual([0, '', true]);
  });

  it('for gone waits on where runsv lives and its status cannot be read', () => {
    const world = new SvWorld();
    const web = world.service('web');
    world.kernel.user.remove('/svc/web/supervise/status');
    world.at(1000, () => web.end());
    expect(world.run('wait gone web')).toMatchObject({ code: 0, err: '' });
    expect(world.kernel.nowMs).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    ['wait sideways web', "got 'sideways'"],
    ['wait up', "got 'up'"],
    ['wait web up', "got 'web'"],
  ])('%s is wrong', (line, got) => {
    const ran = new SvWorld().run(line);
    expect([ran.code, ran.out]).toEqual([100, '']);
    expect(ran.err).toBe(
      `sv: wait: expected one of up, ready, down, done, failed, gone and names of services, ${got}\n`,
    );
  });

  it('alone, or with an option that it has not, prints its usage', () => {
    expect(new SvWorld().run('wait')).toMatchObject({
      code: 100,
      err: 'usage: sv wait [--any] [-w sec] up|ready|down|done|failed|gone service ...\n',
    });
    expect(new SvWorld().run('wait --all up x')).toMatchObject({ code: 100 });
  });

  it.each(['wait -w 1 up db', 'wait up -w1 db', 'wait up db -w 1', '-w 9 wait up db -w 1'])('takes -w: %s', (line) => {
    const world = new SvWorld();
    world.service('db', down);
    const ran = world.run(line);
    expect([ran.code, ran.ms >= 1000, ran.ms < 1500]).toEqual([1, true, true]);
  });

  it('returns no more than 99', () => {
    const names = Array.from({ length: 120 }, (_, at) => `s${at}`).join(' ');
    expect(new SvWorld().run(`-w 0 wait up ${names}`).code).toBe(99);
  });
});
