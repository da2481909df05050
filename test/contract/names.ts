// The contract of names: mkdir, mkfifo, rename, exchange, unlink, symlink, readlink, readdir, chdir, fchdir.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Fd } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, holds, refuses, same } from './case.ts';

const kind = (c: Case, name: Bytes): number => done(c.sys.lstat(c.path(name)), `lstat ${name}`)[0] & l.S_IFMT;
const names = (c: Case, path: Bytes): readonly Bytes[] => [...done(c.sys.readdir(path), 'readdir')].sort();
const mkdir = (c: Case, name: Bytes): Bytes => {
  done(c.sys.mkdir(c.path(name), 0o755), `mkdir ${name}`);
  return c.path(name);
};

/** Comes back to the directory the process is in now, after the spec. */
const comeBack = (c: Case): void => {
  const here = c.open('.', l.O_RDONLY);
  c.later(() => done(c.sys.fchdir(here), 'fchdir'));
};

/** A name of every byte a name may hold, in pieces short enough. */
const oddNames = (): readonly Bytes[] => {
  const list: Bytes[] = [];
  for (let start = 1; start < 256; start += 50) {
    let name = 'n';
    for (let code = start; code < start + 50 && code < 256; code++) if (code !== 47) name += String.fromCharCode(code);
    list.push(name);
  }
  return [...list, '\xff\xfe', '\xc3', '\xed\xa0\x80', 'new\nline', '-n', ' '].sort();
};

const making: readonly Spec[] = [
  {
    title: 'mkdir makes an empty directory, and says EEXIST, ENOENT and ENOTDIR',
    run: (c) => {
      const d = mkdir(c, 'd');
      same([kind(c, 'd'), names(c, d)], [l.S_IFDIR, []], 'kind and content');
      refuses(c.sys.mkdir(d, 0o755), l.EEXIST, 'again');
      refuses(c.sys.mkdir(c.path('no/d'), 0o755), l.ENOENT, 'no parent');
      refuses(c.sys.mkdir(`${c.file('f')}/d`, 0o755), l.ENOTDIR, 'a file as parent');
      refuses(c.sys.mkdir(c.path('f'), 0o755), l.EEXIST, 'the name of a file');
    },
  },
  {
    title: 'mkfifo makes a FIFO, and says EEXIST, ENOENT and ENOTDIR',
    run: (c) => {
      done(c.sys.mkfifo(c.path('p'), 0o600), 'mkfifo');
      same(done(c.sys.stat(c.path('p')), 'stat')[0], l.S_IFIFO | 0o600, 'mode');
      refuses(c.sys.mkfifo(c.path('p'), 0o600), l.EEXIST, 'again');
      refuses(c.sys.mkfifo(c.path('no/p'), 0o600), l.ENOENT, 'no parent');
      refuses(c.sys.mkfifo(`${c.file('f')}/p`, 0o600), l.ENOTDIR, 'a file as parent');
    },
  },
  {
    title: 'symlink keeps its target byte for byte, and readlink gives it back',
    run: (c) => {
      for (const [i, target] of ['f', '/a/b', 'no\xff\x80where', '../x'].entries()) {
        done(c.sys.symlink(target, c.path(`l${i}`)), 'symlink');
        same(c.sys.readlink(c.path(`l${i}`)), target, 'target');
      }
    },
  },
  {
    title: 'symlink says EEXIST and ENOENT; readlink says EINVAL, ENOENT and ENOTDIR',
    run: (c) => {
      const f = c.file('f');
      refuses(c.sys.symlink('x', f), l.EEXIST, 'symlink onto a file');
      refuses(c.sys.symlink('x', c.path('no/l')), l.ENOENT, 'symlink without parent');
      refuses(c.sys.symlink('', c.path('l')), l.ENOENT, 'symlink to nothing');
      refuses(c.sys.readlink(f), l.EINVAL, 'readlink of a file');
      refuses(c.sys.readlink(c.path('missing')), l.ENOENT, 'readlink of nothing');
      refuses(c.sys.readlink(`${f}/x`), l.ENOTDIR, 'readlink below a file');
    },
  },
  {
    title: 'link gives a file a further name, which outlives the first',
    run: (c) => {
      const f = c.file('f', 'abc');
      done(c.sys.link(f, c.path('g')), 'link');
      same(c.sys.stat(c.path('g')), c.sys.stat(f), 'stat');
      c.file('f', 'changed');
      done(c.sys.unlink(f), 'unlink');
      same(c.content(c.path('g')), 'changed', 'content');
    },
  },
  {
    title: 'link says EEXIST, ENOENT, ENOTDIR, and EPERM for a directory',
    run: (c) => {
      const [f, d] = [c.file('f'), mkdir(c, 'd')];
      refuses(c.sys.link(f, d), l.EEXIST, 'onto a name');
      refuses(c.sys.link(c.path('missing'), c.path('g')), l.ENOENT, 'nothing');
      refuses(c.sys.link(f, c.path('no/g')), l.ENOENT, 'no parent');
      refuses(c.sys.link(f, `${f}/g`), l.ENOTDIR, 'below a file');
      refuses(c.sys.link(d, c.path('g')), l.EPERM, 'a directory');
    },
  },
  {
    title: 'a path through linked directories leads to the same file',
    run: (c) => {
      mkdir(c, 'real');
      c.file('real/f', 'abc');
      done(c.sys.symlink('real', c.path('relative')), 'symlink');
      done(c.sys.symlink(c.path('relative'), c.path('absolute')), 'symlink');
      same(c.content(c.path('absolute/f')), 'abc', 'through both');
      same(c.content(c.path('relative/../real//./f')), 'abc', 'with dots');
    },
  },
  {
    title: 'unlink removes a name, a link and a FIFO, and says ENOENT, EISDIR and ENOTDIR',
    run: (c) => {
      const f = c.file('f');
      done(c.sys.symlink('f', c.path('link')), 'symlink');
      done(c.sys.mkfifo(c.path('p'), 0o600), 'mkfifo');
      refuses(c.sys.unlink(`${f}/x`), l.ENOTDIR, 'below a file');
      for (const name of ['link', 'p', 'f']) done(c.sys.unlink(c.path(name)), `unlink ${name}`);
      same(names(c, c.dir), [], 'what is left');
      refuses(c.sys.unlink(f), l.ENOENT, 'again');
      refuses(c.sys.unlink(mkdir(c, 'd')), l.EISDIR, 'a directory');
    },
  },
];

