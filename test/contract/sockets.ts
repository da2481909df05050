// The contract of sockets: socket, accept, receive. The virtual kernel has no network.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Fd } from '../../src/host/calls.ts';
import { isErrno } from '../../src/host/calls.ts';
import { inetAddress } from '../../src/formats/socket-address.ts';
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { done, holds, poll, refuses, same } from './case.ts';

const CONNECT = 0;
const WAIT_MS = 10_000;

const stream = (c: Case, path: Bytes, backlog: number): Fd =>
  c.closeLater(done(c.sys.socket(l.AF_UNIX, l.SOCK_STREAM, path, backlog), backlog > 0 ? 'listen' : 'connect'));

const becomes = (c: Case, fd: Fd, events: number): void => {
  holds(((poll(c, [fd, events], WAIT_MS)[0] ?? 0) & events) !== 0, `events ${events}`);
};

/** Listens on any port of 127.0.0.1 that is free. */
const listening = (c: Case): { readonly fd: Fd; readonly port: number } => {
  for (let port = 40_000 + (c.sys.getpid() % 10_000); ; port++) {
    const fd = c.sys.socket(l.AF_INET, l.SOCK_STREAM, inetAddress('\x7f\0\0\x01', port), 4);
    if (fd !== -l.EADDRINUSE) return { fd: c.closeLater(done(fd, 'listen')), port };
  }
};

const talks = (c: Case, server: Fd, client: Fd): void => {
  becomes(c, server, l.POLLIN);
  const peer = c.closeLater(done(c.sys.accept(server), 'accept'));
  refuses(c.sys.accept(server), l.EAGAIN, 'nobody else');
  refuses(c.sys.read(peer, 9), l.EAGAIN, 'nothing was said yet');
  becomes(c, client, l.POLLOUT);
  same(c.sys.write(client, 'a\0\xff'), 3, 'write');
  becomes(c, peer, l.POLLIN);
  same(c.sys.read(peer, 9), 'a\0\xff', 'what arrives');
  c.close(client);
  becomes(c, peer, l.POLLIN);
  same(c.sys.read(peer, 9), '', 'end of file');
};

