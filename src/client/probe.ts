// One look at a service from outside: whether a page answers, a connection is accepted, a file is there.
//
// Promises: never waits beyond the deadline; a redirect counts as an answer and is not followed; of a reply only the first line is
// read. Must be told: SIGPIPE is caught. Read next: ../formats/probe-target.ts, ../applets/svprobe.ts.
import type { Bytes } from '../abi/bytes.ts';
import { EAGAIN, EINTR, ETIMEDOUT } from '../abi/errno.ts';
import { POLLERR, POLLIN, POLLOUT, SOCK_STREAM } from '../abi/flags.ts';
import { VERSION } from '../cli/version.ts';
import { STATUS_LINE_MAX, statusIn } from '../formats/http-reply.ts';
import type { ProbeTarget } from '../formats/probe-target.ts';
import type { SocketAddress } from '../formats/socket-address.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { socketErrorText } from './socket-errors.ts';

const CONNECT = 0;
const GOOD_FROM = 200;
const BAD_FROM = 400;

/** What is wrong; '': all is well. */
type Why = string;

/** The events that came, or an errno: -ETIMEDOUT at the deadline. */
const awaitEvents = (fd: Fd, wanted: number, deadlineMs: number): number => {
  let events = 0;
  const ready = (came: number): void => {
    events = came;
  };
  while (events === 0 && monotonicMs() < deadlineMs) waitOnce([{ fd, events: wanted, ready }], deadlineMs);
  return events === 0 ? -ETIMEDOUT : events;
};

/** Whether the connection stands: an error of the socket is what a read gives. */
const connected = (fd: Fd, deadlineMs: number): Why => {
  const events = awaitEvents(fd, POLLOUT, deadlineMs);
  if (events < 0) return socketErrorText(events);
  if ((events & POLLERR) === 0) return '';
  const bytes = sys.read(fd, 1);
  return isErrno(bytes) ? socketErrorText(bytes) : 'connection closed';
};

const request = (host: Bytes, path: Bytes): Bytes =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    `User-Agent: svprobe/${VERSION}`,
    'Accept: */*',
    'Connection: close',
    '',
    '',
  ].join('\r\n');

/** All of it goes out; else why not. */
const put = (fd: Fd, text: Bytes, deadlineMs: number): Why => {
  let rest = text;
  while (rest !== '') {
    const written = sys.write(fd, rest);
    if (!isErrno(written)) rest = rest.slice(written);
    else if (written !== -EAGAIN && written !== -EINTR) return socketErrorText(written);
    else if (awaitEvents(fd, POLLOUT, deadlineMs) < 0) return socketErrorText(ETIMEDOUT);
  }
  return '';
};

const judge = (status: number | null): Why => {
  if (status === null) return 'no HTTP reply';
  return status >= GOOD_FROM && status < BAD_FROM ? '' : `status ${status}`;
};

const replied = (fd: Fd, deadlineMs: number): Why => {
  let got = '';
  for (;;) {
    if (awaitEvents(fd, POLLIN, deadlineMs) < 0) return socketErrorText(ETIMEDOUT);
    const bytes = sys.read(fd, STATUS_LINE_MAX);
    if (bytes === -EAGAIN || bytes === -EINTR) continue;
    if (isErrno(bytes)) return socketErrorText(bytes);
    if (bytes === '') return got === '' ? 'closed without a reply' : judge(null);
    got += bytes;
    const status = statusIn(got);
    if (status !== 'more') return judge(status);
  }
};

const probeAddress = ({ family, bytes }: SocketAddress, talk: (fd: Fd) => Why, deadlineMs: number): Why => {
  const fd = sys.socket(family, SOCK_STREAM, bytes, CONNECT);
  if (isErrno(fd)) return socketErrorText(fd);
  const why = connected(fd, deadlineMs) || talk(fd);
  sys.close(fd);
  return why;
};

/** '' where all is well; else why not. `deadlineMs` is monotonic. */
export const probe = (target: ProbeTarget, deadlineMs: number): Why => {
  if (target.kind === 'file') {
    const stat = sys.stat(target.path);
    return isErrno(stat) ? socketErrorText(stat) : '';
  }
  const talk = (fd: Fd): Why =>
    target.kind === 'connection'
      ? ''
      : put(fd, request(target.host, target.path), deadlineMs) || replied(fd, deadlineMs);
  let first: Why | null = null;
  for (const address of target.addresses) {
    const why = probeAddress(address, talk, deadlineMs);
    if (why === '') return why;
    // the first address is the one that people mean
    first ??= why;
  }
  return first ?? '';
};
