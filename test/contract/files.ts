// The contract of files: open, close, read, write, pwrite, ftruncate, stat, access, chmod, flock.
import * as l from '../lib/abi.ts';
import type { Fd } from '../../src/host/calls.ts';
import type { Case, Spec } from './case.ts';
import { done, drain, fail, holds, refuses, same } from './case.ts';

const NEVER_OPEN = 999_999 as Fd;
const F_OK = 0;
const X_OK = 1;
const W_OK = 2;

/** Every byte there is, in order. */
export const allBytes = (): string => {
  let text = '';
  for (let i = 0; i < 256; i++) text += String.fromCharCode(i);
  return text;
};

const mode = (c: Case, path: string): number => done(c.sys.stat(path), 'stat')[0] & 0o7777;

const loop = (c: Case): string => {
  done(c.sys.symlink('loop', c.path('loop')), 'symlink');
  return c.path('loop');
};

const opening: readonly Spec[] = [
  {
    title: 'open creates a file with at most the mode asked for',
    run: (c) => {
      c.close(c.open(c.path('f'), l.O_WRONLY | l.O_CREAT, 0o640));
      const made = mode(c, c.path('f'));
      same(made & ~0o640, 0, 'bits nobody asked for');
      same(made & 0o700, 0o600, "the owner's bits");
    },
  },
  {
    title: 'open says ENOENT for a missing name, a missing directory, a dangling link and an empty path',
    run: (c) => {
      done(c.sys.symlink('nowhere', c.path('dangling')), 'symlink');
      refuses(c.sys.open(c.path('missing'), l.O_RDONLY, 0), l.ENOENT, 'missing name');
      refuses(c.sys.open(c.path('no/file'), l.O_WRONLY | l.O_CREAT, 0o600), l.ENOENT, 'missing directory');
      refuses(c.sys.open(c.path('dangling'), l.O_RDONLY, 0), l.ENOENT, 'dangling link');
      refuses(c.sys.open('', l.O_RDONLY, 0), l.ENOENT, 'empty path');
    },
  },
  {
    title: 'open with O_EXCL says EEXIST for what is there, a dangling link included',
    run: (c) => {
      done(c.sys.symlink('nowhere', c.path('dangling')), 'symlink');
      const flags = l.O_WRONLY | l.O_CREAT | l.O_EXCL;
      c.close(c.open(c.path('f'), flags));
      refuses(c.sys.open(c.path('f'), flags, 0o600), l.EEXIST, 'a file');
      refuses(c.sys.open(c.path('dangling'), flags, 0o600), l.EEXIST, 'a dangling link');
    },
  },
  {
    title: 'open says ENOTDIR, EISDIR, ELOOP and ENAMETOOLONG',
    run: (c) => {
      const f = c.file('f');
      refuses(c.sys.open(`${f}/x`, l.O_RDONLY, 0), l.ENOTDIR, 'a file as directory');
      refuses(c.sys.open(`${f}/`, l.O_RDONLY, 0), l.ENOTDIR, 'a file with a slash behind');
      refuses(c.sys.open(c.dir, l.O_WRONLY, 0), l.EISDIR, 'a directory for writing');
      refuses(c.sys.open(loop(c), l.O_RDONLY, 0), l.ELOOP, 'a link to itself');
      refuses(c.sys.open(c.path('n'.repeat(256)), l.O_RDONLY, 0), l.ENAMETOOLONG, 'a name of 256 bytes');
      refuses(c.sys.open(`${c.dir}${'/.'.repeat(2100)}`, l.O_RDONLY, 0), l.ENAMETOOLONG, 'a path over 4096 bytes');
    },
  },
  {
    title: 'open creates through a dangling link, and takes a name of 255 bytes',
    run: (c) => {
      done(c.sys.symlink('target', c.path('link')), 'symlink');
      c.close(c.open(c.path('link'), l.O_WRONLY | l.O_CREAT));
      same(done(c.sys.lstat(c.path('target')), 'lstat')[0] & l.S_IFMT, l.S_IFREG, 'the target');
      c.close(c.open(c.path('n'.repeat(255)), l.O_WRONLY | l.O_CREAT));
    },
  },
  {
    title: 'O_TRUNC empties a file, and without it old content stays',
    run: (c) => {
      const f = c.file('f', 'old content');
      c.close(c.open(f, l.O_WRONLY));
      same(c.content(f), 'old content', 'without O_TRUNC');
      c.close(c.open(f, l.O_WRONLY | l.O_TRUNC));
      same(c.content(f), '', 'with O_TRUNC');
    },
  },
  {
    title: 'O_APPEND writes at the end, whoever wrote last',
    run: (c) => {
      const f = c.file('f', 'one ');
      const first = c.open(f, l.O_WRONLY | l.O_APPEND);
      const second = c.open(f, l.O_WRONLY | l.O_APPEND);
      same([c.sys.write(first, 'two '), c.sys.write(second, 'three '), c.sys.write(first, 'four')], [4, 6, 4], 'w');
      same(c.content(f), 'one two three four', 'content');
    },
  },
  {
    title: 'each open has a position of its own, and the lowest free number',
    run: (c) => {
      const f = c.file('f', 'abcdef');
      const one = c.open(f, l.O_RDONLY);
      const two = c.open(f, l.O_RDONLY);
      same([c.sys.read(one, 3), c.sys.read(two, 2), c.sys.read(one, 9)], ['abc', 'ab', 'def'], 'reads');
      c.close(one);
      same(c.open(f, l.O_RDONLY), one, 'the number of the next one');
    },
  },
];