export const socketSpecs: readonly Spec[] = [
  {
    title: 'a stream in the file system listens, is connected to, and never blocks',
    needs: 'realPrograms',
    run: (c) => {
      const path = c.path('s');
      const server = stream(c, path, 4);
      same(done(c.sys.lstat(path), 'lstat')[0] & l.S_IFMT, l.S_IFSOCK, 'kind');
      refuses(c.sys.accept(server), l.EAGAIN, 'nobody');
      talks(c, server, stream(c, path, CONNECT));
    },
  },
  {
    title: 'a stream to a port listens and is connected to; a port without a server refuses, to be read',
    needs: 'realPrograms',
    run: (c) => {
      const { fd, port } = listening(c);
      const address = inetAddress('\x7f\0\0\x01', port);
      refuses(c.sys.socket(l.AF_INET, l.SOCK_STREAM, address, 4), l.EADDRINUSE, 'listen twice');
      talks(c, fd, c.closeLater(done(c.sys.socket(l.AF_INET, l.SOCK_STREAM, address, CONNECT), 'connect')));
      c.close(fd);
      const late = c.sys.socket(l.AF_INET, l.SOCK_STREAM, address, CONNECT);
      if (isErrno(late)) return refuses(late, l.ECONNREFUSED, 'at once');
      c.closeLater(late);
      becomes(c, late, l.POLLOUT);
      return refuses(c.sys.read(late, 9), l.ECONNREFUSED, 'to be read');
    },
  },
  {
    title:
      'the name of a dead server refuses: EADDRINUSE to listen, ECONNREFUSED to connect; ENOENT where there is none',
    needs: 'realPrograms',
    run: (c) => {
      const path = c.path('s');
      c.close(stream(c, path, 1));
      refuses(c.sys.socket(l.AF_UNIX, l.SOCK_STREAM, path, 1), l.EADDRINUSE, 'listen');
      refuses(c.sys.socket(l.AF_UNIX, l.SOCK_STREAM, path, CONNECT), l.ECONNREFUSED, 'connect');
      refuses(c.sys.socket(l.AF_UNIX, l.SOCK_STREAM, c.path('none'), CONNECT), l.ENOENT, 'no name');
    },
  },
  {
    title: 'a datagram socket that is connected sends',
    needs: 'realPrograms',
    run: (c) => {
      const fd = c.sys.socket(l.AF_INET, l.SOCK_DGRAM, inetAddress('\x7f\0\0\x01', 9), CONNECT);
      if (isErrno(fd)) return;
      c.closeLater(fd);
      same(c.sys.write(fd, 'x'), 1, 'a datagram is sent');
    },
  },
  {
    title: 'a datagram in the abstract namespace comes whole, with the pid and uid of its sender',
    needs: 'realPrograms',
    run: (c) => {
      const name = `\0runitbox-contract-${c.sys.getpid()}`;
      const server = c.closeLater(done(c.sys.socket(l.AF_UNIX, l.SOCK_DGRAM, name, 1), 'bind'));
      refuses(c.sys.receive(server, 9), l.EAGAIN, 'nothing yet');
      refuses(c.sys.socket(l.AF_UNIX, l.SOCK_DGRAM, name, 1), l.EADDRINUSE, 'the name again');
      const client = c.closeLater(done(c.sys.socket(l.AF_UNIX, l.SOCK_DGRAM, name, CONNECT), 'connect'));
      const sender = [c.sys.getpid(), c.sys.geteuid()];
      for (const text of ['a\0\xff', 'longer', '']) same(c.sys.write(client, text), text.length, 'write');
      becomes(c, server, l.POLLIN);
      same(c.sys.receive(server, 65_536), ['a\0\xff', ...sender], 'the first');
      same(c.sys.receive(server, 4), ['long', ...sender], 'the second, cut');
      same(c.sys.receive(server, 4), ['', ...sender], 'the third');
      refuses(c.sys.receive(server, 4), l.EAGAIN, 'no more');
      for (const most of [0, -1, 65_537]) refuses(c.sys.receive(server, most), l.EINVAL, `${most} bytes`);
    },
  },
  {
    title: 'a datagram without a sender that is attested has pid 0 and no uid',
    needs: 'realPrograms',
    run: (c) => {
      const path = c.path('s');
      const server = stream(c, path, 1);
      const client = stream(c, path, CONNECT);
      const peer = c.closeLater(done(c.sys.accept(server), 'accept'));
      same(c.sys.write(client, 'x'), 1, 'write');
      same(c.sys.receive(peer, 9), ['x', 0, 2 ** 32 - 1], 'what a stream has');
    },
  },
  {
    title: 'socket says EINVAL or EAFNOSUPPORT for what is no address or family; accept ENOTSOCK and EBADF',
    run: (c) => {
      refuses(c.sys.accept(c.open(c.file('f'), l.O_RDONLY)), l.ENOTSOCK, 'a file');
      refuses(c.sys.accept(-1 as Fd), l.EBADF, 'no descriptor');
      refuses(c.sys.receive(c.open(c.file('g'), l.O_RDONLY), 9), l.ENOTSOCK, 'receive from a file');
      if (!c.can.realPrograms) return;
      refuses(c.sys.socket(l.AF_UNIX, l.SOCK_STREAM, 'x'.repeat(200), 1), l.EINVAL, 'a long path');
      refuses(c.sys.socket(l.AF_INET, l.SOCK_STREAM, '\0\x50', CONNECT), l.EINVAL, 'a short address');
      refuses(c.sys.socket(1000, l.SOCK_STREAM, '', CONNECT), l.EAFNOSUPPORT, 'no family');
    },
  },
];
