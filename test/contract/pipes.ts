// The contract of pipes, FIFOs and waiting on them: pipe, mkfifo with open, poll.
import type { Fd } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, drain, holds, poll, refuses, same } from './case.ts';
import { allBytes } from './files.ts';

const POLLNVAL = 32;
// What the kernel would take; on arm the first is another flag.
const O_DIRECT = 0o40000;
const O_CLOEXEC = 0o2000000;

const elapsedMs = (c: Case, action: () => void): number => {
  const [s, ns] = c.sys.clock(l.CLOCK_MONOTONIC);
  action();
  const [laterS, laterNs] = c.sys.clock(l.CLOCK_MONOTONIC);
  return (laterS - s) * 1000 + (laterNs - ns) / 1e6;
};

/** Fills a non-blocking pipe; how many bytes it took. */
const fill = (c: Case, fd: Fd): number => {
  for (let total = 0; ; ) {
    const put = c.sys.write(fd, 'x'.repeat(4096));
    if (put === -l.EAGAIN) return total;
    total += done(put, 'write');
  }
};

const pipes: readonly Spec[] = [
  {
    title: 'what goes into a pipe comes out, all 256 bytes, and then the end once its writer is closed',
    run: (c) => {
      const [from, to] = c.pipe();
      same(c.sys.write(to, allBytes()), 256, 'write');
      same([c.sys.read(from, 100), c.sys.read(from, 65536)], [allBytes().slice(0, 100), allBytes().slice(100)], 'read');
      c.close(to);
      same([c.sys.read(from, 10), c.sys.read(from, 10)], ['', ''], 'read at the end');
    },
  },
  {
    title: 'a non-blocking pipe says EAGAIN when empty and when full, and keeps what it took',
    run: (c) => {
      const [from, to] = c.pipe(l.O_NONBLOCK);
      refuses(c.sys.read(from, 10), l.EAGAIN, 'empty');
      const took = fill(c, to);
      holds(took >= 4096, `room for ${took} bytes`);
      c.close(to);
      same(drain(c, from).length, took, 'bytes read');
    },
  },
  {
    title: 'setBlocking makes a non-blocking descriptor wait',
    run: (c) => {
      const [from, to] = c.pipe(l.O_NONBLOCK);
      refuses(c.sys.read(from, 1), l.EAGAIN, 'before');
      same(c.sys.setBlocking(from), 0, 'setBlocking');
      same(c.sys.write(to, 'x'), 1, 'write');
      same(c.sys.read(from, 1), 'x', 'read');
      if (c.can.realPrograms) holds(!c.content(`/proc/self/fdinfo/${from}`).includes('4000\n'), 'no O_NONBLOCK');
      refuses(c.sys.setBlocking(-1 as Fd), l.EBADF, 'no descriptor');
    },
  },
  {
    title: 'pipe takes no other flag than O_NONBLOCK',
    run: (c) => {
      refuses(c.sys.pipe(1), l.EINVAL, 'flag 1');
      for (const flag of [l.O_APPEND, O_DIRECT, O_CLOEXEC])
        refuses(c.sys.pipe(flag | l.O_NONBLOCK), l.EINVAL, `flag ${flag}`);
    },
  },
  {
    title: 'reading the write end and writing the read end say EBADF',
    run: (c) => {
      const [from, to] = c.pipe();
      refuses(c.sys.read(to, 1), l.EBADF, 'read');
      refuses(c.sys.write(from, 'x'), l.EBADF, 'write');
    },
  },
  {
    title: 'writing where nobody can read any more says EPIPE, and SIGPIPE comes once caught',
    run: (c) => {
      done(c.sys.catchSignals([l.SIGPIPE]), 'catchSignals');
      c.sys.takeSignals();
      const [from, to] = c.pipe();
      c.close(from);
      refuses(c.sys.write(to, 'x'), l.EPIPE, 'write');
      same(c.sys.takeSignals(), [l.SIGPIPE], 'signals');
    },
  },
];

const fifos: readonly Spec[] = [
  {
    title: 'a FIFO opens for writing without blocking only when it has a reader: ENXIO',
    run: (c) => {
      const p = c.path('p');
      done(c.sys.mkfifo(p, 0o600), 'mkfifo');
      refuses(c.sys.open(p, l.O_WRONLY | l.O_NONBLOCK, 0), l.ENXIO, 'without reader');
      const reader = c.open(p, l.O_RDONLY | l.O_NONBLOCK);
      c.close(c.open(p, l.O_WRONLY | l.O_NONBLOCK));
      c.close(reader);
      refuses(c.sys.open(p, l.O_WRONLY | l.O_NONBLOCK, 0), l.ENXIO, 'reader gone');
    },
  },
  {
    title: 'an empty FIFO is at its end while nobody writes, and says EAGAIN while someone could',
    run: (c) => {
      done(c.sys.mkfifo(c.path('p'), 0o600), 'mkfifo');
      const reader = c.open(c.path('p'), l.O_RDONLY | l.O_NONBLOCK);
      same(c.sys.read(reader, 1), '', 'nobody writes');
      const writer = c.open(c.path('p'), l.O_WRONLY | l.O_NONBLOCK);
      refuses(c.sys.read(reader, 1), l.EAGAIN, 'someone could');
      same([c.sys.write(writer, 'ab'), c.sys.read(reader, 1)], [2, 'a'], 'something written');
      c.close(writer);
      same([c.sys.read(reader, 9), c.sys.read(reader, 9)], ['b', ''], 'the rest, the end');
    },
  },
  {
    title: 'two writers of a FIFO share it, and the end comes with the last of them',
    run: (c) => {
      const [from, one] = c.fifo('p');
      const two = c.open(c.path('p'), l.O_WRONLY | l.O_NONBLOCK);
      same([c.sys.write(one, 'a'), c.sys.write(two, 'b'), c.sys.read(from, 9)], [1, 1, 'ab'], 'both');
      c.close(one);
      refuses(c.sys.read(from, 9), l.EAGAIN, 'one left');
      c.close(two);
      same(c.sys.read(from, 9), '', 'none left');
    },
  },
  {
    title: 'a full FIFO says EAGAIN and polls writable again when read',
    run: (c) => {
      const [from, to] = c.fifo('p');
      const took = fill(c, to);
      same(poll(c, [to, l.POLLOUT], 0), [0], 'full');
      let left = took;
      while (left > 0) left -= done(c.sys.read(from, 65536), 'read').length;
      same(poll(c, [to, l.POLLOUT], 0), [l.POLLOUT], 'read empty');
    },
  },
];

