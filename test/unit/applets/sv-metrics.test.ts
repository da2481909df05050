// `sv metrics` that goes on: what it writes again, what it says, how it ends. Over HTTP: ../client/http-server.test.ts.
import { describe, expect, it } from 'vitest';
import { EMFILE, ENOSPC } from '../../../src/abi/errno.ts';
import { SIGINT, SIGPIPE, SIGTERM } from '../../../src/abi/signals.ts';
import { SvWorld } from '../client/world.ts';

const END_MS = 60_000;

const ending = (world: SvWorld, signal = SIGTERM): SvWorld => {
  world.at(END_MS, () => void world.kernel.kill(world.kernel.main.pid, signal));
  return world;
};

const up = (world: SvWorld): string | undefined =>
  /^runit_service_up\{service="web"\} (\d)$/m.exec(world.kernel.user.read('/m.prom') || '')?.[1];

describe('sv metrics --output --every', () => {
  it('writes the file at once and every so many seconds, until TERM or INT', () => {
    for (const signal of [SIGTERM, SIGINT]) {
      const world = ending(new SvWorld(), signal);
      const web = world.service('web');
      const seen: (string | undefined)[] = [];
      for (const ms of [100, 9900, 10_100, 20_100]) world.at(ms, () => void seen.push(up(world)));
      world.at(5000, () => web.become({ pid: 0, phase: 'down' }));
      world.at(15_000, () => web.become({ pid: 78, phase: 'run' }));
      world.at(16_000, () => void world.kernel.kill(world.kernel.main.pid, SIGPIPE));
      const { code, out, err } = world.run('metrics --output /m.prom --every 10');
      expect([code, out, err, seen]).toEqual([0, '', '', ['1', '1', '0', '1']]);
    }
  });

  it('makes no wake-up in between', () => {
    const world = ending(new SvWorld());
    world.service('web');
    const before = world.kernel.wakeUps;
    world.run('metrics --output /m.prom --every 20');
    // two times, and the signal
    expect(world.kernel.wakeUps - before).toBeLessThanOrEqual(4);
  });

  it('says once that a file cannot be replaced, and tries again', () => {
    const world = ending(new SvWorld());
    world.service('web');
    world.at(9000, () => void world.kernel.fault({ call: 'rename', errno: ENOSPC, times: 2 }));
    world.at(21_000, () => world.kernel.user.remove('/m.prom'));
    const { code, err } = world.run('metrics --output /m.prom --every 10');
    expect([code, err]).toEqual([0, 'sv: unable to replace /m.prom: out of disk space\n']);
    expect(up(world)).toBe('1');
  });

  it('ends with 1 where the first time fails', () => {
    const world = new SvWorld();
    expect(world.run('metrics --output /none/m.prom --every 10').code).toBe(1);
    world.kernel.fault({ call: 'catchSignals', errno: EMFILE });
    expect(world.run('metrics --output /m.prom --every 10')).toMatchObject({
      code: 1,
      err: 'sv: unable to catch signals: process cannot open more files\n',
    });
  });
});

describe('wrong words', () => {
  it.each([
    ['--every 0 --output /m', "--every: expected seconds from 1 to 86400, got '0'"],
    ['--every 86401 --output /m', "--every: expected seconds from 1 to 86400, got '86401'"],
    ['--every 1s --output /m', "--every: expected seconds from 1 to 86400, got '1s'"],
    ['--every 1', '--every: expected --output with it'],
    ['--listen unix:', '--listen: expected a path of 1 to 107 bytes, got 0'],
    [
      '--listen 9101',
      "--listen: expected an address such as 127.0.0.1:9101, [::1]:9101 or unix:/run/metrics.sock, got '9101'",
    ],
  ])('%s', (words, why) => {
    expect(new SvWorld().run(`metrics ${words}`)).toMatchObject({ code: 100, out: '', err: `sv: ${why}\n` });
  });

  it('are not those of an address where nobody can listen', () => {
    expect(new SvWorld().run('metrics --listen 127.0.0.1:9101')).toMatchObject({
      code: 1,
      err: 'sv: unable to listen on 127.0.0.1:9101: network unreachable\n',
    });
  });
});
