// What comes from a network, and addresses that people write.
import { plainReply, replyText, statusIn } from '../../../src/formats/http-reply.ts';
import { readRequest, REQUEST_MAX } from '../../../src/formats/http-request.ts';
import { decodeNotify, NOTIFY_MAX, NOTIFY_TEXT_MAX, type NotifyEvent } from '../../../src/formats/notify.ts';
import { inOrder } from '../../../src/formats/notify-turn.ts';
import type { Now, Service } from '../../../src/machine/service/model.ts';
import { handleReadiness, newTold, type ReadinessEvent } from '../../../src/machine/service/readiness.ts';
import { newService } from '../../../src/machine/service/table.ts';
import { validUtf8 } from '../../../src/formats/json.ts';
import { isParseError } from '../../../src/formats/parse-error.ts';
import { LONGEST_SOCKET_PATH, parseListenAddress } from '../../../src/formats/socket-address.ts';
import { AF_INET, AF_UNIX } from '../../../src/abi/flags.ts';
import { insist, same, type Target } from '../model.ts';

export const requests: Target = {
  name: 'requests',
  files: /src\/formats\/http-request\.ts$/,
  words: ['GET ', 'HEAD ', '/metrics', '?a', 'http://x', ' HTTP/1.1', '\r\n', '\n', '\r\n\r\n', 'Host: a', ':', '\0'],
  longest: REQUEST_MAX + 100,
  seeds: [
    'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n',
    'HEAD http://a/b?c HTTP/1.0\nA:\n\n',
    '\x16\x03\x01',
    `GET / HTTP/1.1\r\nA: ${'x'.repeat(REQUEST_MAX)}\r\n\r\n`,
  ],
  run(input) {
    const request = readRequest(input);
    insist(request !== 'more' || input.length < REQUEST_MAX, 'no head is awaited for ever');
    if (typeof request === 'object') {
      insist(/^[!-~]+$/.test(request.method) && /^[!-~]+$/.test(request.path), 'method and path are words');
      insist(!request.path.includes('?'), 'a path has no query');
      same(readRequest(`${input}more`), request, 'what follows');
    }
    if (request === 'wrong') same(readRequest(`${input}\r\n\r\n`), 'wrong', 'what is wrong stays wrong');
    // bytes that arrive one by one
    const early = readRequest(input.slice(0, input.length >> 1));
    insist(early === 'more' || request !== 'more', 'what was decided stays decided');
  },
};

export const replies: Target = {
  name: 'replies',
  files: /src\/formats\/http-reply\.ts$/,
  words: ['HTTP/1.1 ', '200', ' OK', '\r\n', '\n'],
  longest: 2000,
  seeds: [replyText(plainReply(200), false), replyText(plainReply(405), true), 'HTTP/1.0 503\n', '\0'],
  run(input) {
    const status = statusIn(input);
    insist(typeof status !== 'number' || (status >= 0 && status <= 999), 'a status has three digits');
    if (status !== 'more') same(statusIn(`${input}x`), status, 'what follows');
  },
};

export const listenAddresses: Target = {
  name: 'listen addresses',
  files: /src\/formats\/socket-address\.ts$/,
  words: ['127.0.0.1', ':9101', '[::1]', '::', 'ffff:', ']:1', 'unix:', '/run/a', '.'],
  longest: 200,
  seeds: ['127.0.0.1:9101', '[::1]:9101', 'unix:/run/m.sock', '[::ffff:1.2.3.4]:1', '[1:2:3:4:5:6:7:8]:80'],
  run(input) {
    const address = parseListenAddress(input);
    if (isParseError(address)) return;
    const { family, bytes, path } = address;
    if (family === AF_UNIX) {
      insist(path === bytes && bytes.length > 0 && bytes.length <= LONGEST_SOCKET_PATH, 'a path fits');
      return;
    }
    same([path, bytes.length], [null, family === AF_INET ? 14 : 26], 'the size of the structure');
    same(Number(input.slice(input.lastIndexOf(':') + 1)), bytes.charCodeAt(0) * 256 + bytes.charCodeAt(1), 'port');
    if (family === AF_INET) return;
    // as the platform's own reader of addresses has it
    const { hostname } = new URL(`http://${input.slice(0, input.lastIndexOf(':'))}/`);
    const groups = Array.from({ length: 8 }, (_, at) =>
      (bytes.charCodeAt(6 + 2 * at) * 256 + bytes.charCodeAt(7 + 2 * at)).toString(16),
    );
    same(new URL(`http://[${groups.join(':')}]/`).hostname, hostname, 'address');
  },
};

