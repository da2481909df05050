// The HTTP server and what it listens at, with real sockets and a clock that the test moves.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EAFNOSUPPORT, ECONNABORTED, ECONNRESET, EMFILE, ENOENT } from '../../../src/abi/errno.ts';
import { AF_UNIX, CLOCK_MONOTONIC, POLLIN, SOCK_STREAM } from '../../../src/abi/flags.ts';
import { type Pages, serve } from '../../../src/client/http-server.ts';
import { type Listener, listenAt } from '../../../src/client/listen.ts';
import { type Loop, newLoop, turn } from '../../../src/effects/loop.ts';
import { plainReply } from '../../../src/formats/http-reply.ts';
import { parseListenAddress } from '../../../src/formats/socket-address.ts';
import { type Calls, type Errno, type Fd, isErrno } from '../../../src/host/calls.ts';
import { sys, useHost } from '../../../src/host/sys.ts';
import { nodeHost } from '../../contract/node-host.ts';

const host = nodeHost();
const BIG = 3_000_000;
const GET = 'GET /a HTTP/1.1\r\n\r\n';

let dir = '';
let loop: Loop;
let aheadMs = 0;
let opened: Fd[] = [];
let warnings: number[] = [];

const must = <T>(result: T | Errno): T => {
  if (isErrno(result)) throw new Error(`refused: ${result}`);
  return result as T;
};

