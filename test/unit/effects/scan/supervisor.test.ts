// A scan directory on the virtual kernel: looks that fail, another runsvdir, the log argument, a system without inotify.
import { describe, expect, it } from 'vitest';
import { EACCES, EAGAIN, EINTR, EIO, EMFILE, ENOLCK, ENOMEM } from '../../../../src/abi/errno.ts';
import { LOCK_EX, LOCK_SH } from '../../../../src/abi/flags.ts';
import { SIGALRM, SIGHUP, SIGKILL, SIGTERM } from '../../../../src/abi/signals.ts';
import { Process } from '../../../sim/kernel/processes.ts';
import { Outsider, type VirtualKernel } from '../../../sim/kernel/kernel.ts';
import { ScanWorld } from './world.ts';

describe('a scan directory', () => {
  it('has a runsv for each service; HUP ends them, TERM does not', () => {
    const world = new ScanWorld(['a', 'b']);
    world.signal(1000, SIGTERM);
    expect(world.run()).toEqual({ how: 'exited', code: 0 });
    expect(world.kernel.live()).toHaveLength(2);
    world.signal(1000, SIGHUP);
    expect(world.run()).toEqual({ how: 'exited', code: 111 });
    expect(world.kernel.live()).toEqual([]);
  });

  it('that is missing is reported once, and supervised when it appears', () => {
    const world = new ScanWorld();
    world.kernel.user.rename('/service', '/away');
    world.kernel.after(5000, () => {
      world.kernel.user.rename('/away', '/service');
      world.add('a');
    });
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.said).toBe('runsvdir /service: warning: unable to stat /service: file does not exist\n');
    expect(world.starts('a')).toBe(1);
  });

  it('gives a service that is made step by step time for its log, also where no look saw it without ./run for a second', () => {
    const world = new ScanWorld(['a']);
    const { kernel } = world;
    kernel.after(10_000, () => world.add('steps'));
    kernel.after(10_500, () => kernel.fault({ call: 'readdir', errno: EIO, when: (path) => path === '.', times: 1 }));
    kernel.after(11_500, () => kernel.user.file('/service/steps/run', ''));
    kernel.after(13_500, () => {
      expect(world.starts('steps')).toBe(0);
      kernel.user.folder('/service/steps/log');
    });
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.said).toContain('unable to read directory');
    expect(world.starts('steps')).toBe(1);
  });

  it.each([
    ['chdir', EACCES, 'unable to change directory to /service: access denied'],
    ['readdir', EIO, 'unable to read directory /service: input/output error'],
    ['stat', EIO, 'unable to stat /service: input/output error'],
  ] as const)('is looked at again where %s fails', (call, errno, message) => {
    const world = new ScanWorld(['a']);
    const when = (path: string): boolean => path === '/service' || (call === 'readdir' && path === '.');
    world.kernel.fault({ call, errno, when, times: 2 });
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.said).toBe(`runsvdir /service: warning: ${message}\n`);
    expect(world.starts('a')).toBe(1);
  });

  it('is looked at on ALRM, which leaves a sign', () => {
    const world = new ScanWorld(['a']);
    world.signal(500, SIGALRM);
    world.signal(1000, SIGTERM);
    world.run();
    expect(world.kernel.user.read('/service/.forced-rescan')).toMatch(/^@[0-9a-f]{24}$/);
  });

  it('that may not be written to is looked at on ALRM all the same', () => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call: 'open', errno: EACCES, when: (path) => path === '.forced-rescan' });
    world.kernel.after(10, () => world.add('b'));
    world.signal(1500, SIGALRM);
    world.signal(5000, SIGTERM);
    world.run();
    expect(world.kernel.user.exists('/service/.forced-rescan')).toBe(false);
    expect(world.starts('b')).toBe(1);
  });

  it.each(['inotify', 'watch'] as const)('is polled where %s is refused', (call) => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call, errno: EMFILE });
    world.kernel.after(7000, () => world.add('b'));
    world.kernel.after(20_000, () => world.kernel.user.remove('/service/a'));
    world.signal(40_000, SIGTERM);
    world.run();
    expect([world.starts('a'), world.starts('b')]).toEqual([1, 1]);
    expect(world.kernel.live().map(({ key }) => key)).toEqual(['runsv b']);
  });

  it('on a file system that has no inotify is polled', () => {
    const world = new ScanWorld();
    const mount = world.kernel.addMount('/service', 'nfs', 0x6969);
    world.add('a');
    world.kernel.after(8000, () => world.add('b'));
    world.signal(30_000, SIGTERM);
    world.run();
    expect(mount.path).toBe('/service');
    expect([world.starts('a'), world.starts('b')]).toEqual([1, 1]);
  });

  it('may be a link that is switched', () => {
    const world = new ScanWorld();
    world.kernel.user.remove('/service');
    for (const name of ['one', 'two']) world.kernel.user.folder(`/sets/${name}`);
    world.kernel.user.symlink('/sets/one', '/service');
    world.add('a');
    world.kernel.after(3000, () => {
      world.kernel.user.folder('/sets/two/b/supervise');
      world.kernel.user.symlink('/sets/two', '/new');
      world.kernel.user.rename('/new', '/service');
    });
    world.signal(20_000, SIGTERM);
    world.run();
    expect([world.starts('a'), world.starts('b')]).toEqual([1, 1]);
    expect(world.kernel.live().map(({ key }) => key)).toEqual(['runsv b']);
  });
});

