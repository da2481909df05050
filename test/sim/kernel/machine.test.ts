// The machine around the programs: full and read-only disks, mounts, /proc, inotify as far as others cause it.
import { describe, expect, test } from 'vitest';
import { type Fd, isErrno } from '../../../src/host/calls.ts';
import * as l from '../../lib/abi.ts';
import { sys } from '../../../src/host/sys.ts';
import { VirtualKernel } from './kernel.ts';

const open = (path: string, flags: number): Fd => {
  const fd = sys.open(path, flags, 0o644);
  if (isErrno(fd)) throw new Error(`open ${path}: ${-fd}`);
  return fd;
};

const content = (path: string): string => {
  const fd = open(path, l.O_RDONLY);
  const text = sys.read(fd, 65536);
  sys.close(fd);
  if (typeof text !== 'string') throw new Error(`read ${path}: ${-text}`);
  return text;
};

describe('a full disk', () => {
  const full = (program: (kernel: VirtualKernel) => void): void => {
    const kernel = new VirtualKernel();
    kernel.user.file('/a', 'aaaaaaaaaa');
    kernel.user.file('/b', 'bbb');
    kernel.mount().fill();
    expect(kernel.run(() => program(kernel)).how).toBe('exited');
  };

  test('refuses new names of every kind', () => {
    full(() => {
      expect(sys.open('/c', l.O_WRONLY | l.O_CREAT, 0o644)).toBe(-l.ENOSPC);
      expect([sys.mkdir('/c', 0o755), sys.mkfifo('/c', 0o600), sys.symlink('x', '/c')]).toEqual([-28, -28, -28]);
      expect(sys.access('/c', 0)).toBe(-l.ENOENT);
    });
  });

  test('lets bytes be written over, files be swapped, renamed and removed, and cuts a write where growth begins', () => {
    full((kernel) => {
      const fd = open('/a', l.O_WRONLY);
      expect([sys.write(fd, '12345678'), sys.write(fd, '9abcdef'), sys.write(fd, 'x')]).toEqual([8, 2, -l.ENOSPC]);
      expect([sys.exchange('/a', '/b'), sys.rename('/b', '/c'), sys.unlink('/a')]).toEqual([0, 0, 0]);
      expect(kernel.user.read('/c')).toBe('123456789a');
    });
  });

  test('does not get back what an emptied file had, because somebody else takes it', () => {
    full((kernel) => {
      const fd = open('/a', l.O_WRONLY | l.O_TRUNC);
      expect(sys.write(fd, 'x')).toBe(-l.ENOSPC);
      kernel.mount().clear();
      expect(sys.write(fd, 'x')).toBe(1);
    });
  });

  test('with a little space left takes that much, and gets it back', () => {
    const kernel = new VirtualKernel();
    kernel.mount().freeBytes = 5;
    kernel.run(() => {
      const fd = open('/a', l.O_WRONLY | l.O_CREAT);
      expect([sys.write(fd, '1234567'), sys.write(fd, '8')]).toEqual([5, -l.ENOSPC]);
      expect([sys.ftruncate(fd, 2), sys.write(open('/a', l.O_WRONLY | l.O_APPEND), '9'), sys.close(fd)]).toEqual([
        0, 1, 0,
      ]);
      expect(kernel.mount().freeBytes).toBe(2);
      sys.unlink('/a');
    });
    expect(kernel.mount().freeBytes).toBe(5);
  });
});

