// HTTP/1 replies: what our server writes, and the first line of what another one answers.
//
// Read next: http-request.ts.
import type { Bytes } from '../abi/bytes.ts';

const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
} as const;

export interface Reply {
  readonly status: keyof typeof REASONS;
  /** Without its character set, which is UTF-8. */
  readonly type: string;
  readonly body: Bytes;
}

/** A reply that says its status in words. */
export const plainReply = (status: Reply['status']): Reply => ({
  status,
  type: 'text/plain',
  body: `${REASONS[status]}\n`,
});

/** As it is sent; without its body where only the head is wanted. */
export const replyText = ({ status, type, body }: Reply, headOnly: boolean): Bytes =>
  [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `Content-Type: ${type}; charset=utf-8`,
    `Content-Length: ${body.length}`,
    ...(status === 405 ? ['Allow: GET, HEAD'] : []),
    'Connection: close',
    '',
    headOnly ? '' : body,
  ].join('\r\n');

/** The longest first line that is read. */
export const STATUS_LINE_MAX = 1024;

/** The status in the first line of a reply; 'more': it is not complete; null: it is none. */
export const statusIn = (bytes: Bytes): number | 'more' | null => {
  const end = bytes.indexOf('\n');
  if (end < 0) return bytes.length < STATUS_LINE_MAX && /^[\t\x20-\xff]*\r?$/.test(bytes) ? 'more' : null;
  const status = /^HTTP\/1\.\d (\d{3})(?: |\r?$)/.exec(bytes.slice(0, end))?.[1];
  return status === undefined ? null : Number(status);
};