const content: readonly Spec[] = [
  {
    title: 'all 256 bytes pass unharmed through write and read',
    run: (c) => same(c.content(c.file('f', allBytes())), allBytes(), 'content'),
  },
  {
    title: 'read gives 65536 bytes at once, then "" at the end of file, and again',
    run: (c) => {
      const big = allBytes().repeat(256);
      const fd = c.open(c.file('f', `${big}tail`), l.O_RDONLY);
      same(c.sys.read(fd, 65536) === big, true, 'the first 65536 bytes');
      same([c.sys.read(fd, 65536), c.sys.read(fd, 65536), c.sys.read(fd, 1)], ['tail', '', ''], 'the rest');
    },
  },
  {
    title: 'read says EINVAL for a count outside 1..65536, EBADF and EISDIR',
    run: (c) => {
      const fd = c.open(c.file('f', 'x'), l.O_RDONLY);
      for (const max of [0, -1, 65537]) refuses(c.sys.read(fd, max), l.EINVAL, `read of ${max}`);
      refuses(c.sys.read(NEVER_OPEN, 1), l.EBADF, 'no descriptor');
      refuses(c.sys.read(-1 as Fd, 1), l.EBADF, 'minus one');
      refuses(c.sys.read(c.open(c.path('f'), l.O_WRONLY), 1), l.EBADF, 'opened for writing');
      refuses(c.sys.read(c.open(c.dir, l.O_RDONLY), 1), l.EISDIR, 'a directory');
    },
  },
  {
    title: 'write tells its count, takes no bytes too, and says EBADF',
    run: (c) => {
      const fd = c.open(c.file('f'), l.O_RDWR);
      same([c.sys.write(fd, 'abc'), c.sys.write(fd, ''), c.sys.write(fd, 'de')], [3, 0, 2], 'counts');
      same(c.content(c.path('f')), 'abcde', 'content');
      refuses(c.sys.write(c.open(c.path('f'), l.O_RDONLY), 'x'), l.EBADF, 'opened for reading');
      refuses(c.sys.write(NEVER_OPEN, 'x'), l.EBADF, 'no descriptor');
    },
  },
  {
    title: 'close says EBADF the second time',
    run: (c) => {
      const fd = done(c.sys.open(c.dir, l.O_RDONLY, 0), 'open');
      done(c.sys.close(fd), 'close');
      refuses(c.sys.close(fd), l.EBADF, 'close again');
      refuses(c.sys.close(-1 as Fd), l.EBADF, 'close of -1');
    },
  },
  {
    title: 'pwrite writes where it is told, leaves the position, and fills a gap with zeros',
    run: (c) => {
      const f = c.file('f', 'abcdef');
      const fd = c.open(f, l.O_RDWR);
      same([c.sys.pwrite(fd, 'XY', 2), c.sys.read(fd, 3), c.sys.pwrite(fd, 'Z', 8)], [2, 'abX', 1], 'results');
      same(c.content(f), 'abXYef\0\0Z', 'content');
    },
  },
  {
    title: 'pwrite says EINVAL below 0, ESPIPE on a pipe, and EBADF',
    run: (c) => {
      const fd = c.open(c.file('f'), l.O_RDWR);
      refuses(c.sys.pwrite(fd, 'x', -1), l.EINVAL, 'offset -1');
      refuses(c.sys.pwrite(c.pipe()[1], 'x', 0), l.ESPIPE, 'a pipe');
      refuses(c.sys.pwrite(NEVER_OPEN, 'x', 0), l.EBADF, 'no descriptor');
    },
  },
  {
    title: 'pread reads from where it is told, leaves the position, and gives "" beyond the end',
    run: (c) => {
      const fd = c.open(c.file('f', 'abcdef'), l.O_RDONLY);
      same([c.sys.pread(fd, 2, 3), c.sys.read(fd, 2), c.sys.pread(fd, 9, 5)], ['de', 'ab', 'f'], 'reads');
      same([c.sys.pread(fd, 1, 6), c.sys.pread(fd, 1, 2 ** 40)], ['', ''], 'beyond the end');
    },
  },
  {
    title: 'pread says EINVAL for a count outside 1..65536 and below 0, ESPIPE, EISDIR and EBADF',
    run: (c) => {
      const fd = c.open(c.file('f', 'x'), l.O_RDONLY);
      for (const max of [0, -1, 65537]) refuses(c.sys.pread(fd, max, 0), l.EINVAL, `pread of ${max}`);
      refuses(c.sys.pread(fd, 1, -1), l.EINVAL, 'offset -1');
      refuses(c.sys.pread(c.pipe()[0], 1, 0), l.ESPIPE, 'a pipe');
      refuses(c.sys.pread(c.open(c.dir, l.O_RDONLY), 1, 0), l.EISDIR, 'a directory');
      refuses(c.sys.pread(c.open(c.path('f'), l.O_WRONLY), 1, 0), l.EBADF, 'opened for writing');
    },
  },
  {
    title: 'ftruncate cuts and extends with zeros',
    run: (c) => {
      const f = c.file('f', 'abcdef');
      const fd = c.open(f, l.O_RDWR);
      done(c.sys.ftruncate(fd, 3), 'cut');
      same(c.content(f), 'abc', 'cut');
      done(c.sys.ftruncate(fd, 5), 'extend');
      same(c.content(f), 'abc\0\0', 'extended');
    },
  },
  {
    title: 'ftruncate says EINVAL below 0, on a pipe and where opened for reading, and EBADF',
    run: (c) => {
      const f = c.file('f');
      refuses(c.sys.ftruncate(c.open(f, l.O_RDWR), -1), l.EINVAL, 'size -1');
      refuses(c.sys.ftruncate(c.pipe()[1], 0), l.EINVAL, 'a pipe');
      refuses(c.sys.ftruncate(c.open(f, l.O_RDONLY), 0), l.EINVAL, 'opened for reading');
      refuses(c.sys.ftruncate(NEVER_OPEN, 0), l.EBADF, 'no descriptor');
    },
  },
  {
    title: 'dup2 makes a descriptor the copy of another, with one position for both, closing what it was',
    run: (c) => {
      const one = c.open(c.file('f', 'abcdef'), l.O_RDONLY);
      const two = c.open(c.file('g', 'other'), l.O_RDONLY);
      same([c.sys.dup2(one, two), c.sys.dup2(one, one)], [two, one], 'results');
      same([c.sys.read(one, 2), c.sys.read(two, 2)], ['ab', 'cd'], 'reads');
      c.close(one);
      same(c.sys.read(two, 9), 'ef', 'the copy alone');
    },
  },
  {
    title: 'dup2 says EBADF for what is not open and for where nothing can be',
    run: (c) => {
      const fd = c.open(c.file('f', 'abc'), l.O_RDONLY);
      refuses(c.sys.dup2(NEVER_OPEN, fd), l.EBADF, 'from nothing');
      refuses(c.sys.dup2(fd, -1 as Fd), l.EBADF, 'to -1');
      same(c.sys.read(fd, 9), 'abc', 'still open');
    },
  },
  {
    title: 'a file that was unlinked or renamed away lives on while it is open',
    run: (c) => {
      const fd = c.open(c.file('f', 'abc'), l.O_RDWR);
      done(c.sys.unlink(c.path('f')), 'unlink');
      same([c.sys.read(fd, 9), c.sys.write(fd, 'de')], ['abc', 2], 'read, write');
      same(done(c.sys.fstat(fd), 'fstat')[6], 5, 'size');
    },
  },
  {
    title: 'a full device says ENOSPC',
    needs: 'realPrograms',
    run: (c) => refuses(c.sys.write(c.open('/dev/full', l.O_WRONLY), 'x'), l.ENOSPC, 'write'),
  },
];

