// The contract of the binders: what they take, what they throw at, and that nonsense never brings them down.
//
// Must not: hand a call arguments that could hurt when a binder lets a wrong one pass: good numbers name no
// process and no descriptor, good paths lie in a directory that is missing.
import type { Calls, Fd } from '../../src/host/calls.ts';
import { isErrno } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, fail, holds, refuses, same } from './case.ts';
import { allBytes } from './files.ts';
import { NOBODY } from './signals.ts';

type Name = keyof Calls;

/** As in src/host/c/sys.h: arguments, colon, result. */
const signatures: Readonly<Record<Name, string>> = {
  open: 'sii:i',
  close: 'i:i',
  read: 'ii:d',
  pread: 'iin:d',
  write: 'id:i',
  pwrite: 'idn:i',
  ftruncate: 'in:i',
  fsync: 'i:i',
  fchmod: 'ii:i',
  fchown: 'inn:i',
  stat: 's:v',
  lstat: 's:v',
  fstat: 'i:v',
  access: 'si:i',
  chmod: 'si:i',
  mkdir: 'si:i',
  mkfifo: 'si:i',
  rename: 'ss:i',
  exchange: 'ss:i',
  unlink: 's:i',
  link: 'ss:i',
  symlink: 'ss:i',
  readlink: 's:d',
  readdir: 's:a',
  chdir: 's:i',
  fchdir: 'i:i',
  dup2: 'ii:i',
  flock: 'ii:i',
  republish: 'ssddni:i',
  pipe: 'i:v',
  fstype: 's:i',
  setBlocking: 'i:i',
  posixLock: 'ii:i',
  socket: 'iidi:i',
  accept: 'i:i',
  receive: 'ii:m',
  lines: 'diiddnni:m',
  translate: 'dnnd:d',
  spawn: 'saasviid:i',
  exec: 'saa:i',
  waitpid: 'ii:v',
  kill: 'ii:i',
  pidfd: 'i:i',
  pidfdKill: 'ii:i',
  getpid: ':i',
  geteuid: ':i',
  getppid: ':i',
  setsid: ':i',
  reboot: 'i:i',
  sync: ':i',
  catchSignals: 'v:i',
  catchUnignored: 'v:i',
  takeSignals: ':v',
  poll: 'vn:v',
  epoll: ':i',
  epollSet: 'iii:i',
  epollWait: 'in:v',
  inotify: ':i',
  watch: 'isn:i',
  unwatch: 'ii:i',
  clock: 'i:v',
  windowSize: 'i:v',
  rawMode: 'ii:i',
  args: ':a',
  executed: ':a',
  environ: ':a',
  argWrite: 'id:i',
  restore: '',
  setCloexec: 'ii:i',
  chroot: 's:i',
  numericCall: 'iv:i',
  setgroups: 'v:i',
  setaffinity: 'v:i',
  capabilities: 'v:v',
  rlimit: 'iv:v',
  trim: ':i',
  exit: 'i:i',
  checkpoint: 'sivi:i',
};

const names = Object.keys(signatures) as Name[];
const types = (name: Name): string => signatures[name].split(':')[0] ?? '';
const resultType = (name: Name): string => signatures[name].split(':')[1] ?? '';

type Loose = (...args: readonly unknown[]) => unknown;
const loosely = (sys: Calls, name: Name): Loose => sys[name] as Loose;

const never = (): void => {};
const noNumber = [undefined, null, true, '1', '', {}, [], [1], never, NaN, Infinity, -Infinity, 1.5, 1e300];
const noString = [undefined, null, true, 1, {}, [], ['x'], never, '\u0100', 'a\u20acb', '\ud83d\ude00'];
const noArray = [undefined, null, true, 1, 'x', {}, { length: 1, 0: 'x' }, never];

const wrong = (type: string): readonly unknown[] => {
  switch (type) {
    case 'i':
      return [...noNumber, 2 ** 31, -(2 ** 31) - 1, 2 ** 32];
    case 'n':
      return [...noNumber, 2 ** 64, -(2 ** 64)];
    case 'a':
      return [...noArray, [1], ['x', undefined], ['x', '\u0100'], [['x']], new Array(3)];
    case 'v':
      return [...noArray, ['1'], [1.5], [1, null], [NaN], [[1]], new Array(3)];
    default:
      return noString;
  }
};

const good = (c: Case, type: string): unknown => {
  if (type === 'i') return NOBODY;
  if (type === 'n') return 0;
  if (type === 'a') return ['x'];
  return type === 'v' ? [] : c.path('missing/x');
};

type Outcome =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'thrown'; readonly problem: unknown };

const outcome = (action: () => unknown): Outcome => {
  try {
    return { kind: 'result', result: action() };
  } catch (problem) {
    return { kind: 'thrown', problem };
  }
};

