// `sv status`: reports of services and their logs, on the virtual kernel.
import { describe, expect, it } from 'vitest';
import { EACCES } from '../../../src/abi/errno.ts';
import { SvWorld } from './world.ts';

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

  it('warns about a down file that it cannot look up', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.fault({ call: 'access', errno: EACCES, when: (path) => path.endsWith('/down') });
    expect(world.run('status a')).toMatchObject({
      code: 0,
      out: 'run: a: (pid 77) 10s\n',
      err: 'warning: unable to stat a/down: access denied\n',
    });
  });

  it('knows a service that is normally down', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.file('/svc/a/down');
    expect(world.run('status a').out).toBe('run: a: (pid 77) 10s, normally down\n');
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
    expect(world.run('', { argv: ['sv', 'up', ''] }).out).toBe(out.replace('a:', ':'));
  });

  it('counts to 99', () => {
    const world = new SvWorld();
    expect(world.run(`status ${'nope '.repeat(150).trim()}`).code).toBe(99);
  });
});