const owning: readonly Spec[] = [
  {
    title: 'O_NOFOLLOW opens a file, and says ELOOP where the name is a link, wherever that leads',
    run: (c) => {
      const f = c.file('f', 'x');
      same(c.sys.read(c.open(f, l.O_RDONLY | l.O_NOFOLLOW), 9), 'x', 'a file');
      for (const target of [f, c.path('nowhere'), c.dir]) {
        done(c.sys.symlink(target, c.path('l')), 'symlink');
        refuses(c.sys.open(c.path('l'), l.O_RDONLY | l.O_NOFOLLOW, 0), l.ELOOP, `to ${target}`);
        refuses(c.sys.open(c.path('l'), l.O_WRONLY | l.O_CREAT | l.O_EXCL | l.O_NOFOLLOW, 0o600), l.EEXIST, target);
        done(c.sys.unlink(c.path('l')), 'unlink');
      }
    },
  },
  {
    title: 'a file that was made belongs to geteuid',
    run: (c) => same(done(c.sys.stat(c.file('f')), 'stat')[4], c.sys.geteuid(), 'owner'),
  },
  {
    title: 'republish writes the spare and swaps it with the file, or renames it over it',
    run: (c) => {
      const user = c.sys.geteuid();
      const [spare, path] = [c.file('spare', 'before\n'), c.file('path', 'old\n')];
      same(c.sys.republish(spare, path, 'before\n', 'new\n', user, l.REPUBLISH_SWAP), 1, 'swapped');
      same([c.content(path), c.content(spare)].join(), 'new\n,old\n', 'both');
      same(c.sys.republish(spare, path, 'old\n', 'longer than before\n', user, 0), 0, 'renamed');
      same(c.content(path), 'longer than before\n', 'over it');
      refuses(c.sys.republish(spare, path, '', '', user, 0), l.ENOENT, 'no spare');
    },
  },
  {
    title: 'republish says EAGAIN while any other descriptor leads to a spare that was public and must be written',
    run: (c) => {
      const user = c.sys.geteuid();
      const [spare, path] = [c.file('spare', 'x'), c.file('path', 'y')];
      const other = c.open(spare, l.O_RDONLY);
      // a file system without leases says so too, and would say it once more below
      refuses(c.sys.republish(spare, path, 'x', 'z', user, l.REPUBLISH_USED), l.EAGAIN, 'with a reader');
      same([c.content(spare), c.content(path)].join(), 'x,y', 'as before');
      same(c.sys.republish(spare, path, 'x', 'x', user, l.REPUBLISH_USED), 0, 'nothing to write');
      same(c.sys.read(other, 9), 'x', 'what the reader has');
    },
  },
  {
    title: 'republish says ESTALE for a spare that is not the one left there, and changes nothing',
    run: (c) => {
      const user = c.sys.geteuid();
      const [spare, path] = [c.file('spare', 'x'), c.file('path', 'y')];
      const stale = (what: string, was = 'x', owner = user): void =>
        refuses(c.sys.republish(spare, path, was, 'z', owner, l.REPUBLISH_SWAP), l.ESTALE, what);
      stale('another text', 'w');
      stale('another length', 'xx');
      stale("another user's", 'x', user + 1);
      done(c.sys.chmod(spare, 0o664), 'chmod');
      stale('written by a group');
      done(c.sys.chmod(spare, 0o644), 'chmod');
      done(c.sys.link(spare, c.path('second')), 'link');
      stale('a second name');
      same([c.content(spare), c.content(path)].join(), 'x,y', 'as before');
      done(c.sys.unlink(spare), 'unlink');
      done(c.sys.symlink(c.path('second'), spare), 'symlink');
      refuses(c.sys.republish(spare, path, 'x', 'z', user, 0), l.ELOOP, 'a link');
    },
  },
];