describe('file systems', () => {
  test('a read-only one refuses every change, and lets fifos be used', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/f', 'x');
    kernel.user.fifo('/p');
    kernel.mount().readOnly = true;
    kernel.run(() => {
      const results = [
        sys.open('/f', l.O_WRONLY, 0),
        sys.open('/new', l.O_WRONLY | l.O_CREAT, 0o644),
        sys.mkdir('/d', 0o755),
        sys.unlink('/f'),
        sys.rename('/f', '/g'),
        sys.chmod('/f', 0o600),
        sys.access('/f', 2),
      ];
      expect(results).toEqual(results.map(() => -l.EROFS));
      expect([sys.mkdir('/f', 0o755), content('/f'), sys.open('/p', l.O_RDWR | l.O_NONBLOCK, 0)]).toEqual([
        -17,
        'x',
        3,
      ]);
    });
  });

  test('a mounted one covers what was there, is another device, and goes again', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/run/below', '');
    const mount = kernel.addMount('/run');
    kernel.run(() => {
      const home = open('/run', l.O_RDONLY);
      sys.chdir('/run');
      expect([sys.readdir('/run'), sys.fstype('/run'), sys.fstype('/')]).toEqual([[], 0x01021994, 0xef53]);
      expect(sys.stat('/run')).not.toEqual(sys.stat('/'));
      sys.mkdir('/run/d', 0o755);
      expect([sys.rename('/run/d', '/d'), sys.exchange('/run/d', '/tmp'), sys.rename('/run', '/x')]).toEqual([
        -18, -18, -16,
      ]);
      expect(content('/proc/self/mounts')).toContain('tmpfs /run tmpfs rw');
      kernel.removeMount(mount);
      expect([sys.readdir('/run'), sys.readdir('.')]).toEqual([['below'], ['d']]);
      expect(sys.fchdir(home)).toBe(0);
    });
  });

  test('a change of the mounts is told once to each who polls the list of them', () => {
    const kernel = new VirtualKernel();
    kernel.at(1000, () => kernel.addMount('/mnt'));
    kernel.run(() => {
      const fd = open('/proc/self/mountinfo', l.O_RDONLY);
      expect(sys.poll([fd, l.POLLPRI], 999)).toEqual([0]);
      expect(sys.poll([fd, l.POLLPRI], -1)).toEqual([l.POLLPRI | l.POLLERR]);
      expect(sys.poll([fd, l.POLLPRI], 0)).toEqual([0]);
      expect(content('/proc/self/mountinfo')).toContain(' /mnt ');
    });
  });

  test('an ordinary user may do what the mode bits say, and root everything but run what nobody may', () => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/open');
    kernel.user.chmod('/open', 0o777);
    kernel.user.file('/open/secret', 'x', 0o600);
    kernel.user.file('/plain', '#!/bin/sh\n', 0o644);
    kernel.run(
      () => {
        expect(sys.mkdir('/d', 0o755)).toBe(-l.EACCES);
        expect(sys.mkdir('/open/mine', 0o700)).toBe(0);
        expect([sys.open('/open/secret', l.O_RDONLY, 0), sys.chmod('/open/secret', 0o644)]).toEqual([-13, -1]);
        expect(sys.stat('/open/mine')).toMatchObject({ 0: l.S_IFDIR | 0o700, 4: 1000, 5: 1000 });
      },
      { uid: 1000 },
    );
    kernel.run(() => {
      expect([sys.access('/open/secret', 4), sys.access('/plain', 1), sys.access('/open/mine', 7)]).toEqual([
        0, -13, 0,
      ]);
    });
  });

  test('times of files follow the wall clock, in ticks', () => {
    const kernel = new VirtualKernel({ wallSec: 5000, mtimeTickMs: 4, callCostNs: 0 });
    kernel.run(() => {
      sys.poll([], 1006);
      open('/f', l.O_WRONLY | l.O_CREAT);
      expect((sys.stat('/f') as readonly number[]).slice(7, 9)).toEqual([5001, 4_000_000]);
      expect((sys.stat('/') as readonly number[]).slice(7, 9)).toEqual([5001, 4_000_000]);
    });
  });
});

describe('/proc', () => {
  test('tells state, parent, session and start of a process as Linux does', () => {
    const kernel = new VirtualKernel({ firstPid: 50 });
    kernel.user.program('/bin/a (b) c', { livesMs: 5000 });
    const fields = (pid: number): readonly string[] => {
      const stat = content(`/proc/${pid}/stat`);
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    };
    kernel.run(() => {
      sys.poll([], 1234);
      const pid = sys.spawn('/bin/a (b) c', ['x'], [], '', [], l.SPAWN_SETSID, -1, '');
      expect(content(`/proc/${pid}/stat`).startsWith(`${pid} (a (b) c) S 50 51 51 `)).toBe(true);
      expect([fields(pid)[19], fields(pid).length]).toEqual(['100123', 50]);
      sys.kill(pid, l.SIGSTOP);
      expect(fields(pid)[0]).toBe('T');
      sys.kill(pid, l.SIGKILL);
      expect(fields(pid)[0]).toBe('Z');
      sys.waitpid(pid, 0);
      expect(sys.open(`/proc/${pid}/stat`, l.O_RDONLY, 0)).toBe(-l.ENOENT);
    });
  });

  test('leads to what a process has open: a pipe found there is the same pipe', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/p', {});
    kernel.run(() => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      const pid = sys.spawn('/p', ['p'], [], '', [0, from], 0, -1, '');
      expect(sys.stat(`/proc/${pid}/fd/0`)).toEqual(sys.fstat(from));
      const own = sys.readlink(`/proc/self/fd/${from}`);
      expect([own, /^pipe:\[\d+\]$/.test(String(own))]).toEqual([sys.readlink(`/proc/${pid}/fd/0`), true]);
      for (const fd of [from, to]) sys.close(fd);
      const both = open(`/proc/${pid}/fd/0`, l.O_RDWR);
      const reader = open(`/proc/${pid}/fd/0`, l.O_RDONLY);
      sys.write(both, 'through');
      expect(sys.read(reader, 99)).toBe('through');
      sys.mkdir('/d', 0o755);
      sys.chdir('/d');
      kernel.user.remove('/d');
      expect([sys.readlink('/proc/self/cwd'), sys.readlink(`/proc/${pid}/fd/9`)]).toEqual(['/d (deleted)', -l.ENOENT]);
    });
  });

  test('lists the locks, by who took them', () => {
    const kernel = new VirtualKernel();
    kernel.run(() => {
      const fd = open('/lock', l.O_RDWR | l.O_CREAT);
      expect(content('/proc/locks')).toBe('');
      sys.flock(fd, l.LOCK_EX);
      const inode = (sys.fstat(fd) as readonly number[])[2];
      expect(content('/proc/locks')).toBe(`1: FLOCK  ADVISORY  WRITE ${sys.getpid()} 08:01:${inode} 0 EOF\n`);
      sys.close(fd);
      expect(content('/proc/locks')).toBe('');
    });
  });

  test('names the boot, and another one after a reboot', () => {
    const kernel = new VirtualKernel({ seed: 9 });
    kernel.user.program('/p', {});
    const boots: string[] = [];
    kernel.run(() => {
      boots.push(content('/proc/sys/kernel/random/boot_id'));
      sys.spawn('/p', ['p'], [], '', [], 0, -1, '');
    });
    kernel.reboot();
    kernel.run(() => {
      boots.push(content('/proc/sys/kernel/random/boot_id'));
      expect([kernel.live(), sys.getpid()]).toEqual([[], 100]);
      expect(sys.clock(l.CLOCK_MONOTONIC)[0]).toBe(1000);
    });
    expect(boots[0]).toMatch(/^[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}\n$/);
    expect(boots[1]).not.toBe(boots[0]);
  });

  test('shows the arguments as they were overwritten', () => {
    const kernel = new VirtualKernel();
    kernel.run(
      () => {
        expect([sys.argWrite(1, 'new text'), sys.argWrite(2, 'x')]).toEqual([5, -l.EINVAL]);
        expect(content(`/proc/${sys.getpid()}/cmdline`)).toBe('main\0new t\0');
      },
      { argv: ['main', '12345'] },
    );
  });

  test('need not be there', () => {
    new VirtualKernel({ proc: false }).run(() => {
      expect([sys.open('/proc/self/stat', l.O_RDONLY, 0), sys.readdir('/')]).toEqual([-l.ENOENT, ['tmp', 'dev']]);
    });
  });
});

