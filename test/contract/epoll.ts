// The contract of epoll: epoll, epollSet and epollWait.
import * as l from '../lib/abi.ts';
import type { Spec } from './case.ts';
import { done, refuses, same } from './case.ts';

export const epollSpecs: readonly Spec[] = [
  {
    title: 'epoll reports what is ready, with its events, again until it is no longer',
    run: (c) => {
      const epoll = c.closeLater(done(c.sys.epoll(), 'epoll'));
      const [reader, writer] = c.pipe(l.O_NONBLOCK);
      same(c.sys.epollSet(epoll, reader, l.POLLIN), 0, 'the reader');
      same(c.sys.epollWait(epoll, 0), [], 'an empty pipe');
      same(c.sys.epollSet(epoll, writer, l.POLLOUT), 0, 'the writer');
      same(c.sys.epollWait(epoll, -1), [writer, l.POLLOUT], 'room');
      same(c.sys.epollSet(epoll, writer, 0), 0, 'no longer the writer');
      c.sys.write(writer, 'x');
      for (const round of ['once', 'twice']) same(c.sys.epollWait(epoll, 1000), [reader, l.POLLIN], round);
      c.sys.read(reader, 10);
      same(c.sys.epollWait(epoll, 1), [], 'read');
    },
  },
  {
    title: 'epoll forgets what is closed, and refuses what is no epoll, known, unknown or a file',
    run: (c) => {
      const epoll = c.closeLater(done(c.sys.epoll(), 'epoll'));
      const [reader, writer] = c.pipe(l.O_NONBLOCK);
      same(c.sys.epollSet(epoll, writer, l.POLLOUT), 0, 'the writer');
      refuses(c.sys.epollSet(epoll, writer, l.POLLOUT), l.EEXIST, 'twice');
      c.close(writer);
      same(c.sys.epollWait(epoll, 0), [], 'closed');
      refuses(c.sys.epollSet(epoll, reader, 0), l.ENOENT, 'never set');
      refuses(c.sys.epollSet(epoll, writer, 0), l.EBADF, 'a closed one');
      refuses(c.sys.epollSet(epoll, c.open(c.file('f'), l.O_RDONLY), l.POLLIN), l.EPERM, 'a file');
      refuses(c.sys.epollWait(reader, 0), l.EINVAL, 'a pipe as epoll');
    },
  },
];