const status: readonly Spec[] = [
  {
    title: 'stat, lstat and fstat tell kind, mode and size, and agree on who it is',
    run: (c) => {
      const f = c.file('f', 'abcde');
      done(c.sys.chmod(f, 0o604), 'chmod');
      const st = done(c.sys.stat(f), 'stat');
      same([st.length, st[0], st[6], st[9]], [10, l.S_IFREG | 0o604, 5, 1], 'length, mode, size, links');
      done(c.sys.link(f, c.path('other')), 'link');
      same(done(c.sys.stat(f), 'stat')[9], 2, 'links');
      done(c.sys.unlink(c.path('other')), 'unlink');
      same(c.sys.lstat(f), st, 'lstat');
      same(c.sys.fstat(c.open(f, l.O_RDONLY)), st, 'fstat');
      same(done(c.sys.stat(c.dir), 'stat')[0] & l.S_IFMT, l.S_IFDIR, 'a directory');
    },
  },
  {
    title: 'device, inode, owner, group and time are those that another program sees',
    needs: 'realPrograms',
    run: (c) => {
      const root = done(c.sys.stat(c.dir), 'stat')[4] === 0;
      const f = c.file('f', 'x');
      const script = `${root ? `chown 12:34 '${f}'; ` : ''}stat -c '%d %i %u %g %Y' '${f}'`;
      const [from, to] = c.pipe();
      c.reapLater(done(c.sys.spawn('/bin/sh', ['sh', '-c', script], [], '', [1, to], 0, -1, ''), 'spawn'));
      c.close(to);
      const seen = drain(c, from);
      const [, device, low, high, uid, gid, , seconds] = done(c.sys.stat(f), 'stat');
      same(`${device} ${high * 2 ** 32 + low} ${uid} ${gid} ${seconds}\n`, seen, 'status');
    },
  },
  {
    title: 'two files differ in inode, and a rename keeps it',
    run: (c) => {
      const inode = (name: string): readonly number[] => done(c.sys.stat(c.path(name)), 'stat').slice(1, 4);
      c.file('one');
      c.file('two');
      const before = inode('one');
      holds(String(before) !== String(inode('two')), 'different inodes');
      done(c.sys.rename(c.path('one'), c.path('two')), 'rename');
      same(inode('two'), before, 'device and inode after the rename');
    },
  },
  {
    title: 'stat follows a link, lstat does not',
    run: (c) => {
      c.file('f', 'abc');
      done(c.sys.symlink('f', c.path('link')), 'symlink');
      const followed = done(c.sys.stat(c.path('link')), 'stat');
      const itself = done(c.sys.lstat(c.path('link')), 'lstat');
      same([followed[0] & l.S_IFMT, followed[6]], [l.S_IFREG, 3], 'followed');
      same([itself[0] & l.S_IFMT, itself[6]], [l.S_IFLNK, 1], 'itself');
    },
  },
  {
    title: 'the modification time is the wall clock of the last write, nanoseconds apart',
    run: (c) => {
      const before = c.sys.clock(l.CLOCK_REALTIME)[0];
      const st = done(c.sys.stat(c.file('f', 'x')), 'stat');
      const after = c.sys.clock(l.CLOCK_REALTIME)[0];
      holds(st[7] >= before - 1 && st[7] <= after, `${before} - 1 <= ${st[7]} <= ${after}`);
      holds(st[8] >= 0 && st[8] < 1e9, `nanoseconds ${st[8]}`);
    },
  },
  {
    title: 'the stat calls say ENOENT, ENOTDIR, ELOOP and EBADF',
    run: (c) => {
      const f = c.file('f');
      done(c.sys.symlink('nowhere', c.path('dangling')), 'symlink');
      refuses(c.sys.stat(c.path('missing')), l.ENOENT, 'stat');
      refuses(c.sys.lstat(c.path('missing')), l.ENOENT, 'lstat');
      refuses(c.sys.stat(c.path('dangling')), l.ENOENT, 'stat of a dangling link');
      refuses(c.sys.stat(`${f}/x`), l.ENOTDIR, 'a file as directory');
      refuses(c.sys.stat(loop(c)), l.ELOOP, 'a link to itself');
      refuses(c.sys.fstat(NEVER_OPEN), l.EBADF, 'fstat');
    },
  },
  {
    title: 'access sees existence and writing, and the missing executable bit even as root',
    run: (c) => {
      const f = c.file('f');
      done(c.sys.chmod(f, 0o600), 'chmod');
      same([c.sys.access(f, F_OK), c.sys.access(f, W_OK)], [0, 0], 'existence, writing');
      refuses(c.sys.access(f, X_OK), l.EACCES, 'executable');
      done(c.sys.chmod(f, 0o700), 'chmod');
      same(c.sys.access(f, X_OK), 0, 'executable');
      refuses(c.sys.access(c.path('missing'), F_OK), l.ENOENT, 'missing');
      refuses(c.sys.access(`${f}/x`, F_OK), l.ENOTDIR, 'a file as directory');
    },
  },
  {
    title: 'chmod sets exactly the twelve bits, and says ENOENT',
    run: (c) => {
      const f = c.file('f');
      for (const bits of [0, 0o7777, 0o1755, 0o100, 0o644]) {
        done(c.sys.chmod(f, bits), 'chmod');
        same(mode(c, f), bits, 'mode');
      }
      refuses(c.sys.chmod(c.path('missing'), 0o600), l.ENOENT, 'missing');
    },
  },
  {
    title: 'a lock is shared by copies of a descriptor and released with the last of them',
    run: (c) => {
      const [one, two] = [c.open(c.file('lock'), l.O_RDWR), c.open(c.path('lock'), l.O_RDWR)];
      const copy = c.open(c.dir, l.O_RDONLY);
      done(c.sys.dup2(one, copy), 'dup2');
      done(c.sys.flock(one, l.LOCK_EX | l.LOCK_NB), 'flock');
      done(c.sys.flock(copy, l.LOCK_EX | l.LOCK_NB), 'flock of the copy');
      c.close(one);
      refuses(c.sys.flock(two, l.LOCK_EX | l.LOCK_NB), l.EAGAIN, 'one copy left');
      c.close(copy);
      done(c.sys.flock(two, l.LOCK_EX | l.LOCK_NB), 'none left');
    },
  },
  {
    title: 'a lock is held by an opening of the file until that is closed',
    run: (c) => {
      const f = c.file('lock');
      const [one, two] = [c.open(f, l.O_RDWR), c.open(f, l.O_RDONLY)];
      done(c.sys.flock(one, l.LOCK_EX | l.LOCK_NB), 'flock');
      done(c.sys.flock(one, l.LOCK_EX | l.LOCK_NB), 'flock again');
      refuses(c.sys.flock(two, l.LOCK_EX | l.LOCK_NB), l.EAGAIN, 'flock elsewhere');
      c.close(one);
      done(c.sys.flock(two, l.LOCK_EX | l.LOCK_NB), 'flock after the close');
    },
  },
  {
    title: 'flock says EBADF and EINVAL',
    run: (c) => {
      refuses(c.sys.flock(NEVER_OPEN, l.LOCK_EX), l.EBADF, 'no descriptor');
      refuses(c.sys.flock(c.open(c.file('f'), l.O_RDONLY), 0), l.EINVAL, 'no operation');
    },
  },
  {
    title: 'fstype tells the file system apart, and says ENOENT',
    run: (c) => {
      if (c.sys.fstype(c.dir) <= 0) fail('no file system type');
      if (c.can.realPrograms) same(c.sys.fstype('/proc'), 0x9fa0, '/proc');
      refuses(c.sys.fstype(c.path('missing')), l.ENOENT, 'missing');
    },
  },
];

export const fileSpecs: readonly Spec[] = [...opening, ...content, ...owning, ...status];
