// sv and supervise directories of somebody who means harm: every file, in every form that it can have.
import { describe, expect, it } from 'vitest';
import { encodeStatus } from '../../../src/formats/status.ts';
import { type FakeRunsv, SvWorld } from './world.ts';

type Form = 'link' | 'dangling link' | 'fifo' | 'fifo with a writer' | 'file' | 'directory' | 'huge file';

const forms: Readonly<Record<Form, (world: SvWorld, path: string) => void>> = {
  link: ({ kernel: { user } }, path) => {
    user.fifo('/elsewhere/fifo');
    user.open('/elsewhere/fifo');
    user.symlink('/elsewhere/fifo', path);
  },
  'dangling link': ({ kernel: { user } }, path) => user.symlink('/nowhere', path),
  fifo: ({ kernel: { user } }, path) => user.fifo(path),
  'fifo with a writer': ({ kernel: { user } }, path) => {
    user.fifo(path);
    user.open(path);
    user.send(path, encodeStatus({ sec: 1, nsec: 1, pid: 1, paused: false, want: 'up', gotTerm: false, phase: 'run' }));
  },
  file: ({ kernel: { user } }, path) => user.file(path, 'precious'),
  directory: ({ kernel: { user } }, path) => user.folder(path),
  'huge file': ({ kernel: { user } }, path) => user.file(path, 'x'.repeat(1 << 22)),
};

const machine = (name: string, form: Form): SvWorld => {
  const world = new SvWorld();
  world.service('a');
  world.kernel.user.remove(`/svc/a/supervise/${name}`);
  forms[form](world, `/svc/a/supervise/${name}`);
  return world;
};

const FORMS = Object.keys(forms) as readonly Form[];

describe.each(FORMS)('a %s', (form) => {
  it('in place of status is not believed, and not waited for', () => {
    for (const line of ['status a', '-w 1 check a', '-w 1 restart a', '-w 1 stop a']) {
      const world = machine('status', form);
      const ran = world.run(line);
      expect(ran.code, line).toBe(1);
      expect(ran.out, line).toMatch(/^warning: a: unable to (open|read) supervise\/status: [a-z -]+\n$/);
      expect(ran.ms, line).toBeLessThan(1);
    }
  });

  it('in place of control gets no command', () => {
    for (const line of ['up a', '-w 1 start a', 'exit a']) {
      const world = machine('control', form);
      const { user } = world.kernel;
      if (form === 'fifo with a writer') {
        // nobody can tell that from a runsv
        expect(world.run(line).code).toBe(line === '-w 1 start a' ? 0 : 0);
        continue;
      }
      const ran = world.run(line);
      const text = form === 'fifo' && line === 'exit a' ? /^ok: a: runsv not running\n$/ : /^(fail|warning): a: .*\n$/;
      expect(ran.out, line).toMatch(text);
      expect(ran.ms, line).toBeLessThan(1);
      if (form === 'file') expect(user.read('/svc/a/supervise/control')).toBe('precious');
      expect(user.read('/elsewhere/fifo') ?? '', line).toBe('');
      expect(user.exists('/nowhere')).toBe(false);
    }
  });

  it('in place of ok is never written to, and not waited for', () => {
    for (const line of ['status a', '-w 1 check a']) {
      const world = machine('ok', form);
      const ran = world.run(line);
      expect(ran.ms, line).toBeLessThan(1);
      if (form === 'file') expect(world.kernel.user.read('/svc/a/supervise/ok')).toBe('precious');
      if (form.includes('link') || form === 'directory') expect(ran.code).toBe(1);
    }
  });
});

describe('a name that would make a terminal do things', () => {
  it('is shown with question marks', () => {
    const world = new SvWorld();
    const name = 'a\x1b]0;title\x07\nok: run: b';
    world.service(name);
    expect(world.run('', { argv: ['sv', 'status', name, `${name}\x7f`] })).toMatchObject({
      out:
        'run: a?]0;title??ok: run: b: (pid 77) 10s\n' +
        'fail: a?]0;title??ok: run: b?: unable to change to service directory: file does not exist\n',
    });
  });

  it('is shown as it is where it is only not English', () => {
    const world = new SvWorld();
    const name = 'd\xc3\xa9j\xc3\xa0 \xff';
    world.service(name);
    expect(world.run('', { argv: ['sv', 'status', name] }).out).toBe(`run: ${name}: (pid 77) 10s\n`);
  });
});

describe('a service that is not there', () => {
  const NOT_THERE = 'unable to change to service directory: file does not exist\n';

  it('is reported once, with the directory that was searched', () => {
    for (const line of ['status x a y', 'up x a y', '-w 1 check x a y']) {
      const world = new SvWorld();
      world.service('a');
      const ran = world.run(line);
      expect(ran.out).toContain(`fail: x: ${NOT_THERE}`);
      expect(ran.err).toBe('sv: looked in /svc (SVDIR)\n');
    }
  });

  it('in the default directory', () => {
    const ran = new SvWorld().run('status x', { env: [] });
    expect(ran.err).toBe('sv: looked in /etc/service (the default, as SVDIR is not set)\n');
  });

  it('and was named by a path needs no such line', () => {
    expect(new SvWorld().run('status ./x /y z/')).toMatchObject({ code: 3, err: '' });
  });

  it('as an init script', () => {
    const run = (word: string) => new SvWorld().run('', { argv: ['/etc/init.d/web', word] });
    expect(run('status')).toMatchObject({ code: 1, err: 'web: looked in /svc (SVDIR)\n' });
    expect(run('start')).toMatchObject({ code: 1, err: 'web: looked in /svc (SVDIR)\n' });
  });
});

describe('a status that is missing', () => {
  const missing = (): { readonly world: SvWorld; readonly a: FakeRunsv } => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => {
      a.show({ gotTerm: true });
      world.kernel.user.remove('/svc/a/supervise/status');
    });
    return { world, a };
  };

  it('for a moment is waited for', () => {
    const { world, a } = missing();
    world.at(100, () => a.show({ pid: 0, phase: 'down', want: 'down' }));
    expect(world.run('-w 5 down a')).toMatchObject({ code: 0, out: expect.stringMatching(/^ok: down: a: /) });
  });

  it('for longer is told', () => {
    const { world } = missing();
    const ran = world.run('-w 5 down a');
    expect(ran).toMatchObject({ code: 1, out: 'warning: a: unable to open supervise/status: file does not exist\n' });
    expect(ran.ms).toBeLessThan(1000);
  });
});