/** Three states, and each other kind once. */
const TURN_MOST = 10;
const NOW: Now = { ms: 1000, wall: { sec: 1_700_000_000, nsec: 0 } };
const STARTED: Service = {
  ...newService('up', true, NOW),
  state: 'up',
  process: { pid: 7, startedMs: 0, paused: false, gotTerm: false },
};
const TOLD = newTold('socket', null);
const BEGUN: Service = handleReadiness(
  STARTED,
  { kind: 'began', policy: { by: 'socket', checkMs: null, upMs: 5000, watchdogMs: 3000 }, told: TOLD },
  NOW,
).service;

/** What counts in the end of what a service has told. */
const toldBy = (events: readonly NotifyEvent[]): readonly unknown[] => {
  let service = BEGUN;
  for (const event of events) {
    if (event.kind === 'mainPid') continue;
    const told: ReadinessEvent = event.kind === 'ready' ? { kind: 'ready', by: 'socket' } : event;
    ({ service } = handleReadiness(service, told, NOW));
  }
  const { ready, stopping, text, reloading } = service.life?.told ?? TOLD;
  return [ready, stopping, text, !stopping && reloading];
};

export const notifications: Target = {
  name: 'notifications',
  files: /src\/formats\/notify(-turn)?\.ts$|src\/machine\/service\/readiness\.ts$/,
  words: [
    'READY=1',
    'STATUS=',
    '\n',
    'WATCHDOG=',
    'trigger',
    'WATCHDOG_USEC=',
    '1000',
    'MAINPID=',
    'EXTEND_TIMEOUT_USEC=',
  ],
  longest: NOTIFY_MAX + 100,
  seeds: [
    'READY=1\nSTATUS=up\nMAINPID=7',
    'RELOADING=1\nMONOTONIC_USEC=1',
    'STOPPING=1\nRESTART_RESET=1',
    'WATCHDOG=1\nWATCHDOG=trigger\nWATCHDOG_USEC=1',
    `STATUS=${'x'.repeat(NOTIFY_MAX)}`,
    `X=${'x'.repeat(NOTIFY_MAX)}`,
  ],
  run(input) {
    const events = decodeNotify(input);
    insist(events.length <= input.split('\n').length, 'a line is one event at most');
    for (const event of events) {
      if ('ms' in event) insist(Number.isInteger(event.ms) && event.ms >= 0 && event.ms < 2 ** 31, 'a time is one');
      if ('pid' in event) insist(Number.isInteger(event.pid) && event.pid > 0, 'a pid is one');
      if (!('text' in event)) continue;
      insist(event.text.length <= NOTIFY_TEXT_MAX && validUtf8(event.text) === event.text, 'a text is short and UTF-8');
      insist(!/[\0-\x1f\x7f]/.test(event.text), 'a text has no control bytes');
    }
    // where nothing was cut, lines speak for themselves
    if (input.length <= NOTIFY_MAX) same(input.split('\n').flatMap(decodeNotify), events, 'line by line');
    const turn = inOrder(events);
    insist(turn.length <= TURN_MOST, 'a turn has a handful of events');
    same(inOrder(turn), turn, 'and in order it stays as it is');
    same(toldBy(turn), toldBy(events), 'it says what all of its messages say one by one');
  },
};
