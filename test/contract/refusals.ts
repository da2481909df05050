// The contract of refusals, as one table: every call that takes a name, or a descriptor, against every way in which that
// can be wrong. What is particular to a call stands with its family.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Fd } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, refuses } from './case.ts';
import { NOBODY } from './signals.ts';

interface Place {
  readonly c: Case;
  /** A file that is there. */
  readonly file: Bytes;
  readonly inotify: Fd;
}

type NameCall = (place: Place, path: Bytes) => unknown;

const everywhere: Readonly<Record<string, NameCall>> = {
  open: ({ c }, path) => c.sys.open(path, l.O_RDONLY, 0),
  'open for writing': ({ c }, path) => c.sys.open(path, l.O_WRONLY, 0),
  'open to create': ({ c }, path) => c.sys.open(path, l.O_WRONLY | l.O_CREAT, 0o644),
  stat: ({ c }, path) => c.sys.stat(path),
  lstat: ({ c }, path) => c.sys.lstat(path),
  access: ({ c }, path) => c.sys.access(path, 0),
  chmod: ({ c }, path) => c.sys.chmod(path, 0o600),
  mkdir: ({ c }, path) => c.sys.mkdir(path, 0o755),
  mkfifo: ({ c }, path) => c.sys.mkfifo(path, 0o600),
  'rename from': ({ c }, path) => c.sys.rename(path, c.path('new')),
  'rename to': ({ c, file }, path) => c.sys.rename(file, path),
  'exchange of the first': ({ c, file }, path) => c.sys.exchange(path, file),
  'exchange of the second': ({ c, file }, path) => c.sys.exchange(file, path),
  unlink: ({ c }, path) => c.sys.unlink(path),
  'link from': ({ c }, path) => c.sys.link(path, c.path('new')),
  'link to': ({ c, file }, path) => c.sys.link(file, path),
  symlink: ({ c }, path) => c.sys.symlink('target', path),
  readlink: ({ c }, path) => c.sys.readlink(path),
  readdir: ({ c }, path) => c.sys.readdir(path),
  chdir: ({ c }, path) => c.sys.chdir(path),
  fstype: ({ c }, path) => c.sys.fstype(path),
  watch: ({ c, inotify }, path) => c.sys.watch(inotify, path, l.IN_CREATE),
};

const afterFork = (result: unknown): unknown =>
  typeof result === 'number' && result < -l.SPAWN_FAILED ? result + l.SPAWN_FAILED : result;

const withPrograms: Readonly<Record<string, NameCall>> = {
  spawn: ({ c }, path) => afterFork(c.sys.spawn(path, ['x'], [], '', [], 0, -1, '')),
  exec: ({ c }, path) => c.sys.exec(path, ['x'], []),
  chroot: ({ c }, path) => c.sys.chroot(path),
};

const wrongNames = (c: Case, file: Bytes): readonly (readonly [what: string, path: Bytes, errno: number])[] => {
  done(c.sys.symlink('loop', c.path('loop')), 'symlink');
  return [
    ['an empty name', '', l.ENOENT],
    ['below nothing', c.path('missing/x'), l.ENOENT],
    ['below a file', `${file}/x`, l.ENOTDIR],
    ['below a link to itself', c.path('loop/x'), l.ELOOP],
    ['a name of 256 bytes', c.path('x'.repeat(256)), l.ENAMETOOLONG],
    ['a path of 4,096 bytes', `${c.dir}${'/x'.repeat(2048)}`, l.ENAMETOOLONG],
  ];
};

const names = (calls: Readonly<Record<string, NameCall>>) => (c: Case) => {
  const file = c.file('f');
  const inotify = c.closeLater(done(c.sys.inotify(), 'inotify'));
  for (const [what, path, errno] of wrongNames(c, file)) {
    for (const [name, call] of Object.entries(calls))
      refuses(call({ c, file, inotify }, path), errno, `${name}: ${what}`);
  }
};

const descriptorCalls: Readonly<Record<string, (c: Case, fd: Fd) => unknown>> = {
  close: (c, fd) => c.sys.close(fd),
  read: (c, fd) => c.sys.read(fd, 1),
  pread: (c, fd) => c.sys.pread(fd, 1, 0),
  write: (c, fd) => c.sys.write(fd, 'x'),
  pwrite: (c, fd) => c.sys.pwrite(fd, 'x', 0),
  ftruncate: (c, fd) => c.sys.ftruncate(fd, 0),
  fsync: (c, fd) => c.sys.fsync(fd),
  fchmod: (c, fd) => c.sys.fchmod(fd, 0o600),
  fchown: (c, fd) => c.sys.fchown(fd, -1, -1),
  posixLock: (c, fd) => c.sys.posixLock(fd, 1),
  fstat: (c, fd) => c.sys.fstat(fd),
  fchdir: (c, fd) => c.sys.fchdir(fd),
  'dup2 from': (c, fd) => c.sys.dup2(fd, 99 as Fd),
  flock: (c, fd) => c.sys.flock(fd, l.LOCK_EX | l.LOCK_NB),
  pidfdKill: (c, fd) => c.sys.pidfdKill(fd, 0),
  watch: (c, fd) => c.sys.watch(fd, c.dir, l.IN_CREATE),
  unwatch: (c, fd) => c.sys.unwatch(fd, 1),
};

const closed = (c: Case): Fd => {
  const fd = c.open(c.file('g'), l.O_RDWR);
  c.close(fd);
  return fd;
};

export const refusalSpecs: readonly Spec[] = [
  { title: 'every call that takes a name refuses the same wrong names alike', run: names(everywhere) },
  {
    title: 'and so do those that want programs that run, before anything is changed',
    needs: 'realPrograms',
    run: names(withPrograms),
  },
  {
    title: 'every call that takes a descriptor says EBADF for one that was closed, never was, or is none',
    run: (c) => {
      for (const fd of [closed(c), NOBODY as Fd, -1 as Fd]) {
        for (const [name, call] of Object.entries(descriptorCalls)) refuses(call(c, fd), l.EBADF, `${name} of ${fd}`);
      }
    },
  },
  {
    title: 'setCloexec says EBADF for what is not a descriptor',
    needs: 'realPrograms',
    run: (c) => {
      for (const fd of [closed(c), NOBODY, -1]) refuses(c.sys.setCloexec(fd, 0), l.EBADF, `setCloexec of ${fd}`);
    },
  },
];
