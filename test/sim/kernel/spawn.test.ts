// spawn on the virtual kernel: the child's steps in their order, and what it has when it runs.
import { expect, test } from 'vitest';
import { type Fd, isErrno } from '../../../src/host/calls.ts';
import * as l from '../../lib/abi.ts';
import { sys } from '../../../src/host/sys.ts';
import { type Started, VirtualKernel } from './kernel.ts';

const failed = (errno: number): number => -(l.SPAWN_FAILED + errno);
const open = (path: string, flags: number): Fd => {
  const fd = sys.open(path, flags, 0o600);
  if (isErrno(fd)) throw new Error(`open ${path}: ${-fd}`);
  return fd;
};

const spawn = (
  path: string,
  more: Partial<Record<'dir' | 'text', string>> & { fds?: number[]; flags?: number; record?: number } = {},
): number =>
  sys.spawn(
    path,
    [path, 'arg'],
    ['A=1'],
    more.dir ?? '',
    more.fds ?? [],
    more.flags ?? 0,
    more.record ?? -1,
    more.text ?? '',
  );

test('the child has the argv, environment, directory and session asked for', () => {
  const kernel = new VirtualKernel();
  const seen: Started[] = [];
  kernel.user.program('/svc/run', (started) => {
    seen.push(started);
    return { livesMs: 1 };
  });
  kernel.run(
    () => {
      const pid = spawn('./run', { dir: 'svc', flags: l.SPAWN_ENV | l.SPAWN_SETSID });
      spawn('svc/run');
      expect(kernel.live().map(({ session }) => session)).toEqual([pid, 1]);
    },
    { env: ['OURS=1'] },
  );
  const [first, second] = seen;
  expect([first?.path, first?.argv, first?.env]).toEqual(['/svc/run', ['./run', 'arg'], ['A=1']]);
  expect(second?.env).toEqual(['OURS=1']);
  expect(kernel.world.tree.root.entries?.get('svc')).toBe(first?.process.cwd);
});

test('the child holds what it was given and what we were started with, nothing that we opened', () => {
  const kernel = new VirtualKernel();
  let held: number[] = [];
  kernel.user.program('/p', ({ process }) => {
    held = [...process.fds.keys()].filter((fd) => process.at(fd) !== null);
    return {};
  });
  kernel.run(() => {
    const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
    open('/tmp', l.O_RDONLY);
    const copy = sys.dup2(to, 9 as Fd);
    spawn('/p', { fds: [1, to, 7, from] });
    expect(copy).toBe(9);
  });
  expect(held).toEqual([0, 1, 2, 7, 9]);
});

test('two descriptors can change places', () => {
  const kernel = new VirtualKernel();
  kernel.user.program('/p', {
    writes: [
      { fd: 3, bytes: 'to 3' },
      { fd: 4, bytes: 'to 4' },
    ],
    livesMs: 5,
  });
  kernel.run(() => {
    expect([open('/a', l.O_RDWR | l.O_CREAT), open('/b', l.O_RDWR | l.O_CREAT)]).toEqual([3, 4]);
    sys.waitpid(spawn('/p', { fds: [3, 4, 4, 3] }), 0);
  });
  expect([kernel.user.read('/a'), kernel.user.read('/b')]).toEqual(['to 4', 'to 3']);
});

test('the record is written before the program runs, at the beginning of the file, with its moment and ten digits', () => {
  const kernel = new VirtualKernel({ firstPid: 4711 });
  kernel.user.file('/lock', 'something longer that was there before');
  let seen: string | null = null;
  kernel.user.program('/p', () => {
    seen = kernel.user.read('/lock');
    return {};
  });
  kernel.run(() => {
    expect(spawn('/p', { record: open('/lock', l.O_RDWR), text: 'run ' })).toBe(4712);
  });
  const record = 'run 00000001000000 0000004712\n';
  expect(seen).toBe(record + 'something longer that was there before'.slice(record.length));
});

