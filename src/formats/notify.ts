// Messages of sd_notify(3): what a service tells its supervisor, as datagrams of `NAME=value` lines.
//
// Promises: pure; any bytes give events, in the order of the lines. Names and values that mean nothing here are left out. Whether
// the sender is believed is for others to decide.
// Read next: ../host/c/sockets.c (who receives them).
import type { Bytes } from '../abi/bytes.ts';
import { wholeNumber } from './decimal.ts';
import { plainText } from './json.ts';

export type NotifyEvent =
  /** READY=1, RELOADING=1, STOPPING=1; a sign of life; what a watchdog does that has expired; a good run. */
  | { readonly kind: 'ready' | 'reloading' | 'stopping' | 'sign' | 'trigger' | 'resetStreak' }
  /** One line for people. */
  | { readonly kind: 'text'; readonly text: Bytes }
  /** A new interval of the watchdog, 0 for none; or how long the present deadline may still last. */
  | { readonly kind: 'watchdog' | 'extend'; readonly ms: number }
  | { readonly kind: 'mainPid'; readonly pid: number };

/** What follows in a message is ignored. */
export const NOTIFY_MAX = 4096;
export const NOTIFY_TEXT_MAX = 256;
/** Nearly 25 days: the longest that poll can wait. */
const MOST_MS = 2_147_483_647;
const MOST_PID = 4_194_304;
const USEC_PER_MS = 1000;

type Reader = (value: Bytes) => NotifyEvent | null;

const flag =
  (kind: 'ready' | 'reloading' | 'stopping' | 'resetStreak'): Reader =>
  (value) =>
    value === '1' ? { kind } : null;

/** Rounded up; longer ones are as long as possible. */
const span =
  (kind: 'watchdog' | 'extend'): Reader =>
  (value) => {
    const usec = /^\d{1,20}$/.test(value) ? Number(value) : null;
    return usec === null ? null : { kind, ms: Math.min(MOST_MS, Math.ceil(usec / USEC_PER_MS)) };
  };

const WATCHDOG: Readonly<Record<Bytes, 'sign' | 'trigger'>> = { '1': 'sign', trigger: 'trigger' };

const READERS: ReadonlyMap<Bytes, Reader> = new Map<Bytes, Reader>([
  ['READY', flag('ready')],
  ['RELOADING', flag('reloading')],
  ['STOPPING', flag('stopping')],
  ['RESTART_RESET', flag('resetStreak')],
  ['STATUS', (value) => ({ kind: 'text', text: plainText(value, NOTIFY_TEXT_MAX) })],
  ['WATCHDOG', (value) => (Object.hasOwn(WATCHDOG, value) ? { kind: WATCHDOG[value] as 'sign' | 'trigger' } : null)],
  ['WATCHDOG_USEC', span('watchdog')],
  ['EXTEND_TIMEOUT_USEC', span('extend')],
  [
    'MAINPID',
    (value) => {
      const pid = wholeNumber(value, MOST_PID);
      return pid === null || pid === 0 ? null : { kind: 'mainPid', pid };
    },
  ],
]);

/** The lines of a message; of one that was cut, without the last, half of which may mean something else. */
const linesOf = (message: Bytes): readonly Bytes[] => {
  const lines = message.slice(0, NOTIFY_MAX).split('\n');
  const last = lines.at(-1);
  return message.length <= NOTIFY_MAX || last?.startsWith('STATUS=') ? lines : lines.slice(0, -1);
};

/** What a message says. */
export const decodeNotify = (message: Bytes): readonly NotifyEvent[] =>
  linesOf(message).flatMap((line) => {
    const at = line.indexOf('=');
    return READERS.get(line.slice(0, Math.max(0, at)))?.(line.slice(at + 1)) ?? [];
  });