const throwsTypeError = (action: () => unknown, what: string): void => {
  const seen = outcome(action);
  if (seen.kind === 'result') fail(`${what}: expected TypeError, got ${String(seen.result)}`);
  else holds(seen.problem instanceof TypeError, `${what}: ${seen.problem} is a TypeError`);
};

const describe = (value: unknown): string => (Array.isArray(value) ? `[${value}]` : `${typeof value} ${value}`);

const checks: readonly Spec[] = [
  {
    title: 'the table has the rows of calls.ts and no others',
    run: (c) => same(Object.keys(c.sys).sort(), [...names].sort(), 'names'),
  },
  {
    title: 'an argument of a wrong type, size or width throws TypeError, in every row and place',
    run: (c) => {
      for (const name of names) {
        const args = [...types(name)].map((type) => good(c, type));
        for (const [i, type] of [...types(name)].entries())
          for (const value of wrong(type)) {
            const call = (): unknown => loosely(c.sys, name)(...args.with(i, value));
            throwsTypeError(call, `${name}, argument ${i + 1}: ${describe(value)}`);
          }
      }
    },
  },
  {
    title: 'missing arguments throw TypeError, arguments too many are ignored',
    run: (c) => {
      for (const name of names) {
        const args = [...types(name)].map((type) => good(c, type));
        if (args.length > 0) throwsTypeError(() => loosely(c.sys, name)(...args.slice(0, -1)), name);
      }
      same(loosely(c.sys, 'getpid')(1, 'x', {}, [], 5, 6, 7, 8, 9, 10), c.sys.getpid(), 'getpid');
      refuses(loosely(c.sys, 'close')(NOBODY, 'x'), l.EBADF, 'close');
    },
  },
  {
    title: 'a NUL in a path or in a list of strings is EINVAL, in every row and place',
    run: (c) => {
      for (const name of names) {
        const args = [...types(name)].map((type) => good(c, type));
        for (const [i, type] of [...types(name)].entries()) {
          const value = type === 's' ? 'a\0b' : type === 'a' ? ['x', 'a\0b'] : undefined;
          if (value !== undefined) refuses(loosely(c.sys, name)(...args.with(i, value)), l.EINVAL, `${name} ${i + 1}`);
        }
      }
      refuses(c.sys.stat(`${c.dir}\0`), l.EINVAL, 'a NUL at the end');
    },
  },
  {
    title: 'strings put together, cut and widened by the engine arrive as the same bytes',
    run: (c) => {
      const bytes = allBytes();
      const wide = `${bytes}\u0100`.slice(0, -1);
      const rope = [...bytes].reduce((text, char) => text + char, '');
      for (const text of [wide, rope, `x${bytes}y`.slice(1, -1)]) same(c.content(c.file('f', text)), bytes, 'content');
    },
  },
  {
    title: 'numbers beyond 32 bits pass where int64 is said',
    run: (c) => {
      const fd = c.open(c.file('f'), l.O_RDWR);
      const size = 2 ** 32 + 5;
      done(c.sys.ftruncate(fd, size), 'ftruncate');
      same(done(c.sys.fstat(fd), 'fstat')[6], size, 'size');
      same(c.sys.pwrite(fd, 'x', size), 1, 'pwrite');
      same(done(c.sys.stat(c.path('f')), 'stat')[6], size + 1, 'size');
      same(c.sys.ftruncate(fd, 0), 0, 'ftruncate to 0');
    },
  },
  {
    title: 'poll says EINVAL for descriptors and events that are no int and no short',
    run: (c) => {
      for (const pair of [
        [2 ** 32, l.POLLIN],
        [-(2 ** 40), l.POLLIN],
        [0, 2 ** 16],
        [0, -(2 ** 20)],
      ])
        refuses(c.sys.poll(pair, 0), l.EINVAL, `pair ${pair}`);
    },
  },
  {
    title: 'environ gives NAME=value strings, args at least argv[0]',
    run: (c) => {
      for (const variable of c.sys.environ()) holds(variable.includes('='), `${variable} has a =`);
      holds(c.sys.args().length > 0, 'args');
    },
  },
  {
    title: 'argWrite takes no argument that is not there',
    run: (c) => {
      for (const i of [-1, c.sys.args().length, NOBODY]) {
        const result = c.sys.argWrite(i, 'x');
        if (result !== -l.ENOSYS) refuses(result, l.EINVAL, `argument ${i}`);
      }
    },
  },
];

/** Numbers from a seed: the same ones every time. */
const dice = (seed: number): ((sides: number) => number) => {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
};

interface Fuzz {
  readonly c: Case;
  readonly roll: (sides: number) => number;
  readonly fds: readonly number[];
}

const pick = <T>(f: Fuzz, list: readonly T[]): T => list[f.roll(list.length)] as T;

