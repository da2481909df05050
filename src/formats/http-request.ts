// The head of an HTTP/1 request, as a server of a few fixed pages reads it.
//
// Promises: pure; each byte is looked at a bounded number of times. What is no request is told as early as it shows.
// Read next: http-reply.ts, ../client/http-server.ts.
import type { Bytes } from '../abi/bytes.ts';

/** A longer head is wrong. */
export const REQUEST_MAX = 4096;

export interface Request {
  readonly method: Bytes;
  /** Without host and query. */
  readonly path: Bytes;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP\/1\.\d$/;
const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0-\x08\x0a-\x1f\x7f]*$/;
/** How a first line may begin that is not complete yet. */
const BEGINS = /^[\x20-\x7e]*\r?$/;

const pathIn = (target: Bytes): Bytes => target.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*/, '') || '/';

/** The request at the start of `bytes`; 'more': its head is not complete; 'wrong': it will never be one. */
export const readRequest = (bytes: Bytes): Request | 'more' | 'wrong' => {
  const lines = bytes.slice(0, REQUEST_MAX).split('\n');
  const end = lines.findIndex((line, at) => at < lines.length - 1 && (line === '' || line === '\r'));
  if (end < 0) {
    const [first = ''] = lines;
    const isRight = lines.length > 1 ? REQUEST_LINE.test(first.replace(/\r$/, '')) : BEGINS.test(first);
    return isRight && bytes.length < REQUEST_MAX ? 'more' : 'wrong';
  }
  const [first = '', ...fields] = lines.slice(0, end).map((line) => line.replace(/\r$/, ''));
  const [, method, target] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined || !fields.every((field) => FIELD.test(field))) return 'wrong';
  return { method, path: pathIn(target) };
};
