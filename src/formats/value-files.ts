// The value files by name, each with its reader: for `sv lint`, which looks at all of them.
//
// Read first: values.ts.
import type { Bytes } from '../abi/bytes.ts';
import { isParseError } from './parse-error.ts';
import {
  parseDelay,
  parseDescriptor,
  parseInterval,
  parseLimit,
  parseRestart,
  parseSignal,
  parseTimeout,
} from './values.ts';

const READERS: Readonly<Record<string, (text: Bytes) => unknown>> = {
  'check-interval': parseInterval,
  'down-signal': parseSignal,
  'notification-fd': parseDescriptor,
  'reload-signal': parseSignal,
  restart: parseRestart,
  'restart-delay': parseDelay,
  'restart-limit': parseLimit,
  'timeout-finish': parseTimeout,
  'timeout-kill': parseTimeout,
  'timeout-up': parseTimeout,
  'timeout-watchdog': parseTimeout,
};

export const VALUE_FILES: readonly Bytes[] = Object.keys(READERS);

/** What is wrong with the value of one of VALUE_FILES; null: nothing. */
export const faultIn = (file: Bytes, text: Bytes): Bytes | null => {
  const value = READERS[file]?.(text);
  return isParseError(value) ? value.wrong : null;
};
