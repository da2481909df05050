// svprobe in this process, with real sockets: what it says of servers that do not do what they should.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EAGAIN, ECONNRESET, EHOSTUNREACH, EPIPE } from '../../../src/abi/errno.ts';
import { AF_UNIX, POLLERR, POLLOUT, SOCK_STREAM } from '../../../src/abi/flags.ts';
import { multicall } from '../../../src/applets/runitbox.ts';
import { type Calls, type Done, type Errno, type Fd, isErrno } from '../../../src/host/calls.ts';
import { useHost } from '../../../src/host/sys.ts';
import { applets } from '../../../src/whole.ts';
import { nodeHost } from '../../contract/node-host.ts';

const host = nodeHost();
let dir = '';
let listener: Fd;
let peers: Fd[] = [];

const must = <T>(result: T | Errno): T => {
  if (isErrno(result)) throw new Error(`refused: ${result}`);
  return result as T;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-probe-'));
  listener = must(host.socket(AF_UNIX, SOCK_STREAM, join(dir, 's'), 4));
  peers = [listener];
});
afterEach(() => {
  for (const fd of peers) host.close(fd);
  rmSync(dir, { recursive: true, force: true });
});

interface Server {
  /** What it answers, piece by piece; null: it closes. */
  readonly says?: readonly (string | null)[];
  readonly calls?: Partial<Calls>;
}

/** Runs svprobe against a server at whatever address. */
const probe = (words: readonly string[], { says = [], calls = {} }: Server = {}): { code: number; err: string } => {
  let err = '';
  const rest = [...says];
  let peer: Fd | null = null;
  const answer = (): void => {
    if (peer === null) {
      peer = must(host.accept(listener));
      peers.push(peer);
    }
    const text = rest.shift();
    // what was not read would make a reset of the close
    if (text === null) host.read(peer, 4096);
    if (text === null) host.close(peers.pop() as Fd);
    else if (text !== undefined) host.write(peer, text);
  };
  const here: Partial<Calls> = {
    catchSignals: () => 0 as Fd,
    socket: (_family, type, _address, backlog) => host.socket(AF_UNIX, type, join(dir, 's'), backlog),
    write: (fd, data) => {
      if (fd !== 2) return host.write(fd, data);
      err += data;
      return data.length as Done;
    },
    poll: (fds, timeoutMs) => {
      if (fds[1] === 1 && rest.length > 0) answer();
      return host.poll(fds, timeoutMs);
    },
    ...calls,
  };
  useHost({ ...host, ...here });
  return { code: multicall(applets, ['svprobe', ...words]), err };
};

const PAGE = 'http://127.0.0.1:80/a';

describe('a page', () => {
  it.each([
    [['HTTP/1.1 200 OK\r\n'], 0, ''],
    [['HTTP/1.0 ', '399\n'], 0, ''],
    [['HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\n'], 0, ''],
    [['HTTP/1.1 199 ?\r\n'], 1, 'status 199'],
    [['HTTP/1.1 404 Not Found\r\n'], 1, 'status 404'],
    [['HTTP/1.1 500 Oh\r\n'], 1, 'status 500'],
    [['220 mail\r\n'], 1, 'no HTTP reply'],
    [[null], 1, 'closed without a reply'],
    [['HTTP', null], 1, 'no HTTP reply'],
  ])('that says %j: exit %d %s', (says, code, why) => {
    expect(probe([PAGE], { says })).toEqual({ code, err: why === '' ? '' : `svprobe: ${PAGE}: ${why}\n` });
  });

  it('of a server that says nothing: fails in time', () => {
    const beganMs = performance.now();
    expect(probe(['-t', '50', PAGE])).toEqual({ code: 1, err: `svprobe: ${PAGE}: timed out\n` });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(49);
  });

  it('of a server that takes nothing: fails in time', () => {
    let polls = 0;
    const calls: Partial<Calls> = {
      write: (fd, data) => (fd === 2 ? (data.length as Done) : (-EAGAIN as Errno)),
      // connected, and never writable again
      poll: ([fd = 0], timeoutMs) => (polls++ === 0 ? [POLLOUT] : host.poll([fd, 0], timeoutMs)),
    };
    expect(probe(['-t', '20', PAGE], { calls }).code).toBe(1);
  });

  it.each([
    ['write', EPIPE, 'broken pipe'],
    ['read', ECONNRESET, 'connection reset'],
  ] as const)('whose %s fails with %d: %s', (call, errno, why) => {
    let err = '';
    const write: Calls['write'] = (fd, data) => {
      if (fd === 2) err += data;
      else if (call === 'write') return -errno as Errno;
      return data.length as Done;
    };
    const read: Calls['read'] = (fd, max) => (call === 'read' ? (-errno as Errno) : host.read(fd, max));
    expect(probe([PAGE], { says: ['x'], calls: { write, read } }).code).toBe(1);
    expect(err).toBe(`svprobe: ${PAGE}: ${why}\n`);
  });
});