test('a child that fails was there, is gone, and leaves SIGCHLD behind', () => {
  const kernel = new VirtualKernel();
  kernel.user.file('/text', 'no program', 0o755);
  kernel.user.file('/plain', '#!/bin/sh\n', 0o644);
  kernel.user.file('/script', '#!/no/such/sh\n', 0o755);
  kernel.run(() => {
    sys.catchSignals([l.SIGCHLD]);
    const lock = open('/lock', l.O_RDWR | l.O_CREAT);
    expect(spawn('/missing', { record: lock })).toBe(failed(l.ENOENT));
    const pid = Number(kernel.user.read('/lock')?.split(' ')[1]);
    expect(pid).toBeGreaterThan(1);
    expect([sys.kill(pid, 0), sys.waitpid(-1, 1), sys.takeSignals()]).toEqual([-l.ESRCH, -l.ECHILD, [l.SIGCHLD]]);
    expect([spawn('/text'), spawn('/plain'), spawn('/script'), spawn('/tmp'), spawn('/text/x')]).toEqual(
      [l.ENOEXEC, l.EACCES, l.ENOENT, l.EACCES, l.ENOTDIR].map(failed),
    );
    expect(spawn('/text', { dir: '/none' })).toBe(failed(l.ENOENT));
    expect([spawn('/text', { fds: [1, 99] }), spawn('/text', { fds: [2 ** 30, 0] })]).toEqual([failed(9), failed(9)]);
    expect(spawn('/text', { record: (sys.pipe(0) as readonly [Fd, Fd])[1] })).toBe(failed(l.ESPIPE));
  });
});

test('a child that was not waited for fails on its own, as exit code 100', () => {
  const kernel = new VirtualKernel();
  kernel.run(() => {
    const pid = spawn('/missing', { flags: l.SPAWN_AT_ONCE });
    expect(pid).toBeGreaterThan(0);
    expect(sys.waitpid(-1, 0)).toEqual([pid, 100 << 8]);
  });
});

test('no child comes to be where the arguments are nonsense or there are too many processes', () => {
  const kernel = new VirtualKernel();
  kernel.user.program('/p', {});
  kernel.run(() => {
    expect(sys.spawn('/p', [], [], '', [], 0, -1, '')).toBe(-l.EINVAL);
    expect(spawn('/p', { fds: [1] })).toBe(-l.EINVAL);
    for (const flags of [32, 64, 128, -1]) expect(spawn('/p', { flags })).toBe(-l.EINVAL);
    expect(spawn('/p', { fds: [1, -1] })).toBe(-l.EBADF);
    kernel.allowProcesses(1);
    expect(spawn('/p')).toBeGreaterThan(0);
    expect(spawn('/p')).toBe(-l.EAGAIN);
    kernel.allowProcesses(Infinity);
    expect(spawn('/p')).toBeGreaterThan(0);
  });
});

test('a record that a full disk cuts off keeps the program from running', () => {
  const kernel = new VirtualKernel();
  let ran = 0;
  kernel.user.program('/p', () => {
    ran++;
    return {};
  });
  kernel.user.file('/lock', 'x'.repeat(10));
  kernel.mount().freeBytes = 3;
  kernel.run(() => {
    expect(spawn('/p', { record: open('/lock', l.O_RDWR), text: 'run ' })).toBe(failed(l.ENOSPC));
  });
  expect(ran).toBe(0);
});

test('a lock that a child inherited lasts as long as the child', () => {
  const kernel = new VirtualKernel();
  kernel.user.program('/p', { livesMs: 100 });
  kernel.run(() => {
    const lock = open('/lock', l.O_RDWR | l.O_CREAT);
    sys.flock(lock, l.LOCK_EX);
    spawn('/p', { fds: [9, lock] });
    sys.close(lock);
    expect(kernel.user.lock('/lock')).toBe(-l.EAGAIN);
    sys.poll([], 101);
    expect(kernel.user.lock('/lock')).toBeTypeOf('object');
  });
});

test('process numbers are used again where the scenario makes them scarce, but never one that is in use', () => {
  const kernel = new VirtualKernel({ firstPid: 10, lastPid: 14 });
  kernel.user.program('/p', { livesMs: 10 });
  const pids: number[] = [];
  kernel.run(() => {
    for (let i = 0; i < 9; i++) {
      pids.push(spawn('/p'));
      if (i % 2 === 1) sys.poll([], 20);
      if (i % 2 === 1) while (Array.isArray(sys.waitpid(-1, 1)) && kernel.zombies() > 0);
    }
  });
  expect(pids).toEqual([11, 12, 13, 14, 2, 3, 4, 5, 6]);
});

test('the program of this very process can be spawned under its /proc name', () => {
  const kernel = new VirtualKernel();
  kernel.behaviourOf(({ path, argv }) => (path === '/bin/us' ? { key: `us as ${argv[0]}`, livesMs: 1 } : null));
  kernel.run(
    () => {
      expect(spawn('/proc/self/exe')).toBeGreaterThan(0);
      expect(kernel.live().map(({ key }) => key)).toEqual(['us as /proc/self/exe']);
    },
    { path: '/bin/us' },
  );
});
