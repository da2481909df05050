// svc and svok, on the virtual kernel: what is sent, what is printed, exit codes.
import { describe, expect, it } from 'vitest';
import { EACCES } from '../../../src/abi/errno.ts';
import { svc } from '../../../src/applets/svc.ts';
import { svok } from '../../../src/applets/svok.ts';
import { SvWorld } from '../client/world.ts';

describe('svc', () => {
  it.each([
    ['-u', 'u'],
    ['-dx', 'dx'],
    ['-xd', 'dx'],
    ['-x -d', 'dx'],
    ['-udopchaitkx', 'udopchaitkx'],
    ['-kt', 'kt'],
  ])('%s sends %s', (options, bytes) => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run(`${options} a`, {}, svc)).toMatchObject({ code: 0, out: '', err: '' });
    expect(a.got).toBe(bytes);
  });

  it('goes on after a service that is not supervised, and fails', () => {
    const world = new SvWorld();
    world.service('ended').end();
    const a = world.service('a');
    expect(world.run('-h nope ended a', {}, svc)).toMatchObject({
      code: 1,
      out:
        'fail: nope: unable to change to service directory: file does not exist\n' + 'fail: ended: runsv not running\n',
    });
    expect(a.got).toBe('h');
  });

  const USAGE = "usage: svc [-udopchaitkx] service ...\n\nsvc: 'svc --help' explains the call\n";

  it.each([
    ['', USAGE],
    ['a', USAGE],
    ['-u', USAGE],
    ['-q a', `svc: illegal option -- q\n${USAGE}`],
  ])('%j is wrong usage', (line, err) => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run(line, {}, svc)).toMatchObject({ code: 1, out: '', err });
    expect(a.got).toBe('');
  });
});

describe('svok', () => {
  it('exits 0 for a service that is supervised', () => {
    const world = new SvWorld();
    world.service('a');
    expect(world.run('a', {}, svok)).toMatchObject({ code: 0, out: '', err: '' });
    expect(world.kernel.live()).toEqual([]);
  });

  it('exits 100 for one that is not, or never was', () => {
    const world = new SvWorld();
    world.service('ended').end();
    world.kernel.user.folder('/svc/never');
    for (const name of ['ended', 'never'])
      expect(world.run(name, {}, svok)).toMatchObject({ code: 100, out: '', err: '' });
  });

  it('exits 111 where it cannot know', () => {
    const world = new SvWorld();
    expect(world.run('nope', {}, svok)).toMatchObject({
      code: 111,
      err: 'svok: fatal: unable to change to directory nope: file does not exist\n',
    });
    expect(world.run('a', { env: ['SVDIR='] }, svok).code).toBe(111);
    world.service('a');
    world.kernel.fault({ call: 'open', errno: EACCES, when: (path) => path.endsWith('/ok') });
    expect(world.run('a', {}, svok)).toMatchObject({
      code: 111,
      err: expect.stringContaining('svok: fatal: unable to open supervise/ok in a: access denied\n'),
    });
  });

  it.each(['', 'a b'])('%j is wrong usage', (line) => {
    expect(new SvWorld().run(line, {}, svok)).toMatchObject({
      code: 1,
      err: "usage: svok service\n\nsvok: 'svok --help' explains the call\n",
    });
  });
});