describe('a connection', () => {
  it('that is accepted is enough', () => {
    expect(probe([`unix:${dir}/s`])).toEqual({ code: 0, err: '' });
    expect(probe(['tcp:[::1]:1'])).toEqual({ code: 0, err: '' });
  });

  it('is tried with each address of localhost, and the first says why', () => {
    let tries = 0;
    const families: number[] = [];
    const socket: Calls['socket'] = (family) => {
      families.push(family);
      return (tries++ % 2 === 0 ? -EHOSTUNREACH : -ECONNRESET) as Errno;
    };
    expect(probe(['tcp:localhost:1'], { calls: { socket } }).err).toBe('svprobe: tcp:localhost:1: host unreachable\n');
    expect(families).toEqual([2, 10]);
  });

  it.each([
    [-ECONNRESET as Errno, 'connection reset'],
    ['', 'connection closed'],
  ])('whose error is %j', (bytes, why) => {
    const calls = { poll: () => [POLLERR], read: () => bytes };
    expect(probe(['tcp:127.0.0.1:1'], { calls }).err).toBe(`svprobe: tcp:127.0.0.1:1: ${why}\n`);
  });

  it('that nobody decides about fails in time', () => {
    expect(probe(['-t', '1', 'tcp:127.0.0.1:1'], { calls: { poll: () => [0] } }).err).toContain('timed out');
  });
});

describe('a file', () => {
  it('is there or not', () => {
    writeFileSync(join(dir, 'f'), '');
    expect(probe([`file:${dir}/f`])).toEqual({ code: 0, err: '' });
    expect(probe(['file:/no\nwhere'])).toEqual({ code: 1, err: 'svprobe: file:/no?where: file does not exist\n' });
  });
});

describe('words', () => {
  it('may be those that the kernel passes to an interpreter', () => {
    writeFileSync(join(dir, 'f'), '');
    expect(probe([`-t 500  file:${dir}/f`, './check'])).toEqual({ code: 0, err: '' });
    expect(probe([`file:${dir}/f`, './check'])).toEqual({ code: 0, err: '' });
  });

  it.each([
    [[], 'usage: svprobe '],
    [['-t'], 'svprobe: option requires an argument -- t\n'],
    [['-x', 'file:/'], 'svprobe: illegal option -- x\n'],
    [['-t', '0', 'file:/'], "svprobe: -t: expected milliseconds from 1 to 3600000, got '0'\n"],
    [['-t', '1s', 'file:/'], "svprobe: -t: expected milliseconds from 1 to 3600000, got '1s'\n"],
    [['file:/', './check', 'more'], 'usage: svprobe '],
    [['ftp:x'], 'svprobe: expected http://HOST:PORT/PATH, tcp:HOST:PORT, unix:PATH or file:PATH, got '],
  ])('%j are wrong', (words, begin) => {
    const { code, err } = probe(words);
    expect([code, err.slice(0, begin.length)]).toEqual([100, begin]);
  });
});