const moving: readonly Spec[] = [
  {
    title: 'rename replaces a file, and moves a directory with all in it',
    run: (c) => {
      done(c.sys.rename(c.file('a', 'A'), c.file('b', 'B')), 'rename');
      mkdir(c, 'd');
      c.file('d/f', 'F');
      done(c.sys.rename(c.path('d'), c.path('e')), 'rename');
      same([names(c, c.dir), c.content(c.path('b')), c.content(c.path('e/f'))], [['b', 'e'], 'A', 'F'], 'result');
    },
  },
  {
    title: 'rename replaces an empty directory, and a link but not its target',
    run: (c) => {
      mkdir(c, 'd');
      c.file('d/f');
      mkdir(c, 'empty');
      done(c.sys.rename(c.path('d'), c.path('empty')), 'onto an empty directory');
      same(names(c, c.path('empty')), ['f'], 'content');
      done(c.sys.symlink('f', c.path('link')), 'symlink');
      c.file('f', 'target');
      done(c.sys.rename(c.file('new', 'new'), c.path('link')), 'onto a link');
      same([c.content(c.path('link')), c.content(c.path('f'))], ['new', 'target'], 'link and target');
    },
  },
  {
    title: 'rename of a name to itself changes nothing',
    run: (c) => {
      const f = c.file('f', 'abc');
      same(c.sys.rename(f, f), 0, 'rename');
      same(c.content(f), 'abc', 'content');
    },
  },
  {
    title: 'rename says ENOENT, EISDIR, ENOTDIR, ENOTEMPTY and EINVAL',
    run: (c) => {
      const [f, d] = [c.file('f'), mkdir(c, 'd')];
      mkdir(c, 'full');
      c.file('full/x');
      refuses(c.sys.rename(c.path('missing'), f), l.ENOENT, 'nothing');
      refuses(c.sys.rename(f, c.path('no/f')), l.ENOENT, 'no parent');
      refuses(c.sys.rename(f, d), l.EISDIR, 'file onto directory');
      refuses(c.sys.rename(d, f), l.ENOTDIR, 'directory onto file');
      refuses(c.sys.rename(d, c.path('full')), l.ENOTEMPTY, 'onto a full directory');
      refuses(c.sys.rename(d, c.path('d/below')), l.EINVAL, 'a directory into itself');
    },
  },
  {
    title: 'exchange swaps two names, even a file with a directory',
    run: (c) => {
      const [a, b] = [c.file('a', 'A'), c.file('b', 'B')];
      done(c.sys.exchange(a, b), 'exchange');
      same([c.content(a), c.content(b)], ['B', 'A'], 'files');
      done(c.sys.exchange(a, mkdir(c, 'd')), 'exchange');
      same([kind(c, 'a'), c.content(c.path('d'))], [l.S_IFDIR, 'B'], 'file and directory');
    },
  },
  {
    title: 'exchange says ENOENT unless both are there, and changes nothing then',
    run: (c) => {
      const f = c.file('f', 'abc');
      refuses(c.sys.exchange(f, c.path('missing')), l.ENOENT, 'second missing');
      refuses(c.sys.exchange(c.path('missing'), f), l.ENOENT, 'first missing');
      same([names(c, c.dir), c.content(f)], [['f'], 'abc'], 'what is there');
    },
  },
];

