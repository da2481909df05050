// Where this executable stands, and how a symbolic link in a directory names it.
//
// Promises: works without /proc; a link that leads from one place below a root to another is relative, so that it is right
// inside of that root too. Read next: install.ts.
import { baseName } from '../../cli/options.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { S_IFMT, S_IFREG } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { parentOf, placeOf } from './resolve-name.ts';

const MOST_LINKS = 40;
const SIZE = 6;

/** Whether both names lead to the same file. */
export const sameFile = (one: Bytes, other: Bytes): boolean => {
  const [a, b] = [sys.stat(one), sys.stat(other)];
  return !isErrno(a) && !isErrno(b) && [1, 2, 3].every((field) => a[field] === b[field]);
};

/** The current directory; '' where it cannot be told. */
const here = (): Bytes => {
  const link = sys.readlink('/proc/self/cwd');
  if (!isErrno(link)) return link;
  const told = sys.environ().find((entry) => entry.startsWith('PWD=/'));
  const path = told === undefined ? '' : told.slice('PWD='.length);
  return path !== '' && sameFile(path, '.') ? path : '';
};

/** `path`, from the root, without links and dots; '' where it cannot be told. */
const realPath = (path: Bytes): Bytes => {
  const start = path[0] === '/' ? path : `${here()}/${path}`;
  if (path[0] !== '/' && start[0] !== '/') return '';
  const left = start.split('/').reverse();
  const parts: Bytes[] = [];
  for (let links = 0; left.length > 0; ) {
    const part = left.pop() as Bytes;
    if (part === '..') parts.pop();
    if (part === '' || part === '.' || part === '..') continue;
    const target = sys.readlink(`/${[...parts, part].join('/')}`);
    if (isErrno(target)) {
      parts.push(part);
      continue;
    }
    if (++links > MOST_LINKS) return '';
    if (target[0] === '/') parts.length = 0;
    left.push(...target.split('/').reverse());
  }
  return `/${parts.join('/')}`;
};

/** The path of this executable, which was called as `argv0`; '' where it cannot be told. */
export const ownPath = (argv0: Bytes): Bytes => {
  const exe = sys.readlink('/proc/self/exe');
  if (!isErrno(exe) && !isErrno(sys.stat(exe))) return exe;
  const place = placeOf(argv0);
  const own = place === '' ? '' : realPath(place);
  return own !== '' && isErrno(sys.stat(own)) ? '' : own;
};

const isFileOf = (path: Bytes, size: number): boolean => {
  const stat = sys.lstat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG && stat[SIZE] === size;
};

/** The executable that links in `dir` are to lead to: a copy of ours that lies there, as in the root of an image, or ours. */
export const sourceFor = (dir: Bytes, own: Bytes): Bytes => {
  const beside = `${dir}/${baseName(own)}`;
  const stat = sys.stat(own);
  return !isErrno(stat) && isFileOf(beside, stat[SIZE]) ? beside : own;
};

/** What a symbolic link in `dir` must say to lead to `source`. */
export const targetIn = (dir: Bytes, source: Bytes): Bytes => {
  if (sameFile(dir, parentOf(source))) return baseName(source);
  const [from, to] = [realPath(dir).split('/'), source.split('/')];
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common++;
  // nothing in common but the root itself: whatever root it is, the path from there is the clearer one
  if (common < 2) return source;
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/');
};
