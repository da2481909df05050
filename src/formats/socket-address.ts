// Socket addresses: as people write them, and as system calls take them.
//
// Promises: pure; names of hosts are not looked up. Read next: ../host/c/sockets.c (who takes them).
import type { Bytes } from '../abi/bytes.ts';
import { AF_INET, AF_INET6, AF_UNIX } from '../abi/flags.ts';
import { wholeNumber } from './decimal.ts';
import { type ParseError, parseError } from './parse-error.ts';

export interface SocketAddress {
  readonly family: number;
  /** The system call's structure without its family. */
  readonly bytes: Bytes;
}

const MOST_PORT = 65_535;
const MOST_BYTE = 255;
/** `sun_path` without its NUL. */
export const LONGEST_SOCKET_PATH = 107;
const GROUPS = 8;

const twoBytes = (value: number): Bytes => String.fromCharCode(value >> 8, value & MOST_BYTE);

/** What system calls take for an IPv4 address of four bytes. */
export const inetAddress = (address: Bytes, port: number): Bytes => `${twoBytes(port)}${address}${'\0'.repeat(8)}`;

/** What they take for an IPv6 address of sixteen bytes: port, flow, address, scope. */
const inet6Address = (address: Bytes, port: number): Bytes => `${twoBytes(port)}\0\0\0\0${address}\0\0\0\0`;

/** Without zeros in front: to some programs these mean an octal number. */
const byteIn = (text: Bytes): number | null => (/^(0|[1-9]\d{0,2})$/.test(text) ? wholeNumber(text, MOST_BYTE) : null);

/** The bytes of `127.0.0.1`; null where it is none. */
const dottedBytes = (text: Bytes): Bytes | null => {
  const parts = text.split('.').map(byteIn);
  return parts.length === 4 && !parts.includes(null) ? String.fromCharCode(...(parts as number[])) : null;
};

/** The bytes of groups between colons, the last of which may be a dotted address; null where any is none. */
const groupBytes = (text: Bytes): Bytes | null => {
  const groups = text === '' ? [] : text.split(':');
  const parts = groups.map((group, at) => {
    if (/^[0-9a-f]{1,4}$/i.test(group)) return twoBytes(Number(`0x${group}`));
    return at === groups.length - 1 ? dottedBytes(group) : null;
  });
  return parts.includes(null) ? null : parts.join('');
};

/** The bytes of `::1`; null where it is none. */
const colonBytes = (text: Bytes): Bytes | null => {
  const [head = '', tail, more] = text.split('::');
  const before = groupBytes(head);
  if (tail === undefined) return before?.length === 2 * GROUPS ? before : null;
  const after = groupBytes(tail);
  if (more !== undefined || before === null || after === null || head.includes('.')) return null;
  const missing = 2 * GROUPS - before.length - after.length;
  return missing < 2 ? null : `${before}${'\0'.repeat(missing)}${after}`;
};

/** `127.0.0.1`, or an IPv6 address in brackets, and a port; null where it is no address. */
export const hostAddress = (host: Bytes, port: number): SocketAddress | null => {
  const dotted = dottedBytes(host);
  if (dotted !== null) return { family: AF_INET, bytes: inetAddress(dotted, port) };
  const colons = /^\[(.*)\]$/.exec(host)?.[1];
  const bytes = colons === undefined ? null : colonBytes(colons);
  return bytes === null ? null : { family: AF_INET6, bytes: inet6Address(bytes, port) };
};

export const portIn = (text: Bytes): number | null => wholeNumber(text, MOST_PORT) || null;

/** The address of a socket in the file system. */
export const pathAddress = (path: Bytes): SocketAddress | ParseError =>
  path === '' || path.length > LONGEST_SOCKET_PATH
    ? parseError(`expected a path of 1 to ${LONGEST_SOCKET_PATH} bytes, got ${path.length}`)
    : { family: AF_UNIX, bytes: path };

/** Where to listen. */
export interface ListenAddress extends SocketAddress {
  /** In the file system; null: it has a port. */
  readonly path: Bytes | null;
}

const UNIX = 'unix:';

/** `127.0.0.1:9101`, `[::1]:9101`, `unix:/run/metrics.sock`. */
export const parseListenAddress = (text: Bytes): ListenAddress | ParseError => {
  if (text.startsWith(UNIX)) {
    const path = text.slice(UNIX.length);
    const address = pathAddress(path);
    return 'wrong' in address ? address : { ...address, path };
  }
  const at = text.lastIndexOf(':');
  const port = portIn(text.slice(at + 1));
  const address = port === null ? null : hostAddress(text.slice(0, Math.max(0, at)), port);
  return address === null
    ? parseError(`expected an address such as 127.0.0.1:9101, [::1]:9101 or unix:/run/metrics.sock, got '${text}'`)
    : { ...address, path: null };
};
