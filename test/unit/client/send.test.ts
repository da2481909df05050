// Commands that are sent without a wait; runsv is played by hand.
import { describe, expect, it } from 'vitest';
import { EMFILE } from '../../../src/abi/errno.ts';
import { SvWorld } from './world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;

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

  it('fails where no more files can be opened', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.fault({ call: 'open', errno: EMFILE, when: (path) => path.endsWith('/control') });
    for (const line of ['up a', 'start a']) {
      const ran = world.run(line);
      expect(ran.code).toBe(1);
      expect(ran.out).toContain('warning: a: unable to open supervise/control: ');
    }
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
