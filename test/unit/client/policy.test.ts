// What sv makes of stop and restart policies: reload-signal, the ends of waits, flags of the status line. runsv is played by hand.
import { describe, expect, it } from 'vitest';
import { SvWorld } from './world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;
const FAILED = { outcome: 'failed', reason: 'exit code 1, 5 failures in a row' } as const;
const IN_30_S = '2027-01-15T08:00:30.000Z';

describe('reload-signal', () => {
  const reload = (
    text: string,
    line = 'reload a',
  ): { readonly out: string; readonly code: unknown; readonly got: string } => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.file('/svc/a/reload-signal', text);
    const { out, code } = world.run(line);
    return { out, code, got: a.got };
  };

  it('names the signal whose byte is sent', () => {
    expect(reload('USR2\n')).toEqual({ out: 'ok: run: a: (pid 77) 10s\n', code: 0, got: '2' });
    expect(reload('sigterm').got).toBe('t');
    expect(reload(' 1 ').got).toBe('h');
  });

  it('is refused where no byte sends it, or it is none', () => {
    expect(reload('WINCH')).toEqual({ out: 'fail: a: reload-signal: WINCH has no command\n', code: 1, got: '' });
    expect(reload('KILL').out).toBe('fail: a: reload-signal: KILL has no command\n');
    expect(reload('now\x1b\n').out).toBe("fail: a: reload-signal: not a signal: 'now?'\n");
  });

  it('has no part in other commands', () => {
    expect(reload('WINCH', 'hup a')).toEqual({ out: '', code: 0, got: 'h' });
    expect(reload('WINCH', 'force-reload a').got).toBe('tck');
  });

  it('that is no file is refused, too', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.fifo('/svc/a/reload-signal');
    expect(world.run('reload a').out).toMatch(/^fail: a: reload-signal: unable to open: /);
  });
});

describe('a service that has failed', () => {
  it('ends the wait for it at once', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    a.tell(FAILED);
    world.at(50, () => a.become({ want: 'up' }));
    world.at(300, () => {
      a.tell(FAILED);
      a.become(DOWN);
    });
    const { out, code, ms } = world.run('start a');
    expect([out, code]).toEqual(['fail: a: failed: exit code 1, 5 failures in a row\n', 1]);
    expect(ms).toBeLessThan(310);
  });

  it('ends it also where state.json follows the status', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.at(300, () => a.become(DOWN));
    world.at(400, () => a.tell(FAILED));
    expect(world.run('restart a').ms).toBeLessThan(410);
  });

  it('is no answer to a command that was sent later', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    a.tell(FAILED);
    expect(world.run('-w 1 start a')).toMatchObject({ code: 1, out: 'timeout: down: a: 11s, normally up, failed\n' });
  });

  it('fails a check, and is what stop wants', () => {
    const world = new SvWorld();
    world.service('a', DOWN).tell(FAILED);
    expect(world.run('check a')).toMatchObject({ code: 1, out: 'fail: a: failed: exit code 1, 5 failures in a row\n' });
    expect(world.run('stop a')).toMatchObject({ code: 0, out: 'ok: down: a: 10s, normally up, failed\n' });
    world.service('b', DOWN).tell({ outcome: 'failed', reason: null });
    expect(world.run('check b').out).toBe('fail: b: failed\n');
  });
});

describe('a service that is done', () => {
  it('is what start and check want', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    const done = { outcome: 'done', reason: 'exit code 0' } as const;
    world.at(300, () => {
      a.tell(done);
      a.become(DOWN);
    });
    expect(world.run('start a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up, done\n' });
    expect(world.run('check a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up, done\n' });
  });
});

describe('the status line', () => {
  it('says when the next start is, where that takes longer than a second', () => {
    const world = new SvWorld();
    const a = world.service('a', { ...DOWN, want: 'up' });
    a.tell({ next: IN_30_S });
    expect(world.run('status a').out).toBe('down: a: 10s, normally up, want up, next start in 30s\n');
    a.tell({ next: '2027-01-15T08:00:01.000Z' });
    expect(world.run('status a').out).toBe('down: a: 10s, normally up, want up\n');
    a.tell({});
    expect(world.run('status a').out).toBe('down: a: 10s, normally up, want up\n');
  });

  it('says nothing more of a service that runs, or was told to be down', () => {
    const world = new SvWorld();
    const a = world.service('a');
    a.tell({ next: IN_30_S, ...FAILED });
    expect(world.run('status a').out).toBe('run: a: (pid 77) 10s\n');
    const b = world.service('b', DOWN);
    b.tell({ next: IN_30_S });
    expect(world.run('status b').out).toBe('down: b: 10s, normally up\n');
  });
});