/** Rows that end this process or the machine, start another, hurt one, would close what is not ours, or may wait. */
const untouchable: readonly Name[] = [
  ...(['exit', 'exec', 'spawn', 'kill', 'pidfdKill', 'setsid', 'checkpoint', 'close', 'dup2'] as const),
  ...([
    'chroot',
    'numericCall',
    'setgroups',
    'setaffinity',
    'capabilities',
    'rlimit',
    'reboot',
    'sync',
    'setBlocking',
    'fchown',
  ] as const),
];
const notByDescriptor: readonly Name[] = ['waitpid', 'pidfd', 'clock', 'pipe', 'argWrite'];
const fuzzed = names.filter((name) => !untouchable.includes(name));

const words = ['a', 'b', 'c', 'a/b', 'b/c', 'a/a/a', '', '\xff\xfe', 'x'.repeat(255), 'x'.repeat(5000), 'a\0b'];

const integer = (f: Fuzz): number => {
  const bits = f.roll(2 ** 32) | 0;
  return pick(f, [0, 1, -1, 2, 0o644, 0o755, 4096, bits, bits & 0xff, bits & 0xffff, 2 ** 31 - 1, -(2 ** 31)]);
};

const longer = (f: Fuzz): number => pick(f, [integer(f), 2 ** 33, 2 ** 40 + f.roll(1000), -(2 ** 53), 2 ** 53]);

/** Never blocks: opens non-blocking, waits for nobody, polls for at most 2 ms, catches only what is harmless. */
const argument = (f: Fuzz, name: Name, type: string, i: number): unknown => {
  if (f.roll(12) === 0) return pick(f, wrong(type));
  if (type === 'i' && i === 0 && name === 'waitpid') return NOBODY + f.roll(9);
  if (type === 'i' && i === 0 && !notByDescriptor.includes(name)) return pick(f, f.fds);
  if (name === 'open' && i === 1) return integer(f) | l.O_NONBLOCK;
  if (name === 'flock' && i === 1) return integer(f) | l.LOCK_NB;
  if (name === 'poll' && i === 1) return f.roll(3);
  if (name === 'poll') return Array.from({ length: f.roll(140) }, (_, n) => (n % 2 ? integer(f) : pick(f, f.fds)));
  if (type === 'v') return Array.from({ length: f.roll(4) }, () => pick(f, [23, 28, 0, 9, 33, 65, longer(f)]));
  if (type === 'a') return Array.from({ length: f.roll(4) }, () => pick(f, words));
  if (type === 'd') return pick(f, [...words, allBytes().repeat(f.roll(280))]);
  return type === 's' ? pick(f, words) : type === 'n' ? longer(f) : integer(f);
};

const fits = (type: string, result: unknown): boolean => {
  if (typeof result === 'number') return Number.isInteger(result) && (type === 'i' || result < 0);
  if (type === 'd') return typeof result === 'string';
  if (type === 'm') return Array.isArray(result) && typeof result[0] === 'string' && fits('v', result.slice(1));
  const item = type === 'v' ? 'number' : 'string';
  return type !== 'i' && Array.isArray(result) && result.every((one) => typeof one === item);
};

const opensSomething: readonly Name[] = ['open', 'epoll', 'inotify', 'pidfd', 'socket', 'accept'];

const closeResult = (f: Fuzz, name: Name, result: unknown): void => {
  if (name === 'pipe' && Array.isArray(result)) for (const fd of result) f.c.close(fd);
  if (opensSomething.includes(name) && !isErrno(result)) f.c.close(result as Fd);
};

const throwOnce = (f: Fuzz, step: number): void => {
  const name = pick(f, fuzzed);
  const args = [...types(name)].map((type, i) => argument(f, name, type, i));
  const seen = outcome(() => loosely(f.c.sys, name)(...args));
  if (seen.kind === 'thrown') {
    holds(seen.problem instanceof TypeError, `step ${step}, ${name}: ${seen.problem} is a TypeError`);
  } else {
    holds(fits(resultType(name), seen.result), `step ${step}, ${name}: ${describe(seen.result)} is a result of it`);
    closeResult(f, name, seen.result);
  }
};

const fuzz = (seed: number): Spec => ({
  title: `ten thousand calls with random arguments give a result, a refusal or TypeError (seed ${seed})`,
  run: (c) => {
    const here = c.open('.', l.O_RDONLY);
    c.later(() => done(c.sys.fchdir(here), 'fchdir'));
    done(c.sys.chdir(c.dir), 'chdir');
    const own = [c.open(c.file('own'), l.O_RDWR), c.open(c.dir, l.O_RDONLY), ...c.pipe(l.O_NONBLOCK)];
    const watcher = c.closeLater(done(c.sys.inotify(), 'inotify'));
    const f: Fuzz = { c, roll: dice(seed), fds: [...own, watcher, -1, NOBODY, 2 ** 31 - 1, -(2 ** 31)] };
    for (let step = 0; step < 10_000; step++) throwOnce(f, step);
  },
});

const all: readonly Spec[] = [...checks, fuzz(1), fuzz(20_240_229)];

export const argumentSpecs: readonly Spec[] = all.map((spec) => ({ ...spec, needs: 'checksArguments' }));