const looking: readonly Spec[] = [
  {
    title: 'names of any bytes but NUL and slash pass through mkdir, open, readdir, rename and unlink',
    run: (c) => {
      const list = oddNames();
      for (const name of list) c.file(name, name);
      same(names(c, c.dir), list, 'readdir');
      for (const name of list) same(c.content(c.path(name)), name, 'content');
      done(c.sys.mkdir(c.path('\xe9\x80'), 0o700), 'mkdir');
      for (const name of list) done(c.sys.rename(c.path(name), c.path(`\xe9\x80/${name}`)), 'rename');
      same(names(c, c.dir), ['\xe9\x80'], 'the directory');
      for (const name of list) done(c.sys.unlink(c.path(`\xe9\x80/${name}`)), 'unlink');
      same(names(c, c.path('\xe9\x80')), [], 'what is left');
    },
  },
  {
    title: 'readdir tells all of 1500 long names, more than one buffer holds',
    run: (c) => {
      const list: Bytes[] = [];
      for (let i = 0; i < 1500; i++) list.push(`${'x'.repeat(100)}${i + 10000}`);
      for (const name of list) c.file(name);
      same(names(c, c.dir).join('/') === list.join('/'), true, 'all names, each once');
    },
  },
  {
    title: 'readdir leaves out . and .. only, and says ENOENT and ENOTDIR',
    run: (c) => {
      c.file('.hidden');
      c.file('...');
      same(names(c, c.dir), ['...', '.hidden'], 'names');
      refuses(c.sys.readdir(c.path('missing')), l.ENOENT, 'nothing');
      refuses(c.sys.readdir(c.file('f')), l.ENOTDIR, 'a file');
    },
  },
  {
    title: 'after chdir and fchdir relative names start there',
    run: (c) => {
      comeBack(c);
      const home = c.open(c.dir, l.O_RDONLY);
      c.file('f', 'above');
      mkdir(c, 'd');
      c.file('d/f', 'below');
      done(c.sys.chdir(c.path('d')), 'chdir');
      same([c.content('f'), c.content('../f')], ['below', 'above'], 'after chdir');
      done(c.sys.fchdir(home), 'fchdir');
      same([c.content('f'), c.content('d/f')], ['above', 'below'], 'after fchdir');
      done(c.sys.chdir('d'), 'chdir by a relative name');
      same(c.content('./f'), 'below', 'after the relative chdir');
    },
  },
  {
    title: 'chdir follows the directory, not its name',
    run: (c) => {
      comeBack(c);
      done(c.sys.chdir(mkdir(c, 'd')), 'chdir');
      done(c.sys.rename(c.path('d'), c.path('e')), 'rename');
      c.close(c.open('f', l.O_WRONLY | l.O_CREAT));
      same(names(c, c.path('e')), ['f'], 'where the file is');
    },
  },
  {
    title: 'chdir says ENOENT and ENOTDIR, fchdir EBADF and ENOTDIR, and neither moves then',
    run: (c) => {
      comeBack(c);
      done(c.sys.chdir(c.dir), 'chdir');
      const f = c.file('f');
      refuses(c.sys.chdir(c.path('missing')), l.ENOENT, 'chdir to nothing');
      refuses(c.sys.chdir(f), l.ENOTDIR, 'chdir to a file');
      refuses(c.sys.fchdir(999_999 as Fd), l.EBADF, 'fchdir to no descriptor');
      refuses(c.sys.fchdir(c.open(f, l.O_RDONLY)), l.ENOTDIR, 'fchdir to a file');
      holds(done(c.sys.readdir('.'), 'readdir').includes('f'), 'still there');
    },
  },
];

export const nameSpecs: readonly Spec[] = [...making, ...moving, ...looking];