const polling: readonly Spec[] = [
  {
    title: 'poll tells data, room and silence of each descriptor, in their order',
    run: (c) => {
      const [[full, intoFull], [empty, intoEmpty]] = [c.pipe(), c.pipe()];
      same(c.sys.write(intoFull, 'x'), 1, 'write');
      const asked = [full, l.POLLIN, empty, l.POLLIN, intoEmpty, l.POLLOUT, full, 0];
      same(poll(c, asked, 1000), [l.POLLIN, 0, l.POLLOUT, 0], 'events');
    },
  },
  {
    title: 'poll tells hang-up unasked, with the data that is left, then alone',
    run: (c) => {
      const [from, to] = c.pipe();
      same(c.sys.write(to, 'x'), 1, 'write');
      c.close(to);
      same(poll(c, [from, l.POLLIN], 1000), [l.POLLIN | l.POLLHUP], 'data left');
      same(c.sys.read(from, 9), 'x', 'read');
      same(poll(c, [from, l.POLLIN, from, 0], 1000), [l.POLLHUP, l.POLLHUP], 'nothing left');
    },
  },
  {
    title: 'poll tells an error to the writer whose reader is gone',
    run: (c) => {
      const [from, to] = c.pipe();
      c.close(from);
      same(poll(c, [to, l.POLLOUT], 1000), [l.POLLOUT | l.POLLERR], 'events');
      same(poll(c, [to, 0], 1000), [l.POLLERR], 'unasked');
    },
  },
  {
    title: 'poll sees a FIFO without writer as silent until one came and went',
    run: (c) => {
      done(c.sys.mkfifo(c.path('p'), 0o600), 'mkfifo');
      const reader = c.open(c.path('p'), l.O_RDONLY | l.O_NONBLOCK);
      same(poll(c, [reader, l.POLLIN], 0), [0], 'before');
      c.close(c.open(c.path('p'), l.O_WRONLY | l.O_NONBLOCK));
      same(poll(c, [reader, l.POLLIN], 0), [l.POLLHUP], 'after');
    },
  },
  {
    title: 'poll calls a closed descriptor POLLNVAL and passes over negative ones',
    run: (c) => {
      const [from, to] = c.pipe();
      c.close(to);
      c.close(from);
      same(poll(c, [from, l.POLLIN, -1, l.POLLIN], 1000), [POLLNVAL, 0], 'events');
    },
  },
  {
    title: 'a regular file and a directory are always ready',
    run: (c) => {
      const [file, dir] = [c.open(c.file('f'), l.O_RDWR), c.open(c.dir, l.O_RDONLY)];
      same(poll(c, [file, l.POLLIN | l.POLLOUT, dir, l.POLLIN], 0), [l.POLLIN | l.POLLOUT, l.POLLIN], 'events');
    },
  },
  {
    title: 'poll returns all zeros when its time is up, not before',
    run: (c) => {
      const [from] = c.pipe();
      let events: readonly number[] = [];
      const took = elapsedMs(c, () => {
        events = poll(c, [from, l.POLLIN], 30);
      });
      same(events, [0], 'events');
      holds(took >= 29.9, `${took} ms >= 30 ms`);
      holds(elapsedMs(c, () => poll(c, [from, l.POLLIN], 0)) < 1000, 'no time, no wait');
      holds(elapsedMs(c, () => poll(c, [], 20)) >= 19.9, 'without descriptors it only waits');
    },
  },
  {
    title: 'poll without limit returns at once when something is ready',
    run: (c) => {
      const [from, to] = c.pipe();
      same(c.sys.write(to, 'x'), 1, 'write');
      same(poll(c, [from, l.POLLIN], -1), [l.POLLIN], 'events');
    },
  },
  {
    title: 'poll without limit waits until something comes',
    needs: 'realPrograms',
    run: (c) => {
      const [from, to] = c.pipe();
      const argv = ['sh', '-c', 'sleep 0.1; echo'];
      c.reapLater(done(c.sys.spawn('/bin/sh', argv, [], '', [1, to], 0, -1, ''), 'spawn'));
      same(poll(c, [from, l.POLLIN], -1), [l.POLLIN], 'events');
    },
  },
  {
    title: 'poll takes 900 entries at once, and says EINVAL for half a pair',
    run: (c) => {
      const [from, to] = c.pipe();
      const asked: number[] = [];
      for (let i = 0; i < 450; i++) asked.push(from, l.POLLIN, to, l.POLLOUT);
      const events = poll(c, asked, 0);
      same(events.length, 900, 'number of events');
      holds(
        events.every((event, i) => event === (i % 2 ? l.POLLOUT : 0)),
        'each in its place',
      );
      refuses(c.sys.poll([from], 0), l.EINVAL, 'half a pair');
    },
  },
];

export const pipeSpecs: readonly Spec[] = [...pipes, ...fifos, ...polling];
