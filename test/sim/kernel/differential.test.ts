// The virtual kernel beside the real one: the same calls, drawn by chance, must give the same answers.
//
// Covers files, names, fifos, pipes, locks, inotify and poll; what depends on time or on other processes is in the
// unit tests around. A difference prints the seed and the calls that led to it.
import { rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import type { Bytes } from '../../../src/abi/bytes.ts';
import type { Calls, Fd } from '../../../src/host/calls.ts';
import { isErrno } from '../../../src/host/calls.ts';
import * as l from '../../lib/abi.ts';
import { nodeHost } from '../../contract/node-host.ts';
import { freshDirectory, removeTree } from '../../contract/run.ts';
import { Random } from '../random.ts';
import { VirtualKernel } from './kernel.ts';
import { IN_ALL_EVENTS, IN_MASK_ADD, IN_ONESHOT, LOCK_SH, LOCK_UN } from './numbers.ts';

/** One of the two machines. Open things are known by their place in `fds`. */
interface Side {
  readonly sys: Calls;
  readonly dir: Bytes;
  readonly fds: Fd[];
  /** inotify's cookies in the order in which they were first seen. */
  readonly cookies: number[];
  rmdir(path: Bytes): number;
  discard(): void;
}

/** A call: what it is, for the report, and what it gives, made comparable. */
interface Step {
  readonly text: string;
  run(side: Side): unknown;
}

const NAMES = ['a', 'b', 'c', 'd', 'a/a', 'a/b', 'a/b/c', 'b/a', 'c/d', './a', 'a/../b', '../w/a', 'd/.', 'a/', 'c/'];
const ODD = ['', '.', '..', '/', 'a//b', 'b/..', 'none/x', 'a/./a/', 'c/.././d', '../w', '../w/'];
const ACCESS = [l.O_RDONLY, l.O_WRONLY, l.O_RDWR];
const EXTRAS = [l.O_CREAT, l.O_EXCL, l.O_TRUNC, l.O_APPEND];
const SIZES = [0, 1, 2, 5, 100, 4095, 4096, 4097, 8192, 10000, 65535, 65536];
const MODES = [0o644, 0o755, 0o600, 0o000, 0o777];

const remembered = <T>(list: T[], item: T): number => {
  const at = list.indexOf(item);
  return at >= 0 ? at : list.push(item) - 1;
};

const fdOf = (side: Side, handle: number): Fd => side.fds[handle] ?? (-1 as Fd);

const kept = (side: Side, result: Fd | number): unknown => {
  if (isErrno(result)) return result;
  side.fds.push(result as Fd);
  return 'open';
};

/** Kind, bits, owner, and the size of files; inode numbers are used again at will. */
const comparable = (stat: ReturnType<Calls['stat']>): unknown => {
  if (isErrno(stat)) return stat;
  const size = (stat[0] & l.S_IFMT) === l.S_IFDIR ? 0 : stat[6];
  return [stat[0], stat[4], stat[5], size];
};

const sameInode = (sys: Calls, one: Bytes, other: Bytes): unknown => {
  const [first, second] = [sys.lstat(one), sys.stat(other)];
  return isErrno(first) || isErrno(second)
    ? [isErrno(first), isErrno(second)]
    : String(first.slice(1, 4)) === String(second.slice(1, 4));
};

const word = (bytes: Bytes, at: number): number => {
  const [a, b, c, d] = [0, 1, 2, 3].map((more) => bytes.charCodeAt(at + more)) as [number, number, number, number];
  return ((d << 24) | (c << 16) | (b << 8) | a) >>> 0;
};

const comparableEvents = (side: Side, bytes: Bytes): unknown => {
  const events: unknown[] = [];
  for (let at = 0; at < bytes.length; at += 16 + word(bytes, at + 12)) {
    const cookie = word(bytes, at + 8);
    const name = bytes.slice(at + 16, at + 16 + word(bytes, at + 12));
    const known = cookie === 0 ? -1 : remembered(side.cookies, cookie);
    events.push([word(bytes, at), word(bytes, at + 4), known, name.length, name.replace(/\0+$/, '')]);
  }
  return events;
};

const bytesOf = (random: Random): Bytes => String.fromCharCode(97 + random.int(26)).repeat(random.pick(SIZES));

const pathOf = (random: Random): Bytes => random.pick(random.chance(0.85) ? NAMES : ODD);

const flagsOf = (random: Random): number => {
  let flags = random.pick(ACCESS) | l.O_NONBLOCK;
  for (const extra of EXTRAS) if (random.chance(0.3)) flags |= extra;
  return flags;
};

type Maker = (random: Random, handle: () => number) => Step;

const byPath =
  (name: string, call: (side: Side, path: Bytes) => unknown): Maker =>
  (random) => {
    const path = pathOf(random);
    return { text: `${name} ${path}`, run: (side) => call(side, path) };
  };

/** Where temporary files lie on a file system of their own, / is another one's; the virtual kernel has but one. */
const APART = statSync(tmpdir()).dev !== statSync('/').dev;
const apart = (one: Bytes, other: Bytes): boolean => APART && (one === '/' || other === '/');

const byPaths =
  (name: string, call: (sys: Calls, one: Bytes, other: Bytes) => unknown): Maker =>
  (random) => {
    const [one, other] = [pathOf(random), pathOf(random)];
    return { text: `${name} ${one} ${other}`, run: ({ sys }) => call(sys, one, other) };
  };

const byFd =
  (name: string, call: (side: Side, fd: Fd, choice: number) => unknown): Maker =>
  (random, handle) => {
    const [which, choice] = [handle(), random.int(1000)];
    return { text: `${name} #${which} ${choice}`, run: (side) => call(side, fdOf(side, which), choice) };
  };

const readStep = byFd('read', ({ sys, fds }, fd, choice) =>
  fd === fds[0] ? 0 : sys.read(fd, [1, 3, 16, 32, 5000, 65536][choice % 6] as number),
);

const openStep: Maker = (random) => {
  const [path, flags, mode] = [pathOf(random), flagsOf(random), random.pick(MODES)];
  const text = `open ${path} 0${flags.toString(8)} 0${mode.toString(8)}`;
  return { text, run: (side) => kept(side, side.sys.open(path, flags, mode)) };
};

const writeStep: Maker = (random, handle) => {
  const [which, bytes] = [handle(), bytesOf(random)];
  return { text: `write #${which} ${bytes.length}`, run: (side) => side.sys.write(fdOf(side, which), bytes) };
};

const pwriteStep: Maker = (random, handle) => {
  const [which, bytes, offset] = [handle(), bytesOf(random), random.int(6000)];
  const text = `pwrite #${which} ${bytes.length} at ${offset}`;
  return { text, run: (side) => side.sys.pwrite(fdOf(side, which), bytes, offset) };
};

const pipeStep: Maker = () => ({
  text: 'pipe',
  run: (side) => {
    const ends = side.sys.pipe(l.O_NONBLOCK);
    if (!isErrno(ends)) side.fds.push(...ends);
    return isErrno(ends) ? ends : 'open';
  },
});

const watchStep: Maker = (random) => {
  const path = pathOf(random);
  const more = (random.chance(0.2) ? IN_ONESHOT : 0) + (random.chance(0.2) ? IN_MASK_ADD : 0);
  const mask = (random.chance(0.5) ? IN_ALL_EVENTS : random.word() & IN_ALL_EVENTS) + more;
  const full = mask + (random.chance(0.3) ? l.IN_DONT_FOLLOW : 0) + (random.chance(0.2) ? l.IN_ONLYDIR : 0);
  return { text: `watch ${path} 0x${full.toString(16)}`, run: (side) => side.sys.watch(fdOf(side, 0), path, full) };
};

const eventsStep: Maker = () => ({
  text: 'events',
  run: (side) => {
    const bytes = side.sys.read(fdOf(side, 0), 65536);
    return typeof bytes === 'string' ? comparableEvents(side, bytes) : bytes;
  },
});

const pollStep: Maker = () => ({
  text: 'poll all',
  run: (side) =>
    side.sys.poll(
      side.fds.flatMap((fd) => [fd, l.POLLIN | l.POLLOUT]),
      0,
    ),
});

const LOCKS = [l.LOCK_EX, LOCK_SH, LOCK_UN];
const sorted = (names: readonly Bytes[] | number): unknown => (typeof names === 'number' ? names : [...names].sort());

/** Each as often as it stands here. Descriptor 0 is inotify, and stays. */
const MAKERS: readonly Maker[] = [
  ...[openStep, openStep, openStep, openStep, openStep, writeStep, writeStep, writeStep, pwriteStep, pipeStep],
  ...[readStep, readStep, readStep, pollStep, pollStep],
  byFd('close', ({ sys, fds }, fd) => (fd === fds[0] ? 0 : sys.close(fd))),
  byFd('close', ({ sys, fds }, fd) => (fd === fds[0] ? 0 : sys.close(fd))),
  byFd('ftruncate', ({ sys }, fd, choice) => sys.ftruncate(fd, choice * 10)),
  byFd('fstat', (side, fd) => (fd === side.fds[0] ? 0 : comparable(side.sys.fstat(fd)))),
  byFd('fchdir', ({ sys }, fd) => sys.fchdir(fd)),
  byFd('flock', ({ sys, fds }, fd, choice) =>
    fd === fds[0] ? 0 : sys.flock(fd, (LOCKS[choice % 3] as number) | l.LOCK_NB),
  ),
  byPath('stat', ({ sys }, path) => comparable(sys.stat(path))),
  byPath('lstat', ({ sys }, path) => comparable(sys.lstat(path))),
  byPath('access', ({ sys }, path) => sys.access(path, 0)),
  byPath('access x', ({ sys }, path) => sys.access(path, 1)),
  byPath('chmod 0600', ({ sys }, path) => (path.includes('..') || path === '/' ? 0 : sys.chmod(path, 0o600))),
  byPath('chmod 0711', ({ sys }, path) => (path.includes('..') || path === '/' ? 0 : sys.chmod(path, 0o711))),
  byPath('mkdir', ({ sys }, path) => sys.mkdir(path, 0o755)),
  byPath('mkdir', ({ sys }, path) => sys.mkdir(path, 0o1777)),
  byPath('mkdir', ({ sys }, path) => sys.mkdir(path, 0o700)),
  byPath('mkfifo', ({ sys }, path) => sys.mkfifo(path, 0o600)),
  byPath('mkfifo', ({ sys }, path) => sys.mkfifo(path, 0o666)),
  byPath('unlink', ({ sys }, path) => sys.unlink(path)),
  byPath('unlink', ({ sys }, path) => sys.unlink(path)),
  byPath('rmdir', (side, path) => side.rmdir(path)),
  byPath('rmdir', (side, path) => side.rmdir(path)),
  byPath('readlink', ({ sys }, path) => sys.readlink(path)),
  byPath('readdir', ({ sys }, path) => (path.startsWith('..') || path === '/' ? 0 : sorted(sys.readdir(path)))),
  byPath('chdir', ({ sys }, path) => (path === '..' || path === '/' ? 0 : sys.chdir(path))),
  byPath('go home', ({ sys, dir }) => sys.chdir(dir)),
  byPath('go home', ({ sys, dir }) => sys.chdir(dir)),
  byPaths('rename', (sys, one, other) => (apart(one, other) ? 0 : sys.rename(one, other))),
  byPaths('rename', (sys, one, other) => (apart(one, other) ? 0 : sys.rename(one, other))),
  byPaths('exchange', (sys, one, other) => (apart(one, other) ? 0 : sys.exchange(one, other))),
  byPaths('same inode', sameInode),
  byPaths('symlink', (sys, one, other) => sys.symlink(one === '/' ? '.' : one, other)),
];

/** A hard link's events come under the name that was opened; the virtual kernel knows only the first. */
const WITH_LINKS: readonly Maker[] = [
  ...MAKERS,
  byPaths('link', (sys, one, other) => (apart(one, other) ? 0 : sys.link(one, other))),
];

const WITH_WATCHES: readonly Maker[] = [
  ...MAKERS,
  ...[watchStep, watchStep, watchStep, eventsStep, eventsStep, eventsStep],
  byFd('unwatch', (side, _fd, choice) => side.sys.unwatch(fdOf(side, 0), choice % 8)),
];

const realSys = nodeHost();
let made = 0;

const realRmdir = (path: Bytes): number => {
  try {
    rmdirSync(Buffer.from(path, 'latin1'));
    return 0;
  } catch (problem) {
    return (problem as { readonly errno: number }).errno;
  }
};

const realSide = (): Side => {
  const root = freshDirectory(realSys, made++);
  return { ...sideIn(realSys, root), rmdir: realRmdir, discard: () => removeTree(realSys, root) };
};

const virtualSide = (): Side => {
  const kernel = new VirtualKernel({ maxSteps: 100_000 });
  kernel.user.folder('/top');
  kernel.user.chmod('/top', 0o777);
  // whose files these are, and what may be done with them, depends on who runs this
  kernel.start({ umask: process.umask(), ignores: [l.SIGPIPE], uid: process.getuid?.() ?? 0 });
  const rmdir = (path: Bytes): number => kernel.world.tree.rmdir(kernel.main, path);
  return { ...sideIn(kernel.calls, '/top'), rmdir, discard: () => {} };
};

/** Works far below ROOT, so that paths and links that go up stay in what is ours; none is absolute. */
const sideIn = (sys: Calls, root: Bytes): Omit<Side, 'rmdir' | 'discard'> => {
  let dir = root;
  for (const name of '1/2/3/4/5/6/7/8/9/w'.split('/')) {
    dir += `/${name}`;
    sys.mkdir(dir, 0o755);
  }
  sys.chdir(dir);
  return { sys, dir, fds: [sys.inotify() as Fd], cookies: [] };
};

/** A working directory that came too far up goes back. */
const comeBack = (real: Side, virtual: Side): void => {
  const { dir } = real;
  if (process.cwd().startsWith(dir.slice(0, -'/7/8/9/w'.length))) return;
  for (const side of [real, virtual]) side.sys.chdir(side.dir);
};

const finish = (side: Side): void => {
  for (const fd of side.fds) side.sys.close(fd);
  side.discard();
};

const drawn = (random: Random, makers: readonly Maker[], handles: number): Step =>
  random.pick(makers)(random, () => random.int(handles));

/** The first difference between the two machines in a sequence of calls, told with what led to it; '' for none. */
const differs = (seed: number, length: number): string => {
  const random = new Random(seed);
  const [real, virtual] = [realSide(), virtualSide()];
  const makers = random.chance(0.3) ? WITH_LINKS : WITH_WATCHES;
  const told: string[] = [];
  try {
    for (let at = 0; at < length; at++) {
      comeBack(real, virtual);
      const step = drawn(random, makers, real.fds.length);
      const [expected, got] = [step.run(real), step.run(virtual)].map((result) => JSON.stringify(result));
      told.push(`${step.text} = ${expected?.slice(0, 900)}`);
      if (expected !== got) return [`seed ${seed}`, ...told, `but virtual: ${got?.slice(0, 900)}`].join('\n');
    }
    return '';
  } finally {
    finish(real);
    finish(virtual);
  }
};

const home = process.cwd();
afterAll(() => process.chdir(home));

const seeds = Number(process.env['SEEDS'] ?? 150);

test('calls drawn by chance have the same results on the real and on the virtual kernel', () => {
  for (let seed = 1; seed <= seeds; seed++) expect(differs(seed, 120)).toBe('');
}, 600_000);