describe('entries of a scan directory', () => {
  it('that are files, hidden, or links to nowhere are passed over', () => {
    const world = new ScanWorld(['a']);
    world.kernel.user.file('/service/file');
    world.kernel.user.folder('/service/.hidden');
    world.kernel.user.symlink('/nowhere', '/service/dangling');
    world.kernel.user.symlink('loop', '/service/loop');
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.kernel.live().map(({ key }) => key)).toEqual(['runsv a']);
  });

  it.each([EIO, EACCES])('that cannot be looked at are tried again: %d', (errno) => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call: 'stat', errno, when: (path) => path === 'a', times: 2 });
    world.signal(30_000, SIGTERM);
    world.run();
    expect(world.starts('a')).toBe(1);
  });

  it('that lead to one directory have one runsv', () => {
    const world = new ScanWorld(['a']);
    world.kernel.user.symlink('a', '/service/b');
    world.signal(10_000, SIGTERM);
    world.run();
    expect(world.kernel.live()).toHaveLength(1);
  });

  it('are started again where runsv ends, after a pause', () => {
    const world = new ScanWorld(['a'], () => ({ livesMs: 10, exit: 111 }));
    world.signal(10_500, SIGTERM);
    world.run();
    expect(world.starts('a')).toBeGreaterThan(5);
    expect(world.starts('a')).toBeLessThan(25);
  });

  it('are started later where fork fails', () => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call: 'spawn', errno: EAGAIN, times: 2 });
    world.signal(30_000, SIGTERM);
    world.run();
    expect(world.said).toMatch(/^(runsvdir \/service: warning: unable to fork for runsv a, trying again: .*\n){2}$/);
    expect(world.starts('a')).toBe(1);
  });

  it('are started later where runsv cannot be executed', () => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call: 'spawn', errno: 4096 + EACCES, times: 2 });
    world.signal(30_000, SIGTERM);
    world.run();
    expect(world.said).toBe('runsvdir /service: fatal: unable to start runsv a: access denied\n');
    expect(world.starts('a')).toBe(1);
  });

  it('that were renamed keep their runsv', () => {
    const world = new ScanWorld(['a']);
    world.kernel.after(2000, () => world.kernel.user.rename('/service/a', '/service/b'));
    world.signal(20_000, SIGTERM);
    world.run();
    expect([world.starts('a'), world.starts('b')]).toEqual([1, 0]);
    expect(world.kernel.live()).toHaveLength(1);
  });
});

