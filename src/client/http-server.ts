// A small HTTP server for a few pages that are made anew for each request, such as metrics.
//
// Promises: a request has 4 KiB and 5 s, its reply 10 s. There are at most 16 connections; one more closes the oldest, so that
// clients that are silent or slow hold nobody up. One reply a connection. Never waits, but in the loop that calls it.
// Must be told: SIGPIPE is caught, or a client that goes away would end the process.
// Read next: ../formats/http-request.ts, listen.ts, ../effects/loop.ts.
import type { Bytes } from '../abi/bytes.ts';
import { EAGAIN, ECONNABORTED, EINTR } from '../abi/errno.ts';
import { POLLOUT } from '../abi/flags.ts';
import { type Loop, newTimer, setTimer, type Timer, unwatch, watch } from '../effects/loop.ts';
import { plainReply, type Reply, replyText } from '../formats/http-reply.ts';
import { readRequest, type Request, REQUEST_MAX } from '../formats/http-request.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';

const MOST_CONNECTIONS = 16;
const REQUEST_MS = 5000;
const REPLY_MS = 10_000;
/** How long a client that sent more than was read may go on, before the close that would cost it the reply. */
const LINGER_MS = 1000;
/** How long nobody is let in where a connection cannot be taken. */
const REST_MS = 1000;
const CHUNK = 65_536;

/** A page by its path; null: there is none. */
export type Pages = (path: Bytes) => Reply | null;

interface Connection {
  readonly fd: Fd;
  readonly deadline: Timer;
  input: Bytes;
  output: Bytes;
  /** Bytes of it that are sent. */
  sent: number;
  /** Whether more may come than was read. */
  lingers: boolean;
}

interface Server {
  readonly loop: Loop;
  readonly listener: Fd;
  readonly pages: Pages;
  /** The oldest first. */
  readonly connections: Connection[];
}

const METHODS: readonly Bytes[] = ['GET', 'HEAD'];

const replyTo = (request: Request | 'wrong', pages: Pages): Bytes => {
  if (request === 'wrong') return replyText(plainReply(400), false);
  const { method, path } = request;
  const page = METHODS.includes(method) ? pages(path) : pages(path) && plainReply(405);
  return replyText(page ?? plainReply(404), method === 'HEAD');
};

const close = ({ loop, connections }: Server, connection: Connection): void => {
  setTimer(loop, connection.deadline, null);
  unwatch(loop, connection.fd);
  sys.close(connection.fd);
  connections.splice(connections.indexOf(connection), 1);
};

const isPassing = (result: unknown): boolean => result === -EAGAIN || result === -EINTR;

/** Takes what still comes, until the client has read the reply and closes. */
const drain = (server: Server, connection: Connection): void => {
  const bytes = sys.read(connection.fd, CHUNK);
  if (bytes === '' || (isErrno(bytes) && !isPassing(bytes))) close(server, connection);
};

const finish = (server: Server, connection: Connection): void => {
  const { loop } = server;
  if (!connection.lingers) {
    close(server, connection);
    return;
  }
  unwatch(loop, connection.fd);
  watch(loop, connection.fd, () => drain(server, connection));
  setTimer(loop, connection.deadline, monotonicMs() + LINGER_MS);
};

const send = (server: Server, connection: Connection): void => {
  const { output, fd } = connection;
  while (connection.sent < output.length) {
    const written = sys.write(fd, output.slice(connection.sent, connection.sent + CHUNK));
    if (isPassing(written)) return;
    if (isErrno(written)) {
      close(server, connection);
      return;
    }
    connection.sent += written;
  }
  finish(server, connection);
};

const answer = (server: Server, connection: Connection, request: Request | 'wrong'): void => {
  const { loop, pages } = server;
  connection.lingers = request === 'wrong' || !/\n\r?\n$/.test(connection.input);
  connection.output = replyTo(request, pages);
  unwatch(loop, connection.fd);
  setTimer(loop, connection.deadline, monotonicMs() + REPLY_MS);
  watch(loop, connection.fd, () => send(server, connection), POLLOUT);
};

const receive = (server: Server, connection: Connection): void => {
  const bytes = sys.read(connection.fd, REQUEST_MAX);
  if (isPassing(bytes)) return;
  if (isErrno(bytes) || bytes === '') {
    close(server, connection);
    return;
  }
  connection.input += bytes;
  const request = readRequest(connection.input);
  if (request !== 'more') answer(server, connection, request);
};

const welcome = (server: Server, fd: Fd): void => {
  const { loop, connections } = server;
  const [oldest] = connections;
  if (oldest !== undefined && connections.length >= MOST_CONNECTIONS) close(server, oldest);
  const deadline = newTimer(() => close(server, connection));
  const connection: Connection = { fd, deadline, input: '', output: '', sent: 0, lingers: false };
  connections.push(connection);
  setTimer(loop, deadline, monotonicMs() + REQUEST_MS);
  watch(loop, fd, () => receive(server, connection));
};

/** Nothing is wrong: somebody else has it, or its client has left. */
const PASSING: readonly number[] = [EAGAIN, EINTR, ECONNABORTED];

/** A connection that cannot be taken stays where it is: looking at it again at once would not end. */
const rest = ({ loop, listener }: Server, admit: () => void): void => {
  unwatch(loop, listener);
  const timer = newTimer(() => watch(loop, listener, admit));
  setTimer(loop, timer, monotonicMs() + REST_MS);
};

/** Serves pages to whoever connects, for as long as the loop turns. `warn` gets the errno of a connection that cannot be taken. */
export const serve = (loop: Loop, listener: Fd, pages: Pages, warn: (errno: number) => void): void => {
  const server: Server = { loop, listener, pages, connections: [] };
  let warned = false;
  const admit = (): void => {
    // one a turn: those that are let in have their turn between
    const fd = sys.accept(listener);
    if (isErrno(fd)) {
      if (PASSING.includes(-fd)) return;
      if (!warned) warn(fd);
      rest(server, admit);
    } else welcome(server, fd);
    warned = isErrno(fd);
  };
  watch(loop, listener, admit);
};