describe('inotify', () => {
  const watching = (path: string, mask: number): Fd => {
    const fd = sys.inotify() as Fd;
    expect(sys.watch(fd, path, mask)).toBe(1);
    return fd;
  };

  test('wakes a program for what somebody else does', () => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/service');
    kernel.at(3000, () => kernel.user.symlink('/sv/web', '/service/web'));
    kernel.run(() => {
      const fd = watching('/service', l.IN_CREATE);
      expect(sys.poll([fd, l.POLLIN], -1)).toEqual([l.POLLIN]);
      expect([Math.floor(kernel.nowMs), sys.read(fd, 4096)?.toString().includes('web')]).toEqual([3000, true]);
      expect(sys.read(fd, 4096)).toBe(-l.EAGAIN);
    });
  });

  test('says nothing on a file system that does not tell', () => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/service');
    kernel.mount().isSilent = true;
    kernel.at(10, () => kernel.user.folder('/service/web'));
    expect(kernel.run(() => void sys.poll([watching('/service', l.IN_CREATE), l.POLLIN], -1))).toEqual({
      how: 'atRest',
    });
  });

  test("a removed directory that is somebody's working directory is told only when that one leaves", () => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/d');
    kernel.run(() => {
      sys.chdir('/d');
      const fd = watching('.', l.IN_DELETE_SELF);
      kernel.user.remove('/d');
      expect([sys.poll([fd, l.POLLIN], 0), sys.mkdir('x', 0o755), sys.readdir('.')]).toEqual([[0], -l.ENOENT, []]);
      sys.chdir('/');
      expect(sys.poll([fd, l.POLLIN], 0)).toEqual([l.POLLIN]);
    });
  });

  test('says that it lost events once its queue is full', () => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/d');
    kernel.run(() => {
      const fd = watching('/d', l.IN_CREATE | l.IN_DELETE);
      for (let i = 0; i < 8200; i++) {
        kernel.user.file('/d/x');
        kernel.user.remove('/d/x');
      }
      let last = '';
      for (;;) {
        const events = sys.read(fd, 65536);
        if (typeof events !== 'string') break;
        last = events;
      }
      expect(last.slice(-16)).toBe('\xff\xff\xff\xff\0\x40\0\0\0\0\0\0\0\0\0\0');
    });
  });

  test('a file system that is unmounted takes its watches along', () => {
    const kernel = new VirtualKernel();
    const mount = kernel.addMount('/run');
    kernel.run(() => {
      const fd = watching('/run', l.IN_CREATE);
      kernel.removeMount(mount);
      expect((sys.read(fd, 4096) as string).charCodeAt(5)).toBe(l.IN_UNMOUNT >> 8);
      expect(sys.unwatch(fd, 1)).toBe(-l.EINVAL);
    });
  });
});