describe('a name that leads elsewhere when its runsv ends', () => {
  /** Links in /service, by name, to directories in /sv; each first runsv ends after two seconds. */
  const linked = (links: Readonly<Record<string, string>>): ScanWorld => {
    let starts = 0;
    const world = new ScanWorld([], () => (starts++ === 0 ? { livesMs: 2000 } : {}));
    for (const [name, service] of Object.entries(links)) link(world, name, service);
    return world;
  };

  const link = ({ kernel }: ScanWorld, name: string, service: string): void => {
    kernel.user.folder(`/sv/${service}/supervise`);
    kernel.user.symlink(`/sv/${service}`, '/new');
    kernel.user.rename('/new', `/service/${name}`);
  };

  const isHeld = ({ kernel }: ScanWorld, service: string): boolean => {
    const held = new Outsider(kernel.world, kernel.world.processes.reaper as Process).lock(
      `/sv/${service}/supervise/lock`,
    );
    if (typeof held !== 'number') held.close();
    return typeof held === 'number';
  };

  it('gets none before the kernel says where', () => {
    const world = linked({ a: 'one' });
    world.kernel.after(1000, () => {
      const refused = world.kernel.fault({ call: 'stat', errno: EACCES, when: (path) => path === 'a' });
      world.kernel.after(7000, () => refused.off());
    });
    world.kernel.after(1500, () => link(world, 'a', 'two'));
    world.kernel.after(7900, () => expect(world.starts('a')).toBe(1));
    world.kernel.after(19_000, () => expect([isHeld(world, 'one'), isHeld(world, 'two')]).toEqual([false, true]));
    // the directory that has no name now gets one again: it is a service without a runsv
    world.kernel.after(20_000, () => link(world, 'b', 'one'));
    world.kernel.after(22_000, () => expect([isHeld(world, 'one'), isHeld(world, 'two')]).toEqual([true, true]));
    world.signal(23_000, SIGTERM);
    expect(world.run()).toEqual({ how: 'exited', code: 0 });
  });

  it('leaves the service to a name that is known to lead there', () => {
    const world = linked({ a: 'one' });
    world.kernel.after(1000, () => world.kernel.fault({ call: 'stat', errno: EIO, when: (path) => path === 'a' }));
    world.kernel.after(1500, () => link(world, 'b', 'one'));
    world.signal(6000, SIGTERM);
    world.run();
    expect([world.starts('a'), world.starts('b'), isHeld(world, 'one')]).toEqual([1, 1, true]);
  });

  it('causes a scan, if no event told of it', () => {
    const world = linked({});
    for (const service of ['one', 'two']) world.kernel.user.folder(`/sv/${service}/supervise`);
    world.kernel.user.symlink('/sv/one', '/sv/current');
    world.kernel.user.symlink('/sv/current', '/service/a');
    world.kernel.after(1500, () => {
      world.kernel.user.symlink('/sv/two', '/new');
      world.kernel.user.rename('/new', '/sv/current');
    });
    world.kernel.after(3300, () => expect([isHeld(world, 'one'), isHeld(world, 'two')]).toEqual([false, true]));
    world.kernel.after(3500, () => link(world, 'b', 'one'));
    world.signal(6000, SIGTERM);
    world.run();
    expect([world.starts('a'), world.starts('b'), isHeld(world, 'one')]).toEqual([2, 1, true]);
  });
});

describe('a runsv of an earlier runsvdir', () => {
  it('in an entry that could not be looked at ends at HUP all the same', () => {
    const world = new ScanWorld(['a']);
    world.signal(1000, SIGTERM);
    world.run();
    expect(world.kernel.live()).toHaveLength(1);
    world.kernel.fault({ call: 'stat', errno: EIO, when: (path) => path === 'a' });
    world.signal(2000, SIGHUP);
    expect(world.run()).toEqual({ how: 'exited', code: 111 });
    expect(world.kernel.live()).toEqual([]);
  });
});

describe('a service that is removed after a failure of the engine', () => {
  it('keeps no runsv, whichever call the engine fails at, even if none can be started', () => {
    for (let step = 10; step < 120; step++) {
      const world = new ScanWorld(['a', 'b'], () => {
        world.kernel.fault({ call: 'spawn', errno: EAGAIN, times: 3 });
        return {};
      });
      world.kernel.atStep(step, () => world.kernel.failEngine());
      world.kernel.after(300, () => world.kernel.user.remove('/service/a'));
      world.kernel.after(5000, () => expect(world.kernel.live().map(({ key }) => key)).toEqual(['runsv b']));
      world.signal(6000, SIGTERM);
      world.run(['-P', '/service'], { pid: 1 });
    }
  });
});

describe('another runsvdir', () => {
  /** A process that is seen in /proc as a runsvdir of /service. */
  const rival = ({ world }: VirtualKernel, name = 'runsvdir'): Process => {
    const { processes, tree, clock } = world;
    const process = new Process(processes.freePid(), processes.reaper ?? null, tree.root, clock.bootNs());
    process.path = `/bin/${name}`;
    process.argv = [name, '-P', '/service'];
    processes.add(process);
    return process;
  };

  it('is waited for', () => {
    const world = new ScanWorld(['a']);
    const { kernel } = world;
    const process = rival(kernel);
    expect(typeof new Outsider(kernel.world, process).lockFolder('/service', LOCK_EX)).toBe('object');
    kernel.after(8000, () => kernel.kill(process.pid, SIGKILL));
    kernel.after(7900, () => expect(world.starts('a')).toBe(0));
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.said).toBe(
      `runsvdir /service: warning: /service is already supervised by process ${process.pid}, waiting for its end\n`,
    );
    expect(world.starts('a')).toBe(1);
  });

  it('that cannot be seen is left alone, and services are started beside it', () => {
    const world = new ScanWorld(['a']);
    world.kernel.user.lockFolder('/service', LOCK_EX);
    world.signal(20_000, SIGTERM);
    world.run();
    expect(world.said).toBe(
      'runsvdir /service: warning: /service is already supervised elsewhere, leaving alone what runs there\n',
    );
    expect(world.starts('a')).toBe(1);
  });

  it('is none where a lock is held for a moment, or by another program', () => {
    for (const kind of [LOCK_SH, LOCK_EX]) {
      const world = new ScanWorld(['a']);
      const held = world.kernel.user.lockFolder('/service', kind);
      world.kernel.after(30, () => (typeof held === 'number' ? 0 : held.close()));
      world.signal(20_000, SIGTERM);
      world.run();
      expect([world.said, world.starts('a')]).toEqual(['', 1]);
    }
  });

  it.each(['flock', 'open'] as const)('does not matter where %s of the directory is refused', (call) => {
    const world = new ScanWorld(['a']);
    const isDirectory = (path: unknown): boolean => call === 'flock' || path === '.';
    world.kernel.fault({ call, errno: ENOLCK, when: (...args: readonly unknown[]) => isDirectory(args[0]) });
    world.signal(20_000, SIGTERM);
    expect(world.run().how).toBe(call === 'flock' ? 'exited' : 'exited');
  });

  it('whose runsv has a service is waited for, by pidfd or by asking', () => {
    for (const refused of [false, true]) {
      const world = new ScanWorld(['a']);
      const { kernel } = world;
      if (refused) kernel.fault({ call: 'pidfd', errno: ENOMEM });
      const process = rival(kernel, 'runsv');
      process.argv = ['runsv', 'a'];
      const act = new Outsider(kernel.world, process);
      act.lock('/service/a/supervise/lock');
      expect(kernel.world.tree.at.find(process, '/service/a', true)).toBe(0);
      if (kernel.world.tree.at.node !== null) process.enter(kernel.world.tree.at.node);
      kernel.after(6000, () => kernel.kill(process.pid, SIGKILL));
      world.signal(30_000, SIGTERM);
      world.run();
      expect(world.starts('a')).toBe(1);
    }
  });
});