/** The host, with a clock that the test alone moves and some calls answered by the test. */
const use = (calls: Partial<Calls> = {}): void => {
  const clock: Calls['clock'] = (id) => (id === CLOCK_MONOTONIC ? [1000 + aheadMs / 1000, 0] : host.clock(id));
  useHost({ ...host, clock, ...calls });
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-http-'));
  aheadMs = 0;
  warnings = [];
  use();
  const [signals, other] = must(sys.pipe(0));
  opened = [signals, other];
  loop = newLoop(signals, () => {});
});
afterEach(() => {
  use();
  for (const fd of opened) sys.close(fd);
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string) => {
  const address = parseListenAddress(`unix:${join(dir, name)}`);
  if ('wrong' in address) throw new Error(address.wrong);
  return address;
};

const listening = (name = 's'): Listener => {
  const listener = listenAt(at(name));
  if (typeof listener === 'string') throw new Error(listener);
  return listener;
};

const pages: Pages = (path) => {
  if (path === '/big') return { status: 200, type: 'text/plain', body: 'x'.repeat(BIG) };
  return path === '/a' ? plainReply(200) : null;
};

const serving = (): void => {
  const { fd } = listening();
  opened.push(fd);
  serve(loop, fd, pages, (errno) => warnings.push(errno));
};

/** All that is due, without waiting. */
const settle = (): void => {
  for (let count = 0; count < 60; count++) turn(loop, 0);
};

const later = (ms: number): void => {
  aheadMs += ms;
  settle();
};

class Client {
  readonly fd = must(sys.socket(AF_UNIX, SOCK_STREAM, join(dir, 's'), 0));
  got = '';
  isClosed = false;

  constructor() {
    opened.push(this.fd);
    settle();
  }

  send(bytes: string): this {
    sys.write(this.fd, bytes);
    settle();
    return this;
  }

  /** What has arrived; then whether the server has closed. */
  read(): this {
    for (;;) {
      const bytes = sys.read(this.fd, 65_536);
      if (isErrno(bytes) && bytes !== -ECONNRESET) return this;
      this.isClosed = isErrno(bytes) || bytes === '';
      if (this.isClosed) return this;
      this.got += String(bytes);
      settle();
    }
  }

  leave(): void {
    opened = opened.filter((fd) => fd !== this.fd);
    sys.close(this.fd);
    settle();
  }
}

describe('the server', () => {
  it.each([
    [GET, 200],
    ['HEAD /a HTTP/1.1\r\n\r\n', 200],
    ['GET /b HTTP/1.1\r\n\r\n', 404],
    ['POST /b HTTP/1.1\r\n\r\n', 404],
    ['POST /a HTTP/1.1\r\n\r\n', 405],
  ])('answers %j with %d and closes', (text, status) => {
    serving();
    const client = new Client().send(text).read();
    expect(client.got).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(client.isClosed).toBe(true);
  });

  it('takes a request in pieces', () => {
    serving();
    const client = new Client();
    for (const byte of GET) client.send(byte);
    expect(client.read().got).toMatch(/^HTTP\/1.1 200 /);
  });

  it('lets a client that sent too much read the reply, for a second', () => {
    serving();
    const [patient, done] = [new Client().send('\0'), new Client().send(`${GET}more`)];
    expect([patient.read().got.slice(0, 12), patient.isClosed]).toEqual(['HTTP/1.1 400', false]);
    expect([done.read().got.slice(0, 12), done.isClosed]).toEqual(['HTTP/1.1 200', false]);
    patient.send('more');
    expect(loop.handlers.length).toBe(4);
    done.leave();
    expect(loop.handlers.length).toBe(3);
    later(1000);
    expect(patient.read().isClosed).toBe(true);
    expect([loop.handlers.length, loop.timers]).toEqual([2, []]);
  });

  it('closes what is no request after five seconds, and a reply that nobody reads after ten', () => {
    serving();
    const [slow, stuck] = [new Client().send('GET '), new Client().send('GET /big HTTP/1.1\r\n\r\n')];
    later(4900);
    expect(slow.read().isClosed).toBe(false);
    later(200);
    expect(slow.read().isClosed).toBe(true);
    later(4800);
    expect(loop.handlers.length).toBe(3);
    later(200);
    expect([loop.handlers.length, loop.timers]).toEqual([2, []]);
    expect(stuck.read().got.length).toBeLessThan(BIG);
  });

  it('sends a long reply as fast as it is read', () => {
    serving();
    expect(new Client().send('GET /big HTTP/1.1\r\n\r\n').read().got.length).toBeGreaterThan(BIG);
  });

  it('forgets a client that leaves, before its request or in the middle of the reply', () => {
    serving();
    new Client().leave();
    new Client().send('GET /').leave();
    new Client().send('GET /big HTTP/1.1\r\n\r\n').leave();
    expect([loop.handlers.length, loop.timers]).toEqual([2, []]);
  });

  it('has sixteen clients: one more takes the place of the oldest', () => {
    serving();
    const clients = Array.from({ length: 17 }, () => new Client());
    expect(clients.map((client) => client.read().isClosed)).toEqual([true, ...Array<boolean>(16).fill(false)]);
    expect(clients[16]?.send(GET).read().got).toMatch(/ 200 /);
  });

  it('lets nobody in for a second where a connection cannot be taken, and says so once', () => {
    serving();
    use({ accept: () => -EMFILE as Errno });
    const client = new Client();
    expect(loop.handlers.length).toBe(1);
    later(1100);
    expect([loop.handlers.length, warnings]).toEqual([1, [-EMFILE]]);
    use();
    later(900);
    expect(client.send(GET).read().got).toBe('');
    later(200);
    expect(client.read().got).toMatch(/ 200 /);
    use({ accept: () => -ECONNABORTED as Errno });
    expect(new Client().send(GET).read().got).toBe('');
    expect([loop.handlers.length, warnings]).toEqual([2, [-EMFILE]]);
  });
});

describe('a path to listen at', () => {
  it('has mode 0660, is refused while its server lives, and is removed at the end', () => {
    const umask = process.umask();
    const listener = listening();
    expect(process.umask()).toBe(umask);
    expect(statSync(join(dir, 's')).mode & 0o777).toBe(0o660);
    expect(listenAt(at('s'))).toBe('address already in use');
    listener.end();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('stays where it is not ours any more', () => {
    const listener = listening();
    rmSync(join(dir, 's'));
    writeFileSync(join(dir, 's'), '');
    listener.end();
    expect(readdirSync(dir)).toEqual(['s']);
    const gone = listening('gone');
    rmSync(join(dir, 'gone'));
    gone.end();
  });

  it('replaces the socket of a dead server', () => {
    sys.close(listening().fd);
    expect(existsSync(join(dir, 's'))).toBe(true);
    listening().end();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gives back what came between the looks', () => {
    sys.close(listening().fd);
    let other: Listener | null = null;
    use({
      rename: (from, to) => {
        rmSync(from);
        other = listening();
        return host.rename(from, to);
      },
    });
    expect(listenAt(at('s'))).toBe('address already in use');
    expect(readdirSync(dir)).toEqual(['s']);
    (other as Listener | null)?.end();
  });

  it('says why it cannot be', () => {
    mkdirSync(join(dir, 'd'));
    expect(listenAt(at('d'))).toBe('file exists and is not a socket');
    expect(listenAt(at('none/s'))).toBe('file does not exist');
    sys.close(listening().fd);
    use({ rename: () => -ENOENT as Errno });
    expect(listenAt(at('s'))).toBe('file does not exist');
    use({ lstat: () => -ENOENT as Errno });
    expect(listenAt(at('s'))).toBe('file does not exist');
    use({ socket: () => -EAFNOSUPPORT as Errno });
    expect(listenAt(at('t'))).toBe('address family not supported');
  });

  it('is an address in place of a path', () => {
    const address = parseListenAddress('127.0.0.1:1');
    if ('wrong' in address) throw new Error(address.wrong);
    use({ socket: () => must(host.pipe(0))[0] });
    const listener = listenAt(address);
    if (typeof listener === 'string') throw new Error(listener);
    expect(sys.poll([listener.fd, POLLIN], 0)).toEqual([0]);
    listener.end();
  });
});
