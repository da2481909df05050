// What svprobe looks at: an HTTP page, a port, a socket's path, or a file.
//
// Promises: pure; names of hosts are not looked up, but `localhost` is known. Read next: socket-address.ts, ../client/probe.ts.
import type { Bytes } from '../abi/bytes.ts';
import { type ParseError, parseError } from './parse-error.ts';
import { hostAddress, pathAddress, portIn, type SocketAddress } from './socket-address.ts';

export type ProbeTarget =
  | { readonly kind: 'file'; readonly path: Bytes }
  /** Any of the addresses will do. */
  | { readonly kind: 'connection'; readonly addresses: readonly SocketAddress[] }
  | { readonly kind: 'page'; readonly addresses: readonly SocketAddress[]; readonly host: Bytes; readonly path: Bytes };

const HTTP_PORT = 80;
const LOCALHOST: readonly Bytes[] = ['127.0.0.1', '[::1]'];

/** `HOST:PORT`; the port may be left out where `port` is given. */
const addressesOf = (text: Bytes, port: number | null): readonly SocketAddress[] | ParseError => {
  // those within brackets belong to the address
  const at = text.indexOf(':', text.indexOf(']') + 1);
  const chosen = at < 0 ? port : portIn(text.slice(at + 1));
  if (chosen === null) return parseError(`expected a port from 1 to 65535 in '${text}'`);
  const host = at < 0 ? text : text.slice(0, at);
  const hosts = host === 'localhost' ? LOCALHOST : [host];
  const addresses = hosts.flatMap((each) => hostAddress(each, chosen) ?? []);
  return addresses.length > 0 ? addresses : parseError(`expected an address or localhost, got '${host}'`);
};

const page = (rest: Bytes): ProbeTarget | ParseError => {
  if (!/^[\x21-\x7e]*$/.test(rest)) return parseError('expected no blanks and control bytes in the address of a page');
  const at = `${rest}/`.search(/[/?]/);
  const host = rest.slice(0, at);
  const addresses = addressesOf(host, HTTP_PORT);
  if ('wrong' in addresses) return addresses;
  const path = rest.slice(at);
  return { kind: 'page', addresses, host, path: path.startsWith('/') ? path : `/${path}` };
};

const connection = (addresses: readonly SocketAddress[] | ParseError): ProbeTarget | ParseError =>
  'wrong' in addresses ? addresses : { kind: 'connection', addresses };

const path = (rest: Bytes): ProbeTarget | ParseError => {
  const address = pathAddress(rest);
  return 'wrong' in address ? address : connection([address]);
};

const file = (rest: Bytes): ProbeTarget | ParseError =>
  rest === '' ? parseError('expected the path of a file') : { kind: 'file', path: rest };

const KINDS: Readonly<Record<string, (rest: Bytes) => ProbeTarget | ParseError>> = {
  'http://': page,
  'tcp:': (rest) => connection(addressesOf(rest, null)),
  'unix:': path,
  'file:': file,
};

export const parseProbeTarget = (text: Bytes): ProbeTarget | ParseError => {
  const kind = Object.keys(KINDS).find((each) => text.startsWith(each));
  const read = kind === undefined ? undefined : KINDS[kind];
  if (read !== undefined) return read(text.slice(kind?.length));
  return parseError(`expected http://HOST:PORT/PATH, tcp:HOST:PORT, unix:PATH or file:PATH, got '${text}'`);
};