describe('the log argument', () => {
  const LOG = `log: ${'.'.repeat(30)}`;
  const noisy = (): { writes: { fd: number; bytes: string }[] } => ({ writes: [{ fd: 2, bytes: 'help\x07me\n' }] });

  it('shows what services write on standard error, without control bytes', () => {
    const world = new ScanWorld(['a'], noisy);
    world.signal(1000, SIGTERM);
    world.run(['-P', '/service', LOG]);
    expect(world.kernel.main.argv[3]).toMatch(/^log: \.+help me $/);
    expect(world.kernel.main.argv[3]).toHaveLength(LOG.length);
  });

  it('gets a dot every 15 minutes', () => {
    const world = new ScanWorld(['a'], noisy);
    world.signal(3 * 900_000 + 1000, SIGTERM);
    world.run(['-P', '/service', LOG]);
    expect(world.kernel.main.argv[3]).toMatch(/help me \.\.\.$/);
  });

  it('that is too short is disabled', () => {
    const world = new ScanWorld(['a']);
    world.signal(1000, SIGTERM);
    world.run(['/service', 'short']);
    expect(world.said).toMatch(/log must have at least seven characters\.\n.*log service disabled\.\n$/);
  });

  it.each(['pipe', 'dup2'] as const)('is disabled where %s fails', (call) => {
    const world = new ScanWorld(['a']);
    world.kernel.fault({ call, errno: EMFILE });
    world.signal(1000, SIGTERM);
    world.run(['/service', LOG]);
    expect(world.said).toMatch(/unable to create pipe for log\.\n.*log service disabled\.\n$/);
    expect(world.starts('a')).toBe(1);
  });

  it('of a missing directory is preceded by a message', () => {
    const world = new ScanWorld();
    world.signal(500, SIGTERM);
    world.run(['/missing', LOG]);
    expect(world.said).toMatch(/unable to stat \/missing: file does not exist\n/);
  });

  it('survives a failure of the engine', () => {
    const world = new ScanWorld(['a'], noisy);
    world.kernel.after(500, () => world.kernel.failEngine());
    world.signal(1000, SIGTERM);
    world.run(['-P', '--subreaper', '/service', `log: ${'.'.repeat(100)}`]);
    expect(world.kernel.main.argv[4]).toMatch(/help me.*after an engine failure/);
  });
});

describe('the command line', () => {
  it.each([[], ['-x', '/service'], ['-k', 'soon', '/service']])('runsvdir %j %j %j is a usage error', (...words) => {
    expect(new ScanWorld().run(words.filter((word) => word !== undefined))).toEqual({ how: 'exited', code: 1 });
  });
});

it('interrupted calls do not end runsvdir', () => {
  const world = new ScanWorld(['a'], () => ({ livesMs: 50 }));
  world.kernel.fault({ call: 'poll', errno: EINTR, times: 3 });
  world.kernel.fault({ call: 'waitpid', errno: EINTR, times: 2 });
  world.signal(5000, SIGTERM);
  expect(world.run()).toEqual({ how: 'exited', code: 0 });
  expect(world.starts('a')).toBeGreaterThan(2);
});
