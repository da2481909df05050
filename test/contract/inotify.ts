// The contract of inotify: inotify, watch, unwatch and what is read from it.
import { BIG_ENDIAN } from '../../src/abi/byte-order.ts';
import type { Fd } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, holds, refuses, same } from './case.ts';

const IN_IGNORED = 0x8000;
const IN_ISDIR = 0x40000000;

const number = (text: string, at: number): number =>
  [0, 1, 2, 3].reduce((value, byte) => value * 256 + text.charCodeAt(at + (BIG_ENDIAN ? byte : 3 - byte)), 0);

const untilNul = (text: string): string => {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
};

/** What is to be read now: watch number, mask and name, one after the other. */
const events = (c: Case, fd: Fd): readonly (number | string)[] => {
  const text = done(c.sys.read(fd, 65536), 'read');
  const list: (number | string)[] = [];
  for (let at = 0; at < text.length; ) {
    const size = number(text, at + 12);
    holds(size % 4 === 0 && at + 16 + size <= text.length, `a name of ${size} bytes`);
    list.push(number(text, at), number(text, at + 4), untilNul(text.slice(at + 16, at + 16 + size)));
    at += 16 + size;
  }
  return list;
};

const watching = (c: Case, mask: number): readonly [Fd, number] => {
  const fd = c.closeLater(done(c.sys.inotify(), 'inotify'));
  return [fd, done(c.sys.watch(fd, c.dir, mask), 'watch')];
};

export const inotifySpecs: readonly Spec[] = [
  {
    title: 'a watched directory tells what is created, moved and deleted in it, by name',
    run: (c) => {
      const [fd, w] = watching(c, l.IN_CREATE | l.IN_MOVED_FROM | l.IN_MOVED_TO | l.IN_DELETE);
      refuses(c.sys.read(fd, 4096), l.EAGAIN, 'nothing happened');
      c.file('one');
      done(c.sys.mkdir(c.path('d\xff'), 0o755), 'mkdir');
      same(c.sys.poll([fd, l.POLLIN], 1000), [l.POLLIN], 'poll');
      same(events(c, fd), [w, l.IN_CREATE, 'one', w, l.IN_CREATE | IN_ISDIR, 'd\xff'], 'created');
      done(c.sys.rename(c.path('one'), c.path('two')), 'rename');
      done(c.sys.unlink(c.path('two')), 'unlink');
      same(events(c, fd), [w, l.IN_MOVED_FROM, 'one', w, l.IN_MOVED_TO, 'two', w, l.IN_DELETE, 'two'], 'moved');
      refuses(c.sys.read(fd, 4096), l.EAGAIN, 'all read');
    },
  },
  {
    title: 'what is not asked for is not told',
    run: (c) => {
      const [fd] = watching(c, l.IN_DELETE);
      c.file('one');
      same(c.sys.poll([fd, l.POLLIN], 0), [0], 'poll');
    },
  },
  {
    title: 'links and FIFOs are told as created too, and chmod as a changed attribute',
    run: (c) => {
      const [fd, w] = watching(c, l.IN_CREATE | l.IN_ATTRIB);
      done(c.sys.symlink('x', c.path('link')), 'symlink');
      done(c.sys.mkfifo(c.path('p'), 0o600), 'mkfifo');
      done(c.sys.chmod(c.path('p'), 0o640), 'chmod');
      same(events(c, fd), [w, l.IN_CREATE, 'link', w, l.IN_CREATE, 'p', w, l.IN_ATTRIB, 'p'], 'events');
    },
  },
  {
    title: 'a watch follows its directory through a rename of it, and unwatch ends it',
    run: (c) => {
      const fd = c.closeLater(done(c.sys.inotify(), 'inotify'));
      done(c.sys.mkdir(c.path('d'), 0o755), 'mkdir');
      const w = done(c.sys.watch(fd, c.path('d'), l.IN_CREATE | l.IN_MOVE_SELF), 'watch');
      done(c.sys.rename(c.path('d'), c.path('e')), 'rename');
      c.file('e/f');
      same(events(c, fd), [w, l.IN_MOVE_SELF, '', w, l.IN_CREATE, 'f'], 'events');
      done(c.sys.unwatch(fd, w), 'unwatch');
      same(events(c, fd), [w, IN_IGNORED, ''], 'the end of the watch');
      c.file('e/g');
      refuses(c.sys.read(fd, 4096), l.EAGAIN, 'afterwards');
    },
  },
  {
    title: 'watching a directory again changes what is asked for and keeps the number',
    run: (c) => {
      const [fd, w] = watching(c, l.IN_DELETE);
      same(c.sys.watch(fd, c.dir, l.IN_CREATE), w, 'watch number');
      c.file('f');
      done(c.sys.unlink(c.path('f')), 'unlink');
      same(events(c, fd), [w, l.IN_CREATE, 'f'], 'events');
    },
  },
  {
    title: 'watch says ENOENT, ENOTDIR where a directory is asked for, EBADF and EINVAL',
    run: (c) => {
      const fd = c.closeLater(done(c.sys.inotify(), 'inotify'));
      const f = c.file('f');
      refuses(c.sys.watch(fd, c.path('missing'), l.IN_CREATE), l.ENOENT, 'missing');
      refuses(c.sys.watch(fd, f, l.IN_CREATE | l.IN_ONLYDIR), l.ENOTDIR, 'a file');
      refuses(c.sys.watch(999_999 as Fd, c.dir, l.IN_CREATE), l.EBADF, 'no descriptor');
      refuses(c.sys.watch(c.open(f, l.O_RDONLY), c.dir, l.IN_CREATE), l.EINVAL, 'a file as inotify');
    },
  },
  {
    title: 'unwatch says EINVAL for no such watch, and EBADF',
    run: (c) => {
      const [fd, w] = watching(c, l.IN_CREATE);
      done(c.sys.unwatch(fd, w), 'unwatch');
      refuses(c.sys.unwatch(fd, w), l.EINVAL, 'again');
      refuses(c.sys.unwatch(999_999 as Fd, w), l.EBADF, 'no descriptor');
    },
  },
];
